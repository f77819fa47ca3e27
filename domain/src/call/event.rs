//! Facts about one call, in the order in which they can happen. Stored kinds and versions are added to and
//! never changed.

use super::end_cause::EndCause;
use super::finding::Finding;
use super::turn_fact::{
    BargedInFact, EngineFailedFact, HeardFact, SaidFact, SellerMessageFact, SensitiveWordFact, SilenceFact,
    UnderstandingFact,
};
use super::upcast;
use crate::assistant_facts::{AssistantAnsweredFact, AssistantAskedFact};
use crate::calling_plan::{FlowRef, Preset};
use crate::compliance::{CustomerGrant, NumberGrant};
use crate::offering::{ModelChosenFact, OfferChosenFact};
use crate::personal::Personal;
use crate::ports::line::{AnsweredDialog, LegFailure};
use crate::record::upcasting::Upcast;
use crate::spoken_turn::TurnDecision;
use serde::{Deserialize, Serialize};
use values::disposition::{Disposition, Outcome};
use values::ids::{EventId, UserId};
use values::key_rule::KeyRule;
use values::transfer_reason::TransferReason;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema, derive::EventData)]
#[serde(tag = "kind", content = "data")]
#[event(upcast = UPCASTS)]
pub enum CallEvent {
    /// Customer and number agreed to this call. Only this event holds the number dialed: `callee`, E.164.
    #[serde(rename = "call.permitted")]
    #[open(attempt)]
    Permitted {
        attempt: u32,
        callee: Personal<String>,
        customer_grant: Box<CustomerGrant>,
        number_grant: Box<NumberGrant>,
        flow: FlowRef,
    },
    /// A leg is about to be dialed. Stored before its INVITE leaves, once per leg.
    #[serde(rename = "call.dialing")]
    #[open(leg, trunk, sip_call_id, local, caller, hold_off_ms)]
    Dialing {
        leg: u8,
        trunk: String,
        sip_call_id: String,
        /// Our SIP sent-by, `host:port`.
        local: String,
        /// The caller number shown to the callee.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        caller: Option<String>,
        /// If the call is interrupted, its enrolment is not due again for this many milliseconds.
        hold_off_ms: u64,
    },
    #[serde(rename = "call.ringing")]
    #[open(leg, sip_code)]
    Ringing {
        leg: u8,
        sip_code: u16,
        early_media: bool,
    },
    #[serde(rename = "call.leg_failed")]
    #[open(leg)]
    LegFailed {
        leg: u8,
        #[serde(flatten)]
        failure: LegFailure,
    },
    #[serde(rename = "call.answered")]
    #[event(version = 2)]
    #[open(leg)]
    Answered {
        leg: u8,
        #[serde(flatten)]
        dialog: AnsweredDialog,
        /// The version of the rules for keypresses in this conversation. Absent: the first version.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        key_rule: Option<KeyRule>,
    },
    /// A notice was played to its last frame.
    #[serde(rename = "call.notice_played")]
    #[open(leg, recorded_ms)]
    NoticePlayed {
        leg: u8,
        notice: Notice,
        /// Length of the recording then, in ms: audio of the callee comes after it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        recorded_ms: Option<u64>,
    },
    /// The robot entered a node of the flow.
    #[serde(rename = "call.node_entered")]
    #[open(node)]
    NodeEntered { node: String },
    #[serde(rename = "call.keypressed")]
    #[open(leg, node)]
    Keypressed {
        leg: u8,
        node: String,
        digit: Personal<String>,
    },
    #[serde(rename = "call.heard")]
    Heard(HeardFact),
    #[serde(rename = "call.understood")]
    Understood(UnderstandingFact),
    /// A decision of the flow. Stored before the `call.node_entered` that follows from it.
    #[serde(rename = "call.decided")]
    Decided(TurnDecision),
    #[serde(rename = "call.said")]
    Said(SaidFact),
    #[serde(rename = "call.barged_in")]
    BargedIn(BargedInFact),
    #[serde(rename = "call.silence_timed_out")]
    SilenceTimedOut(SilenceFact),
    #[serde(rename = "call.sensitive_word_matched")]
    SensitiveWordMatched(SensitiveWordFact),
    #[serde(rename = "call.engine_failed")]
    EngineFailed(EngineFailedFact),
    /// A question to the assistant. Stored before it is sent to the external service.
    #[serde(rename = "call.assistant_asked")]
    AssistantAsked(AssistantAskedFact),
    #[serde(rename = "call.assistant_answered")]
    AssistantAnswered(AssistantAnsweredFact),
    /// The flow's offer that was chosen for the customer, and why. Stored before anything is said.
    #[serde(rename = "call.offer_chosen")]
    OfferChosen(Box<OfferChosenFact>),
    /// The model that understands this call, if the campaign has model tiers. Stored before anything is said.
    #[serde(rename = "call.model_chosen")]
    ModelChosen(ModelChosenFact),
    /// The flow transfers the call to an agent (MANUAL in the four-state view).
    #[serde(rename = "call.transfer_requested")]
    #[open(node)]
    TransferRequested {
        node: String,
        /// Reason of the transfer; absent in calls of builds that did not store it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<TransferReason>,
    },
    /// An agent took the answered call. Stored before the two hear one another; once per call.
    #[serde(rename = "call.agent_connected")]
    #[open(leg)]
    AgentConnected { leg: u8, agent: UserId },
    /// No agent was free for the callee, who heard the seller's name and number instead. Stored once the
    /// message ended or the callee hung up during it.
    #[serde(rename = "call.seller_message_played")]
    SellerMessagePlayed(SellerMessageFact),
    /// We give up an unanswered leg. Stored before CANCEL leaves.
    #[serde(rename = "call.cancel_requested")]
    #[open(leg)]
    CancelRequested { leg: u8, reason: EndReason },
    /// We end an answered leg. Stored before BYE leaves.
    #[serde(rename = "call.hangup_requested")]
    #[open(leg)]
    HangupRequested { leg: u8, reason: EndReason },
    /// A user or program ordered the end of the call, with or without an answer.
    #[serde(rename = "call.end_ordered")]
    #[open(reason)]
    EndOrdered {
        /// True: an answered call is hung up too. False: only a call that is not answered yet ends.
        hang_up: bool,
        reason: String,
    },
    /// The call ended. Exactly one per call.
    #[serde(rename = "call.ended")]
    #[open(
        disposition_version,
        talk_ms,
        sip_code,
        reason_header,
        q850,
        recording_sha256,
        recording_bytes,
        recording_ms,
        callee_audio_from_ms
    )]
    Ended {
        disposition: Disposition,
        /// Version of the table that derived the disposition.
        disposition_version: u32,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        outcome: Option<Outcome>,
        talk_ms: u64,
        /// True if the retry policy counts this call as an attempt.
        charged: bool,
        reason: EndReason,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        sip_code: Option<u16>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason_header: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        q850: Option<u16>,
        /// True if a 2xx crossed our CANCEL; that dialog was ended at once.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        late_answer: bool,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        recording_sha256: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        recording_bytes: Option<u64>,
        /// The technical cause of the end, if neither the callee nor the carrier ended the call.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        cause: Option<EndCause>,
        /// Length of the recording in ms; it begins at the answer. Absent in older events.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        recording_ms: Option<u64>,
        /// Offset in the recording at which the callee is first heard. Absent beside `recording_ms`: never
        /// heard.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        callee_audio_from_ms: Option<u64>,
    },
    /// A 2xx came after we had given up; ACK and BYE were sent. Allowed after `call.ended`.
    #[serde(rename = "call.late_answered")]
    #[open(leg)]
    LateAnswered {
        leg: u8,
        #[serde(flatten)]
        dialog: AnsweredDialog,
    },
    /// The recorded disposition or outcome was corrected. Follows `call.ended`; the last correction counts.
    #[serde(rename = "call.corrected")]
    #[open(reason, by)]
    Corrected {
        /// The `call.ended` or `call.corrected` that was wrong.
        corrects: EventId,
        before: Finding,
        after: Finding,
        reason: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<String>,
    },
    /// The recording was destroyed because its retention period was over. Follows `call.ended`.
    #[serde(rename = "call.recording_disposed")]
    #[open(disposal, days)]
    RecordingDisposed {
        /// Number of the disposal of recordings that included this call.
        disposal: u64,
        preset: Preset,
        /// The retention period, in days.
        days: u32,
    },
    /// The transcript's key was destroyed because its retention period was over. Follows `call.ended`.
    #[serde(rename = "call.transcript_disposed")]
    #[open(disposal, days)]
    TranscriptDisposed {
        /// Number of the disposal of transcripts that included this call.
        disposal: u64,
        preset: Preset,
        /// The retention period, in days.
        days: u32,
    },
}

