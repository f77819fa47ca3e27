//! Requests to one call: its permit, its legs, the conversation and its end. A request may be refused.

use super::correction::Correction;
use super::end_cause::EndCause;
use super::event::{EndReason, Notice};
use crate::calling_plan::FlowRef;
use crate::compliance::{CustomerGrant, NumberGrant};
use crate::disposition::Outcome;
use crate::ids::CallId;
use crate::ports::line::{AnsweredDialog, LegFailure};
use crate::ports::recording::RecordingFacts;
use crate::time::Timestamp;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CallCommand {
    /// Begins the stream with both grants. `callee` is E.164.
    Permit {
        call: CallId,
        attempt: u32,
        callee: String,
        customer_grant: Box<CustomerGrant>,
        number_grant: Box<NumberGrant>,
        flow: FlowRef,
    },
    /// Leg `leg` is about to be dialed. Leg 1 is refused after the grants' `valid_until`, a further one
    /// unless the leg before failed definitely, in time, and nothing was withdrawn.
    Dial {
        leg: u8,
        trunk: String,
        sip_call_id: String,
        local: String,
        caller: Option<String>,
        hold_off_ms: u64,
    },
    NoteRinging {
        leg: u8,
        sip_code: u16,
        early_media: bool,
    },
    FailLeg {
        leg: u8,
        failure: LegFailure,
    },
    Answer {
        leg: u8,
        dialog: AnsweredDialog,
    },
    NoteNoticePlayed {
        leg: u8,
        notice: Notice,
        /// How long the recording was when its last frame had been sent.
        recorded_ms: Option<u64>,
    },
    EnterNode {
        node: String,
    },
    NoteKeypress {
        leg: u8,
        node: String,
        digit: char,
    },
    RequestTransfer {
        node: String,
    },
    RequestCancel {
        leg: u8,
        reason: EndReason,
    },
    RequestHangup {
        leg: u8,
        reason: EndReason,
    },
    /// A permitted call that was never dialed ends as `withdrawn`. Refused once `call.dialing` exists.
    Withdraw {
        reason: EndReason,
    },
    /// Ends the call. The decider derives the disposition from what its stream says (`call::progress`).
    End(CallEnding),
    NoteLateAnswer {
        leg: u8,
        dialog: AnsweredDialog,
    },
    /// How the call ended was recorded wrongly. Refused before `call.ended`.
    Correct(Correction),
}

/// What is known when a call ends, beyond its own stream.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CallEnding {
    pub reason: Option<EndReason>,
    /// How the conversation ended, if it got that far.
    pub outcome: Option<Outcome>,
    /// False when not one packet came from the callee (false answer supervision).
    pub heard_rtp: bool,
    pub reason_header: Option<String>,
    pub q850: Option<u16>,
    pub recording: Option<RecordingFacts>,
    /// When the line heard or sent the BYE: talk time ends there, not when the recording has been hashed.
    pub hung_up_at: Option<Timestamp>,
    /// What brought it to its end, where neither the callee nor the carrier did.
    pub cause: Option<EndCause>,
}
