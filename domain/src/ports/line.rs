//! The Line port: a trunk or simulated line that places legs. A line dials only with a permit.
//!
//! A leg is one SIP-like dialog with at most one INVITE transaction. Its identity is derived from the call,
//! the leg's number and the installation's secret (`call::LegIdentity`). So a restarted process can end a leg
//! that it finds open, and can never start it again.

use super::recognizer::HeardAudio;
use super::recording::RecordingFacts;
use super::speech::Clip;
use crate::call::end_cause::EndCause;
use crate::call::key_path::KeyPath;
use crate::call::leg_identity::LegIdentity;
use crate::caller_number::CallerNumber;
use crate::compliance::DialPermit;
use crate::realm::{Real, Realm};
use crate::time::Timestamp;
use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use values::ids::CallId;

/// The properties of a line (trunk): names, limits and timeouts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LineFacts {
    /// The trunk's name, as stored in `call.dialing`.
    pub name: String,
    /// Our sent-by `host:port`, kept over restarts; stored in `call.dialing` as `local`.
    pub local: String,
    /// True if the far end is a loopback address: a rehearsal, not the public network.
    pub loopback: bool,
    /// The most legs at once.
    pub legs_max: u32,
    /// The most new legs per second.
    pub dials_per_second: u32,
    /// The longest ringing before we give up, in milliseconds from the first 18x.
    pub ring_timeout_ms: u64,
    /// The longest wait for the first response to the INVITE, in milliseconds.
    pub first_response_ms: u64,
    /// An interrupted call's enrolment is not due again until this many milliseconds after `call.dialing`.
    pub hold_off_ms: u64,
    /// The caller numbers that may be shown; the dialer rotates them. Empty on a loopback trunk.
    pub caller_numbers: Vec<CallerNumber>,
    /// The most calls at once that show the same caller number; `None`: only the limit of legs applies.
    pub calls_per_number_max: Option<u32>,
}

/// The data of one dial: which leg, which numbers. The permit says that the call may be dialed; this says
/// how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DialOrder {
    pub call: CallId,
    /// The leg's number, from 1; the second and third only after a definite failure of the one before.
    pub leg: u8,
    /// The leg's SIP names; its Call-ID is stored in `call.dialing`.
    pub identity: LegIdentity,
    /// The number to dial, E.164 with `+`, from `call.permitted`.
    pub callee: String,
    /// The caller number shown, E.164 or the trunk's own form; `None` on a loopback trunk.
    pub caller: Option<String>,
    /// Overrides the line's ring timeout if set.
    pub ring_timeout_ms: Option<u64>,
}

/// The reasons why a line did not accept an order, or why a request to a leg failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LineError {
    #[error("the permit is for call {permitted}, not for call {ordered}")]
    PermitMismatch { permitted: CallId, ordered: CallId },
    #[error("the line has no free leg")]
    Busy,
    /// The call must be recorded and the recording cannot be prepared, so the call must not be dialed.
    #[error("the recording cannot be prepared: {0}")]
    NoRecording(String),
    #[error("this machine cannot run a leg: {}", .0.label_en())]
    Lacks(EndCause),
    #[error("the line is unavailable: {0}")]
    Unavailable(String),
    /// The time up to which the compliance rules were judged has passed; nothing left this machine.
    #[error("the INVITE was not sent by {0}, the latest time that the permit allows")]
    TooLate(Timestamp),
    #[error("the leg has ended")]
    Ended,
    #[error("invalid order: {0}")]
    Invalid(String),
}

/// How a leg failed before it was answered. The raw values are stored permanently; `call::progress`
/// interprets them.
#[derive(
    Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, schemars::JsonSchema, derive::EventMembers,
)]
#[open(sip_code, reason_header, q850, after_ms, retry_after_s)]
pub struct LegFailure {
    /// Final SIP status, if one was received.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sip_code: Option<u16>,
    /// The `Reason` header as received (RFC 3326).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason_header: Option<String>,
    /// Q.850 cause from the Reason header.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub q850: Option<u16>,
    pub cause: FailureCause,
    /// True after a final response, an ICMP error or a refused connection; never after silence.
    pub definite: bool,
    /// True if an 18x had been received before.
    pub rang: bool,
    /// Milliseconds from the INVITE to the failure.
    pub after_ms: u64,
    /// Seconds from `Retry-After`, if it was received.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after_s: Option<u32>,
    /// The resource that this machine lacked, if nothing left it: the failure says nothing about the trunk.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lack: Option<EndCause>,
}

