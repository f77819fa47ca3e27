//! The order of `ledgerline-bench dial-decision --values N`: which of a million waiting people is read first,
//! as the dialer reads them.

use domain::best_times::BetterHourGroups;
use domain::campaign::CampaignState;
use domain::compliance::zone_of_campaign;
use domain::ids::CampaignId;
use domain::ports::worklist::{DueEnrolment, Worklist as _, WorklistError};
use domain::problem::Problem;
use domain::ranking::{CallValue, EnrolmentRanking, Order, PriorityPlan};
use domain::time::Timestamp;
use projections::SqlWorklist;
use serde_json::json;
use std::collections::BTreeMap;

/// Target of a decision: the 99th percentile in milliseconds, at most.
pub(crate) const DECISION_P99_MS_MAX: f64 = 1.0;

/// Target: the most memory of one waiting person, in bytes.
pub(crate) const WAITING_BYTES_MAX: f64 = 200.0;

/// The rows that a dialer reads if it has room for one call: one more, to know whether more people are
/// waiting.
const POPPED: usize = 2;

/// Returns the person that the campaign calls next, and the one after, as the dialer reads them; fewer if
/// fewer are due.
pub(crate) async fn pop(
    worklist: &SqlWorklist,
    campaign: &CampaignId,
    state: &CampaignState,
    now: Timestamp,
) -> Result<Vec<DueEnrolment>, WorklistError> {
    let plan = state.plan();
    let Some((plan, priority)) = plan.and_then(|plan| Some((plan, plan.priority.as_deref()?))) else {
        return worklist.due(campaign, now, POPPED).await;
    };
    let order = Order {
        plan: priority,
        zone: zone_of_campaign(plan.preset),
        now,
        ahead: BetterHourGroups::default(),
    };
    let ranked = worklist
        .due_ranked(campaign, &order.rungs(0), now, POPPED)
        .await?;
    let ranked = ranked.into_iter().map(|one| (one.standing, one.due));
    Ok(order.first(ranked.collect(), POPPED))
}

/// Returns an order of calls by a tag with so many values, each of another rank; `None` for 0.
pub(crate) fn priority(values: u8) -> Result<Option<Box<PriorityPlan>>, Problem> {
    if values == 0 {
        return Ok(None);
    }
    let words: BTreeMap<String, u8> = (0..values)
        .map(|value| (format!("grade-{value}"), value))
        .collect();
    let plan = json!({ "by": { "tags": { "values": words } }, "golden_hours": [["10:00", "12:00"]] });
    let plan = serde_json::from_value(plan).map_err(|error| Problem::fault(error.to_string()))?;
    Ok(Some(Box::new(plan)))
}

pub(crate) fn build_placing(values: u8, nth: u64) -> Option<Box<EnrolmentRanking>> {
    let value = nth.checked_rem(u64::from(values))?;
    let value = u8::try_from(value)
        .ok()
        .and_then(|value| CallValue::try_from(value).ok());
    Some(Box::new(EnrolmentRanking {
        value,
        times_group: None,
    }))
}
