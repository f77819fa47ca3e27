//! The Line port: anything that can place a leg. A line dials only with a permit.
//!
//! A leg is one SIP-like dialog with at most one INVITE transaction. Its identity follows from the call, the
//! leg's number and the installation's secret (`call::LegIdentity`), so that a restarted process can end what
//! it finds open, but can never begin it again.

use super::recognizer::HeardAudio;
use super::recording::RecordingFacts;
use super::speech::Clip;
use crate::call::end_cause::EndCause;
use crate::call::key_path::KeyPath;
use crate::call::leg_identity::LegIdentity;
use crate::caller_number::CallerNumber;
use crate::compliance::DialPermit;
use crate::time::Timestamp;
use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use values::ids::CallId;

/// What a line says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LineFacts {
    /// The trunk's name, as stored in `call.dialing`.
    pub name: String,
    /// Our sent-by `host:port`, kept over restarts; stored in `call.dialing` as `local`.
    pub local: String,
    /// True when the far end is a loopback address: a rehearsal, not the public network.
    pub loopback: bool,
    /// Most legs at once.
    pub legs_max: u32,
    /// New legs per second.
    pub dials_per_second: u32,
    /// Longest ringing, from the first 18x, before we give up.
    pub ring_timeout_ms: u64,
    /// Longest wait for the first response to the INVITE.
    pub first_response_ms: u64,
    /// An interrupted call's enrolment is not due again before this has passed since `call.dialing`.
    pub hold_off_ms: u64,
    /// Numbers we may show; rotated by the dialer. Empty on a loopback trunk.
    pub caller_numbers: Vec<CallerNumber>,
    /// Most calls at once that show the same number; no bound but the legs unless it is said.
    pub calls_per_number_max: Option<u32>,
}

/// What to dial. The permit says that it may be dialed; the order says how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DialOrder {
    pub call: CallId,
    /// From 1; the second and third only after a definite failure of the one before.
    pub leg: u8,
    /// The leg's SIP names; its Call-ID stands in `call.dialing`.
    pub identity: LegIdentity,
    /// E.164 with `+`, from `call.permitted`.
    pub callee: String,
    /// The number shown, E.164 or the trunk's own form; `None` on a loopback trunk.
    pub caller: Option<String>,
    /// Overrides the line's own when set.
    pub ring_timeout_ms: Option<u64>,
}

/// Why a line did not take an order, or lost a leg it was asked about.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LineError {
    #[error("the permit is for call {permitted}, not for call {ordered}")]
    PermitMismatch { permitted: CallId, ordered: CallId },
    #[error("the line has no free leg")]
    Busy,
    /// The call must be recorded, and there is no place for that: it must not be dialed.
    #[error("the place of the recording cannot be taken: {0}")]
    NoRecording(String),
    #[error("this machine cannot run a leg: {}", .0.label_en())]
    Lacks(EndCause),
    #[error("the line is unavailable: {0}")]
    Unavailable(String),
    /// The rules were asked ahead until then; nothing left this machine.
    #[error("the last instant at which its INVITE might leave was {0}")]
    TooLate(Timestamp),
    #[error("the leg has ended")]
    Ended,
    #[error("invalid order: {0}")]
    Invalid(String),
}

/// How a leg failed before it was answered. Raw values, kept for ever; `call::progress` reads them.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, schemars::JsonSchema)]
pub struct LegFailure {
    /// Final SIP status, where one came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sip_code: Option<u16>,
    /// The `Reason` header as it came (RFC 3326).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason_header: Option<String>,
    /// Q.850 cause from the Reason header.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub q850: Option<u16>,
    pub cause: FailureCause,
    /// A final response, an ICMP error or a refused connection; never silence.
    pub definite: bool,
    /// A 18x had come before.
    pub rang: bool,
    /// From INVITE to failure.
    pub after_ms: u64,
    /// Seconds from `Retry-After`, where it came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after_s: Option<u32>,
    /// What this machine lacked, where nothing left it: it says nothing of the trunk.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lack: Option<EndCause>,
}