/// What ended a leg that was not answered.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Default,
    Serialize,
    Deserialize,
    schemars::JsonSchema,
    derive::EventMembers,
)]
#[serde(rename_all = "snake_case")]
pub enum FailureCause {
    /// A final response from the far end.
    #[default]
    Response,
    /// We cancelled: by ring timeout or on request. The 487 (or nothing) that followed is in `sip_code`.
    Cancelled,
    /// No response at all within the first-response limit.
    NoResponse,
    /// Only a 100 was received.
    OnlyTrying,
    /// ICMP port unreachable or a refused connection.
    Refused,
    /// Our own socket or address failed; nothing left the machine.
    Local,
}

/// The SIP dialog that an answer established. It is stored in `call.answered` so that a restarted process
/// can hang up. In the stored form `{callee:N}` replaces the last N digits of the number called
/// (`call::dialog_with_callee`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema, derive::EventMembers)]
#[open(to_tag, remote_target, route_set, cseq)]
pub struct AnsweredDialog {
    pub to_tag: String,
    pub remote_target: String,
    /// The route set in the order in which it is sent, as raw header values.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub route_set: Vec<String>,
    /// CSeq of the INVITE that was answered (2 after a digest challenge).
    pub cseq: u32,
    /// How keypresses can arrive; empty: not at all. Absent: unknown, as in `call.answered` before version 2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_paths: Option<Vec<KeyPath>>,
}

impl AnsweredDialog {
    /// Returns true if it is known that keypresses of the callee cannot arrive; false also if the key paths
    /// are unknown.
    pub fn has_no_key_path(&self) -> bool {
        self.key_paths.as_ref().is_some_and(Vec::is_empty)
    }
}

/// The party or fault that ended an answered leg.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HangupSource {
    Callee,
    Robot,
    /// RTP stopped, or the session could not be kept.
    Media(EndCause),
}

/// The longest time from a 2xx to `Leg::acknowledge`; after it the line itself sends ACK and BYE. A far end
/// repeats its 2xx for 32 s (RFC 3261, 13.3.1.4), but a callee who hears nothing hangs up earlier.
pub const ACKNOWLEDGE_MS_MAX: u64 = 4_000;

/// How long an unanswered leg that a crash left open is watched: as long as a far end repeats a 2xx without
/// an ACK (64 x T1; RFC 3261, 13.3.1.4).
pub const LEFT_OVER_WATCH_MS: u64 = 32_000;

/// An event of a leg, from ringing to its end. Events come in order; none follows `Closed`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LegEvent {
    /// The first 18x (180/183/181); `early_media` if it carried SDP.
    Ringing { sip_code: u16, early_media: bool },
    /// The leg failed without an answer. `Closed` follows.
    Failed(LegFailure),
    /// A 2xx was received. ACK and audio wait for `Leg::acknowledge`.
    Answered(AnsweredDialog),
    /// A 2xx came after our CANCEL or after we gave up: ACK and BYE were sent. It may come after `Failed`.
    LateAnswered(AnsweredDialog),
    /// One RFC 4733 digit, `0-9*#A-D`, once per press.
    Keypress { digit: char },
    /// The clip queued as `play` was sent to its last frame. `recorded_ms`: length of the leg's recording
    /// with that frame, on the recording's own timeline.
    Played { play: u32, recorded_ms: u64 },
    /// `stop_playing` cut this clip after `played_ms` of it. Clips queued after it were not begun and get no
    /// event.
    PlayCut {
        play: u32,
        played_ms: u64,
        recorded_ms: u64,
    },
    /// The disk failed: from here on nothing is recorded. At most once.
    RecordingFailed,
    /// The answered leg ended. `heard_rtp`: at least one RTP packet came from the callee.
    HungUp {
        by: HangupSource,
        reason_header: Option<String>,
        q850: Option<u16>,
        heard_rtp: bool,
    },
    /// The leg is finished: sockets freed, recording closed and hashed.
    Closed(LegSummary),
}

/// The recording (if any) and the packet counts of a closed leg.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LegSummary {
    pub recording: Option<RecordingFacts>,
    pub rtp_sent_count: u64,
    pub rtp_received_count: u64,
    pub rtp_lost_count: u64,
}

/// What is needed to end a leg that a crash left open; read from its stored events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LegFacts {
    pub call: CallId,
    pub leg: u8,
    /// The SIP names that the leg was dialed with.
    pub identity: LegIdentity,
    /// Our sent-by `host:port`, from `local` of its `call.dialing`.
    pub local: String,
    pub callee: String,
    pub caller: Option<String>,
    /// The stored answer: then a BYE is sent, otherwise a CANCEL.
    pub answered: Option<AnsweredDialog>,
}