/// A notice that is played to the callee: of the recording, or of the AI voice.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    schemars::JsonSchema,
    derive::EventMembers,
)]
#[serde(rename_all = "snake_case")]
pub enum Notice {
    Recording,
    Ai,
}

/// The reason why a call or one of its legs was ended.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema, derive::EventMembers,
)]
#[serde(rename_all = "snake_case")]
pub enum EndReason {
    /// The network or the callee refused or failed it.
    Network,
    RingTimeout,
    /// The callee hung up.
    CalleeHungUp,
    /// The flow reached its end.
    FlowEnded,
    /// RTP stopped, or the call exceeded its longest duration.
    MediaLost,
    OptedOut,
    CampaignPaused,
    CampaignStopped,
    /// The process is stopping.
    Drain,
    /// The watchdog closed a call that a crash left open.
    Crash,
    /// A grant expired before the call was dialed.
    GrantExpired,
    /// A component of ours failed: line, store or speech.
    Fault,
    /// A user engaged an emergency stop.
    EmergencyStop,
    /// A user or program ordered the end of this call.
    Requested,
    /// A person answered, and no agent was free within the limit.
    NoAgent,
    /// The agent ended the conversation.
    AgentHungUp,
}

/// The steps that read an old version of an event as the next version.
const UPCASTS: &[Upcast] = &[Upcast {
    kind: CallEvent::ANSWERED,
    from: 1,
    step: upcast::answered_to_2,
}];
