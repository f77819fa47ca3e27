//! Quotas of a campaign: a batch reserves places, which are counted or released when the calls have ended.

use super::event::CampaignEvent;
use super::refusal::CampaignRefusal;
use super::state::CampaignState;
use crate::quota::{QuotaEnd, QuotaPerson, QuotaReservation};
use crate::time::Timestamp;

/// Returns how many of the wanted dials the campaign's quotas permit to the due customers, in order, and
/// the quota places reserved for them. Without quotas all wanted and no places; refused with `QuotasFull`
/// if none.
pub(super) fn reserve_places(
    state: &CampaignState,
    wanted: u32,
    people: &[QuotaPerson],
    now: Timestamp,
) -> Result<(u32, Vec<QuotaReservation>), CampaignRefusal> {
    if wanted == 0 || state.quotas().quotas().is_empty() {
        return Ok((wanted, Vec::new()));
    }
    match state.quotas().take(wanted, people, now) {
        (0, _) => Err(CampaignRefusal::QuotasFull),
        taken => Ok(taken),
    }
}

/// Records which reserved quota places were counted or released when their calls ended. Places that are not
/// reserved are ignored.
pub(super) fn count(
    state: &CampaignState,
    mut ended: Vec<QuotaEnd>,
) -> Result<Vec<CampaignEvent>, CampaignRefusal> {
    ended.retain(|end| state.quotas().has_place(&end.customer, end.attempt));
    match ended.is_empty() {
        true => Ok(Vec::new()),
        false => Ok(vec![CampaignEvent::QuotaCounted { ended }]),
    }
}