/// What ended the attempt locally or remotely.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FailureCause {
    /// A final response from the far end.
    #[default]
    Response,
    /// We cancelled: ring timeout, or asked to. The 487 (or nothing) that followed is in `sip_code`.
    Cancelled,
    /// No response at all within the first-response limit.
    NoResponse,
    /// Only 100, then nothing.
    OnlyTrying,
    /// ICMP port unreachable or a refused connection.
    Refused,
    /// Our own socket or address failed; nothing left the machine.
    Local,
}

/// What an answer established; stored in `call.answered` so that a restarted process can hang up. In the
/// stored form `{callee:N}` stands for the last N digits of the number called (`call::dialog_with_callee`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct AnsweredDialog {
    pub to_tag: String,
    pub remote_target: String,
    /// Route set in the order to send it, raw header values.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub route_set: Vec<String>,
    /// CSeq of the INVITE that was answered (2 after a digest challenge).
    pub cseq: u32,
    /// How keypresses can arrive; empty: in no way. Absent: unknown, as in `call.answered` before version 2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_paths: Option<Vec<KeyPath>>,
}

impl AnsweredDialog {
    /// True where the answer leaves no way for a key to arrive; false also where the ways are unknown.
    pub fn has_no_key_path(&self) -> bool {
        self.key_paths.as_ref().is_some_and(Vec::is_empty)
    }
}

/// Who ended an answered leg.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HungUpBy {
    Callee,
    Robot,
    /// RTP stopped, or the session could not be kept.
    Media(EndCause),
}

/// Longest time from a 2xx to `Leg::acknowledge`. Then the line itself sends ACK and BYE. A far end repeats
/// its 2xx for 32 s (RFC 3261, 13.3.1.4), but a callee who hears nothing for longer hangs up.
pub const ACKNOWLEDGE_MS_MAX: u64 = 4_000;

/// How long a leg that a crash left unanswered is watched: as long as a far end repeats a 2xx without an ACK
/// (64 x T1; RFC 3261, 13.3.1.4).
pub const LEFT_OVER_WATCH_MS: u64 = 32_000;

/// What happens on a leg, in order. After `Closed` nothing follows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LegEvent {
    /// First 18x (180/183/181); `early_media` when it carried SDP.
    Ringing { sip_code: u16, early_media: bool },
    /// Never answered. `Closed` follows.
    Failed(LegFailure),
    /// 2xx came. ACK and audio wait for `Leg::acknowledge`.
    Answered(AnsweredDialog),
    /// A 2xx came after our CANCEL or give-up: ACK and BYE were sent. It may come after `Failed`.
    LateAnswered(AnsweredDialog),
    /// One RFC 4733 digit, `0-9*#A-D`, once per press.
    Keypress { digit: char },
    /// The clip given to `play` as `play` has been sent to its last frame. `recorded_ms`: how long the leg's
    /// recording is with that frame, on the recording's own time.
    Played { play: u32, recorded_ms: u64 },
    /// `stop_playing` cut this clip after `played_ms` of it. Clips behind it were not begun and are not told.
    PlayCut {
        play: u32,
        played_ms: u64,
        recorded_ms: u64,
    },
    /// What is said from here on is not recorded: the disk failed. At most once.
    RecordingFailed,
    /// The answered leg ended. `heard_rtp`: at least one packet came from the callee.
    HungUp {
        by: HungUpBy,
        reason_header: Option<String>,
        q850: Option<u16>,
        heard_rtp: bool,
    },
    /// All is over: sockets freed, recording closed and hashed.
    Closed(LegSummary),
}

/// What remains of a leg when it has closed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LegSummary {
    pub recording: Option<RecordingFacts>,
    pub rtp_sent_count: u64,
    pub rtp_received_count: u64,
    pub rtp_lost_count: u64,
}

/// What is known of a leg that a crash left, from its events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LegFacts {
    pub call: CallId,
    pub leg: u8,
    /// The names it was dialed with.
    pub identity: LegIdentity,
    /// `local` of its `call.dialing`.
    pub local: String,
    pub callee: String,
    pub caller: Option<String>,
    /// Set when it was answered: BYE; otherwise CANCEL.
    pub answered: Option<AnsweredDialog>,
}

