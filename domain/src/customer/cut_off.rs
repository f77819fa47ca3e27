//! Whom we cut off in the middle of a conversation, and what a person may order for them: a call back
//! sooner than the policy says, or none at all. Neither is a permit: the next dial asks every rule and cap.

use super::answering::{Decided, not_erased, settled_by};
use super::call_now;
use super::command::ForbiddenBy;
use super::enrolment::{EnrolmentState, LastCall};
use super::event::CustomerEvent;
use super::refusal::CustomerRefusal;
use super::state::CustomerState;
use crate::time::Timestamp;
use std::collections::BTreeMap;
use values::disposition::Disposition;
use values::ids::CampaignId;

/// The stored rule of an enrolment that a person settled after it was cut off.
pub const CUT_OFF_SETTLED: &str = "cut_off_settled";

impl EnrolmentState {
    /// The last call, where the callee had answered it and we ended it; an answer may have come late.
    pub fn cut_off(&self) -> Option<LastCall> {
        let late = self.late_answer.as_ref().map(|late| late.call);
        self.last
            .filter(|last| last.is_cut_off() || late == Some(last.call))
    }
}

impl LastCall {
    /// Somebody had answered, and we ended it by a crash or a stop of ours.
    pub fn is_cut_off(&self) -> bool {
        self.answered && self.disposition == Disposition::Interrupted
    }
}

pub(super) fn call_back(
    state: &CustomerState,
    campaign: CampaignId,
    by: Option<String>,
    now: Timestamp,
) -> Decided {
    not_erased(state)?;
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
) -> Decided {
    let (enrolment, _) = open_and_cut_off(state, &campaign)?;
    let mut facts = BTreeMap::from([("reason".to_owned(), reason)]);
    facts.extend(by.map(|by| ("by".to_owned(), by)));
    let rule = CUT_OFF_SETTLED.to_owned();
    Ok(settled_by(&campaign, enrolment, ForbiddenBy { rule, facts }))
}

/// The enrolment whose last call we cut off; refused where it is settled, or already being called again.
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