/// An event on a leg that a crash left open. Events come in order; none follows `Closed`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LeftOverEvent {
    /// The far end refused the INVITE: no 2xx is expected.
    Refused,
    /// A 2xx came, or a BYE of a callee who had answered: ACK and BYE were sent. At most once, and only for a
    /// leg without a stored answer.
    LateAnswered(AnsweredDialog),
    /// The BYE was answered or timed out, or no 2xx came for `LEFT_OVER_WATCH_MS`.
    Closed,
}

/// A leg that a crash left open, while the line ends it. Dropping this does not stop the requests to the far
/// end.
#[async_trait]
pub trait LeftOverLeg: Send {
    /// Returns the next event; waits for it. Cancel-safe.
    async fn next(&mut self) -> LeftOverEvent;
}

/// One leg. Dropping it hangs up or cancels without waiting; a 2xx gets its ACK either way.
#[async_trait]
pub trait Leg: Send {
    /// Returns the leg's next event; waits for it. Cancel-safe.
    async fn next(&mut self) -> LegEvent;
    /// Sends the ACK and starts audio both ways. Called once `call.answered` is durable. Answers `Ended` if
    /// it is too late or the callee hung up. `ACKNOWLEDGE_MS_MAX` after the 2xx the line sends ACK and BYE
    /// itself; `HungUp` with `EndCause::AnswerNotStored` and `Closed` follow.
    async fn acknowledge(&mut self) -> Result<(), LineError>;
    /// Queues a clip behind those that are playing or queued; `play` is its number in `Played` and
    /// `PlayCut`.
    async fn play(&mut self, play: u32, clip: Arc<Clip>) -> Result<(), LineError>;
    /// Stops the clip that is playing within one packet and drops the queued clips. `PlayCut` follows for
    /// the playing clip, and no `Played` for any of them.
    async fn stop_playing(&mut self) -> Result<(), LineError>;
    /// Starts recording the callee's channel. Called once `call.notice_played` is stored. The recording
    /// itself begins at the answer, with the robot's channel from the first packet.
    async fn record_callee(&mut self) -> Result<(), LineError>;
    /// Returns the callee's audio from now on, also before `record_callee`. One listener at a time: a new one
    /// replaces the previous one, which then ends.
    async fn listen(&mut self) -> Result<Box<dyn HeardAudio>, LineError> {
        Err(LineError::Invalid(
            "this line does not deliver the callee's audio".to_owned(),
        ))
    }
    /// Cancels a leg that is not answered; `Failed` (or `LateAnswered`) follows.
    async fn cancel(&mut self) -> Result<(), LineError>;
    /// Ends an answered leg; `HungUp` and `Closed` follow.
    async fn hang_up(&mut self) -> Result<(), LineError>;
}

/// The result of probing a trunk's far end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProbeAnswer {
    /// Any response but 503: a SIP server answers there.
    Alive,
    /// No response in time, a 503, or a closed port.
    Dead,
}

/// A trunk or simulated line that can place legs. It takes permits of one realm only.
#[async_trait]
pub trait Line<R: Realm = Real>: Send + Sync {
    fn facts(&self) -> LineFacts;

    /// Asks the far end whether it is reachable; no phone rings. `None`: this line is not probed.
    async fn probe(&self) -> Option<ProbeAnswer> {
        None
    }

    /// Reserves the resources for the leg's recording, before `call.dialing` is stored. `NoRecording` if they
    /// are not available. A line that records nothing reserves nothing.
    async fn reserve(&self, _call: CallId, _leg: u8) -> Result<(), LineError> {
        Ok(())
    }

    /// Releases the resources that `reserve` took for a leg that is not dialed after all.
    fn release(&self, _call: CallId, _leg: u8) {}

    /// Sends the one INVITE of this leg, no later than the permit's limit. If that has passed when the INVITE
    /// would leave, the answer is `TooLate` or the leg fails. `call.dialing` is already stored. The permit is
    /// consumed.
    async fn dial(&self, permit: DialPermit<R>, order: DialOrder) -> Result<Box<dyn Leg>, LineError>;

    /// Ends a leg that a crash left open: with a BYE if it was answered, else with a CANCEL. A leg without an
    /// answer is watched for `LEFT_OVER_WATCH_MS`, however its CANCEL is answered: every copy of a 2xx gets
    /// an ACK, and one BYE ends the leg. Never sends an INVITE.
    async fn end_left_over(&self, facts: LegFacts) -> Result<Box<dyn LeftOverLeg>, LineError>;

    /// Returns the resource that this machine currently lacks for one more leg; `None` if it lacks none.
    /// Called before `call.dialing` is stored, so that no customer loses an attempt to it.
    fn lack(&self) -> Option<EndCause> {
        None
    }
}