/// What happens on a leg that a crash left, in order. After `Closed` nothing follows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LeftOverEvent {
    /// The far end refused the INVITE: no 2xx is to be expected.
    Refused,
    /// A 2xx came, or a BYE of a callee who had answered: ACK and BYE were sent. At most once, and only for a
    /// leg without a stored answer.
    LateAnswered(AnsweredDialog),
    /// The BYE was answered or timed out, or no 2xx came for `LEFT_OVER_WATCH_MS`.
    Closed,
}

/// A leg that a crash left, while it is ended. Dropping it stops no request to the far end.
#[async_trait]
pub trait LeftOverLeg: Send {
    /// The next event; waits for it. Cancel-safe.
    async fn next(&mut self) -> LeftOverEvent;
}

/// One leg. Dropping it hangs up or cancels without waiting; a 2xx gets its ACK either way.
#[async_trait]
pub trait Leg: Send {
    /// The next event; waits for it. Cancel-safe.
    async fn next(&mut self) -> LegEvent;
    /// Sends the ACK and starts audio both ways; called once `call.answered` is durable. `Ended`: too late,
    /// or the callee hung up. `ACKNOWLEDGE_MS_MAX` after the 2xx the line sends ACK and BYE itself, and
    /// `HungUp` with `EndCause::AnswerNotStored` and `Closed` follow.
    async fn acknowledge(&mut self) -> Result<(), LineError>;
    /// Queues a clip behind what is playing; `play` names it in `Played`.
    async fn play(&mut self, play: u32, clip: Arc<Clip>) -> Result<(), LineError>;
    /// Drops what plays and what is queued within one packet; `PlayCut` follows for the clip that was
    /// playing, and no `Played` for any.
    async fn stop_playing(&mut self) -> Result<(), LineError>;
    /// Lets the callee's channel into the recording; called once `call.notice_played` is stored. The
    /// recording itself begins at answer, the robot's channel from the first packet.
    async fn record_callee(&mut self) -> Result<(), LineError>;
    /// Hands out what is heard from now on, also before `record_callee`. One listener at a time: who asks
    /// again takes the place of the one before, whose audio then ends.
    async fn listen(&mut self) -> Result<Box<dyn HeardAudio>, LineError> {
        Err(LineError::Invalid("this line hands out no sound".to_owned()))
    }
    /// Gives up an unanswered leg; `Failed` (or `LateAnswered`) follows.
    async fn cancel(&mut self) -> Result<(), LineError>;
    /// Ends an answered leg; `HungUp` and `Closed` follow.
    async fn hang_up(&mut self) -> Result<(), LineError>;
}

/// Whether a far end answered a probe.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProbeAnswer {
    /// Any response but 503: something there speaks our protocol.
    Alive,
    /// Nothing in time, 503, or a closed port.
    Dead,
}

/// Anything that can place a leg.
#[async_trait]
pub trait Line: Send + Sync {
    fn facts(&self) -> LineFacts;

    /// Asks the far end whether it is there; no phone rings. `None`: this line is not probed.
    async fn probe(&self) -> Option<ProbeAnswer> {
        None
    }

    /// Takes what the leg's recording will need, before `call.dialing` is stored; `NoRecording` where that is
    /// not to be had. A line that records nothing has nothing to take.
    async fn reserve(&self, _call: CallId, _leg: u8) -> Result<(), LineError> {
        Ok(())
    }

    /// Gives back what `reserve` took for a leg that is not dialed after all.
    fn release(&self, _call: CallId, _leg: u8) {}

    /// Sends the one INVITE of this leg, no later than the permit says: `TooLate`, or a leg that fails, where
    /// that has passed when it would leave. `call.dialing` is already stored. The permit is consumed.
    async fn dial(&self, permit: DialPermit, order: DialOrder) -> Result<Box<dyn Leg>, LineError>;

    /// Ends what a crash left: BYE when it was answered, else CANCEL. A leg without an answer is watched for
    /// `LEFT_OVER_WATCH_MS`, however its CANCEL is answered: every copy of a 2xx gets an ACK, and one BYE
    /// ends the leg. Never sends an INVITE.
    async fn end_left_over(&self, facts: LegFacts) -> Result<Box<dyn LeftOverLeg>, LineError>;

    /// What this machine lacks right now for one more leg. Asked before `call.dialing` is stored, so that
    /// nobody's attempt is spent on it.
    fn lack(&self) -> Option<EndCause> {
        None
    }
}
