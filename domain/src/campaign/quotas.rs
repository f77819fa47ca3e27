//! Quotas of a campaign: a batch reserves places, which are counted or released when the calls have ended.

use super::event::CampaignEvent;
use super::refusal::CampaignRefusal;
use super::state::CampaignState;
use crate::quota::{QuotaEnd, QuotaPerson, QuotaReservation};
use crate::time::Timestamp;

/// Returns how many dials may be granted to the due customers, in order, and which places they reserve.
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

/// Records the results of places. A place that is not reserved, or was settled before, changes nothing.
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
