//! Quotas of a campaign: places are taken with a batch, and counted or given back when calls have ended.

use super::event::CampaignEvent;
use super::refusal::CampaignRefusal;
use super::state::CampaignState;
use crate::quota::{QuotaEnd, QuotaPerson, QuotaPlace};
use crate::time::Timestamp;

/// How many dials may be granted to those who are due, in their order, and whose places they take.
pub(super) fn held(
    state: &CampaignState,
    wanted: u32,
    people: &[QuotaPerson],
    now: Timestamp,
) -> Result<(u32, Vec<QuotaPlace>), CampaignRefusal> {
    if wanted == 0 || state.quotas().quotas().is_empty() {
        return Ok((wanted, Vec::new()));
    }
    match state.quotas().take(wanted, people, now) {
        (0, _) => Err(CampaignRefusal::QuotasFull),
        taken => Ok(taken),
    }
}

/// What came of places. One that is not taken, or was settled before, changes nothing.
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
