//! The state of one leg of a call: the fold of the call's events about it.

use super::event::{CallEvent, EndReason};
use super::progress::{DispositionEffect, derive_failure_disposition};
use crate::ports::line::{AnsweredDialog, LegFailure};
use crate::time::Timestamp;

/// The facts about one leg of a call, from the call's events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LegState {
    pub leg: u8,
    pub trunk: String,
    pub sip_call_id: String,
    pub local: String,
    pub caller: Option<String>,
    pub hold_off_ms: u64,
    pub dialing_at: Timestamp,
    pub rang: bool,
    pub failure: Option<LegFailure>,
    /// The dialog of the answer, if the leg was answered in time.
    pub answered: Option<AnsweredDialog>,
    /// The dialog of a 2xx that came after we had given up.
    pub late_answered: Option<AnsweredDialog>,
    pub cancel_requested: Option<EndReason>,
    pub hangup_requested: Option<EndReason>,
}

impl LegState {
    /// Returns the disposition of the leg's failure and what follows from it, by the table of call
    /// progress; `None` if the leg has not failed.
    pub fn disposed(&self) -> Option<DispositionEffect> {
        self.failure.as_ref().map(derive_failure_disposition)
    }

    pub(super) fn begun(event: &CallEvent, at: Timestamp) -> Option<Self> {
        if let CallEvent::Dialing {
            leg,
            trunk,
            sip_call_id,
            local,
            caller,
            hold_off_ms,
        } = event
        {
            return Some(Self {
                leg: *leg,
                trunk: trunk.clone(),
                sip_call_id: sip_call_id.clone(),
                local: local.clone(),
                caller: caller.clone(),
                hold_off_ms: *hold_off_ms,
                dialing_at: at,
                rang: false,
                failure: None,
                answered: None,
                late_answered: None,
                cancel_requested: None,
                hangup_requested: None,
            });
        }
        None
    }
}
