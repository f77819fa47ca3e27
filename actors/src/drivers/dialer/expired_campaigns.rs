//! Settles enrolments that still wait after the end of their campaign, also while it is paused.

use super::ROUND_MS;
use super::due_enrolments::{DUE_ROWS_MAX, due_now, enrolment};
use super::round::AGAIN_MS;
use crate::drivers::driver_context::DriverContext;
use domain::calling_plan::CampaignFacts;
use domain::campaign::CampaignStatus;
use domain::customer::command::CustomerCommand;
use domain::customer::event::CustomerEvent;
use domain::ports::worklist::{CampaignWork, DueEnrolment, WorklistError};
use domain::time::Timestamp;

/// How long an enrolment that did not settle is held before it is asked again, in milliseconds.
const HOLD_MS: u64 = 60_000;

/// Settles the due enrolments of a paused campaign that is past its end: it cannot be resumed, so they
/// would wait for ever. Returns when to look again; `None` for any other campaign.
pub(crate) async fn settle_paused(
    kit: &DriverContext,
    work: &CampaignWork,
) -> Result<Option<Timestamp>, WorklistError> {
    if work.running || work.next_due_at.is_none() || kit.is_draining() {
        return Ok(None);
    }
    let now = kit.now();
    let Ok(loaded) = kit.state(&kit.system.campaigns, &work.campaign).await else {
        return Ok(Some(now.plus_ms(AGAIN_MS)));
    };
    let paused = loaded.state.status() == Some(CampaignStatus::Paused);
    let facts = loaded.state.facts(work.campaign.clone()).filter(|_| paused);
    let Some((facts, ends_at)) = facts.and_then(|facts| facts.plan.ends_at.map(|at| (facts, at))) else {
        return Ok(None);
    };
    if now < ends_at {
        return Ok(Some(ends_at));
    }
    let due = due_now(kit, &work.campaign, now, DUE_ROWS_MAX).await?;
    if due.is_empty() {
        // All due enrolments are held.
        return Ok(Some(now.plus_ms(AGAIN_MS)));
    }
    settle(kit, due, &facts).await;
    Ok(Some(now.plus_ms(ROUND_MS)))
}

/// Returns true if the campaign's end has passed. Its due enrolments can then only be settled.
pub(super) fn is_past_end(facts: &CampaignFacts, now: Timestamp) -> bool {
    facts.plan.ends_at.is_some_and(|ends_at| ends_at <= now)
}

/// Asks each customer for a grant without a batch: the customer's rules refuse it, because the campaign has
/// ended, and settle the enrolment.
pub(super) async fn settle(kit: &DriverContext, due: Vec<DueEnrolment>, facts: &CampaignFacts) {
    for one in due {
        let command = CustomerCommand::GrantDial {
            customer: one.customer.clone(),
            facts: Box::new(facts.clone()),
            joined: Vec::new(),
        };
        let asked = kit
            .ask(&kit.system.customers, &one.customer, command, kit.fresh_cause())
            .await;
        let settled = |event: &CustomerEvent| matches!(event, CustomerEvent::EnrolmentSettled { .. });
        if !asked.is_ok_and(|answer| answer.events.iter().any(settled)) {
            let now = kit.now();
            kit.live.hold(&enrolment(&one), now.plus_ms(HOLD_MS), now);
            // If the answer was a grant against all rules, the watchdog gives it back.
            kit.cut_off.notify_one();
        }
    }
}
