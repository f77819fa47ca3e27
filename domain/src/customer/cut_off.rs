//! Orders of a user for a customer that we cut off in a conversation: a call back sooner than the policy
//! says, or no further call. Neither is a permit: the next dial checks every rule and cap.

use super::call_now;
use super::command::ForbiddingRule;
use super::decider_support::{DecideResult, check_not_erased, settle_by_rule};
use super::enrolment::{EnrolmentState, LastCall};
use super::event::CustomerEvent;
use super::refusal::CustomerRefusal;
use super::state::CustomerState;
use crate::time::Timestamp;
use std::collections::BTreeMap;
use values::disposition::Disposition;
use values::ids::CampaignId;

/// The id stored as rule for an enrolment that a user settled after a cut-off.
pub const CUT_OFF_SETTLED: &str = "cut_off_settled";

impl EnrolmentState {
    /// Returns the enrolment's last call if the callee had answered it, also late, and we ended it; `None`
    /// otherwise.
    pub fn cut_off(&self) -> Option<LastCall> {
        let late = self.late_answer.as_ref().map(|late| late.call);
        self.last
            .filter(|last| last.is_cut_off() || late == Some(last.call))
    }
}

impl LastCall {
    /// Returns true if the callee had answered and a crash or stop on our side ended the call.
    pub fn is_cut_off(&self) -> bool {
        self.answered && self.disposition == Disposition::Interrupted
    }
}

pub(super) fn call_back(
    state: &CustomerState,
    campaign: CampaignId,
    by: Option<String>,
    now: Timestamp,
) -> DecideResult {
    check_not_erased(state)?;
    let (enrolment, last) = open_and_cut_off(state, &campaign)?;
    if enrolment.due_at <= now {
        return Ok(Vec::new());
    }
    call_now::no_callback(enrolment, &campaign)?;
    Ok(vec![CustomerEvent::CallBackOrdered {
        campaign,
        call: last.call,
        due_at: now,
        by,
    }])
}

pub(super) fn settle(
    state: &CustomerState,
    campaign: CampaignId,
    reason: String,
    by: Option<String>,
) -> DecideResult {
    let (enrolment, _) = open_and_cut_off(state, &campaign)?;
    let mut facts = BTreeMap::from([("reason".to_owned(), reason)]);
    facts.extend(by.map(|by| ("by".to_owned(), by)));
    let rule = CUT_OFF_SETTLED.to_owned();
    Ok(settle_by_rule(
        &campaign,
        enrolment,
        ForbiddingRule { rule, facts },
    ))
}

/// Returns the enrolment and its last call if we cut that call off. Refused if we did not, if the enrolment
/// is settled, or if a call is granted.
fn open_and_cut_off<'a>(
    state: &'a CustomerState,
    campaign: &CampaignId,
) -> Result<(&'a EnrolmentState, LastCall), CustomerRefusal> {
    let campaign = || campaign.clone();
    let enrolment = state
        .enrolment(&campaign())
        .ok_or_else(|| CustomerRefusal::NotEnrolled { campaign: campaign() })?;
    let last = enrolment
        .cut_off()
        .ok_or_else(|| CustomerRefusal::NotCutOff { campaign: campaign() })?;
    if let Some(settled) = enrolment.settled {
        return Err(CustomerRefusal::Settled {
            campaign: campaign(),
            disposition: settled.disposition,
        });
    }
    if let Some(call) = enrolment.open {
        return Err(CustomerRefusal::AlreadyGranted { call });
    }
    Ok((enrolment, last))
}
