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
use crate::decider::{EventData, UnreadableEvent};
use crate::offering::{ModelChosenFact, OfferChosenFact};
use crate::personal::Personal;
use crate::ports::line::{AnsweredDialog, LegFailure};
use crate::record::upcasting::{Upcast, read_upcast};
use crate::spoken_turn::TurnDecision;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use values::disposition::{Disposition, Outcome};
use values::ids::{EventId, UserId};
use values::key_rule::KeyRule;
use values::transfer_reason::TransferReason;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(tag = "kind", content = "data")]
pub enum CallEvent {
    /// Customer and number agreed to this call. Only this event holds the number dialed: `callee`, E.164.
    #[serde(rename = "call.permitted")]
    Permitted {
        attempt: u32,
        callee: Personal<String>,
        customer_grant: Box<CustomerGrant>,
        number_grant: Box<NumberGrant>,
        flow: FlowRef,
    },
    /// A leg is about to be dialed. Stored before its INVITE leaves, once per leg.
    #[serde(rename = "call.dialing")]
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
    Ringing {
        leg: u8,
        sip_code: u16,
        early_media: bool,
    },
    #[serde(rename = "call.leg_failed")]
    LegFailed {
        leg: u8,
        #[serde(flatten)]
        failure: LegFailure,
    },
    #[serde(rename = "call.answered")]
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
    NoticePlayed {
        leg: u8,
        notice: Notice,
        /// Length of the recording then, in ms: audio of the callee comes after it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        recorded_ms: Option<u64>,
    },
    /// The robot entered a node of the flow.
    #[serde(rename = "call.node_entered")]
    NodeEntered { node: String },
    #[serde(rename = "call.keypressed")]
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
    TransferRequested {
        node: String,
        /// Reason of the transfer; absent in calls of builds that did not store it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<TransferReason>,
    },
    /// An agent took the answered call. Stored before the two hear one another; once per call.
    #[serde(rename = "call.agent_connected")]
    AgentConnected { leg: u8, agent: UserId },
    /// No agent was free for the callee, who heard the seller's name and number instead. Stored once the
    /// message ended or the callee hung up during it.
    #[serde(rename = "call.seller_message_played")]
    SellerMessagePlayed(SellerMessageFact),
    /// We give up an unanswered leg. Stored before CANCEL leaves.
    #[serde(rename = "call.cancel_requested")]
    CancelRequested { leg: u8, reason: EndReason },
    /// We end an answered leg. Stored before BYE leaves.
    #[serde(rename = "call.hangup_requested")]
    HangupRequested { leg: u8, reason: EndReason },
    /// A user or program ordered the end of the call, with or without an answer.
    #[serde(rename = "call.end_ordered")]
    EndOrdered {
        /// True: an answered call is hung up too. False: only a call that is not answered yet ends.
        hang_up: bool,
        reason: String,
    },
    /// The call ended. Exactly one per call.
    #[serde(rename = "call.ended")]
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
    LateAnswered {
        leg: u8,
        #[serde(flatten)]
        dialog: AnsweredDialog,
    },
    /// The recorded disposition or outcome was corrected. Follows `call.ended`; the last correction counts.
    #[serde(rename = "call.corrected")]
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
    RecordingDisposed {
        /// Number of the disposal of recordings that included this call.
        disposal: u64,
        preset: Preset,
        /// The retention period, in days.
        days: u32,
    },
    /// The transcript's key was destroyed because its retention period was over. Follows `call.ended`.
    #[serde(rename = "call.transcript_disposed")]
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
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Notice {
    Recording,
    Ai,
}

/// The reason why a call or one of its legs was ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
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

/// The stored kinds, one constant per variant. They never change.
impl CallEvent {
    pub const PERMITTED: &'static str = "call.permitted";
    pub const DIALING: &'static str = "call.dialing";
    pub const RINGING: &'static str = "call.ringing";
    pub const LEG_FAILED: &'static str = "call.leg_failed";
    pub const ANSWERED: &'static str = "call.answered";
    pub const NOTICE_PLAYED: &'static str = "call.notice_played";
    pub const NODE_ENTERED: &'static str = "call.node_entered";
    pub const KEYPRESSED: &'static str = "call.keypressed";
    pub const HEARD: &'static str = "call.heard";
    pub const UNDERSTOOD: &'static str = "call.understood";
    pub const DECIDED: &'static str = "call.decided";
    pub const SAID: &'static str = "call.said";
    pub const BARGED_IN: &'static str = "call.barged_in";
    pub const SILENCE_TIMED_OUT: &'static str = "call.silence_timed_out";
    pub const SENSITIVE_WORD_MATCHED: &'static str = "call.sensitive_word_matched";
    pub const ENGINE_FAILED: &'static str = "call.engine_failed";
    pub const ASSISTANT_ASKED: &'static str = "call.assistant_asked";
    pub const ASSISTANT_ANSWERED: &'static str = "call.assistant_answered";
    pub const OFFER_CHOSEN: &'static str = "call.offer_chosen";
    pub const MODEL_CHOSEN: &'static str = "call.model_chosen";
    pub const TRANSFER_REQUESTED: &'static str = "call.transfer_requested";
    pub const AGENT_CONNECTED: &'static str = "call.agent_connected";
    pub const SELLER_MESSAGE_PLAYED: &'static str = "call.seller_message_played";
    pub const CANCEL_REQUESTED: &'static str = "call.cancel_requested";
    pub const HANGUP_REQUESTED: &'static str = "call.hangup_requested";
    pub const END_ORDERED: &'static str = "call.end_ordered";
    pub const ENDED: &'static str = "call.ended";
    pub const LATE_ANSWERED: &'static str = "call.late_answered";
    pub const CORRECTED: &'static str = "call.corrected";
    pub const RECORDING_DISPOSED: &'static str = "call.recording_disposed";
    pub const TRANSCRIPT_DISPOSED: &'static str = "call.transcript_disposed";
}

impl EventData for CallEvent {
    fn kind(&self) -> &'static str {
        match self {
            Self::Permitted { .. } => Self::PERMITTED,
            Self::Dialing { .. } => Self::DIALING,
            Self::Ringing { .. } => Self::RINGING,
            Self::LegFailed { .. } => Self::LEG_FAILED,
            Self::Answered { .. } => Self::ANSWERED,
            Self::NoticePlayed { .. } => Self::NOTICE_PLAYED,
            Self::NodeEntered { .. } => Self::NODE_ENTERED,
            Self::Keypressed { .. } => Self::KEYPRESSED,
            Self::Heard(_) => Self::HEARD,
            Self::Understood(_) => Self::UNDERSTOOD,
            Self::Decided(_) => Self::DECIDED,
            Self::Said(_) => Self::SAID,
            Self::BargedIn(_) => Self::BARGED_IN,
            Self::SilenceTimedOut(_) => Self::SILENCE_TIMED_OUT,
            Self::SensitiveWordMatched(_) => Self::SENSITIVE_WORD_MATCHED,
            Self::EngineFailed(_) => Self::ENGINE_FAILED,
            Self::AssistantAsked(_) => Self::ASSISTANT_ASKED,
            Self::AssistantAnswered(_) => Self::ASSISTANT_ANSWERED,
            Self::OfferChosen(_) => Self::OFFER_CHOSEN,
            Self::ModelChosen(_) => Self::MODEL_CHOSEN,
            Self::TransferRequested { .. } => Self::TRANSFER_REQUESTED,
            Self::AgentConnected { .. } => Self::AGENT_CONNECTED,
            Self::SellerMessagePlayed(_) => Self::SELLER_MESSAGE_PLAYED,
            Self::CancelRequested { .. } => Self::CANCEL_REQUESTED,
            Self::HangupRequested { .. } => Self::HANGUP_REQUESTED,
            Self::EndOrdered { .. } => Self::END_ORDERED,
            Self::Ended { .. } => Self::ENDED,
            Self::LateAnswered { .. } => Self::LATE_ANSWERED,
            Self::Corrected { .. } => Self::CORRECTED,
            Self::RecordingDisposed { .. } => Self::RECORDING_DISPOSED,
            Self::TranscriptDisposed { .. } => Self::TRANSCRIPT_DISPOSED,
        }
    }

    fn version(&self) -> u16 {
        Self::current_version(self.kind())
    }

    fn current_version(kind: &str) -> u16 {
        if kind == Self::ANSWERED { 2 } else { 1 }
    }

    fn personal(&mut self) -> Vec<(String, &mut Personal<String>)> {
        match self {
            Self::Permitted { callee, .. } => vec![("/callee".to_owned(), callee)],
            Self::Keypressed { digit, .. } => vec![("/digit".to_owned(), digit)],
            Self::Heard(fact) => vec![("/text".to_owned(), &mut fact.text)],
            Self::Understood(fact) => fact.personal(),
            Self::SensitiveWordMatched(fact) => vec![("/word".to_owned(), &mut fact.word)],
            Self::OfferChosen(fact) => fact.personal(),
            Self::Dialing { .. }
            | Self::Ringing { .. }
            | Self::LegFailed { .. }
            | Self::Answered { .. }
            | Self::NoticePlayed { .. }
            | Self::NodeEntered { .. }
            | Self::Decided(_)
            | Self::Said(_)
            | Self::BargedIn(_)
            | Self::SilenceTimedOut(_)
            | Self::EngineFailed(_)
            | Self::AssistantAsked(_)
            | Self::AssistantAnswered(_)
            | Self::ModelChosen(_)
            | Self::TransferRequested { .. }
            | Self::AgentConnected { .. }
            | Self::SellerMessagePlayed(_)
            | Self::EndOrdered { .. }
            | Self::CancelRequested { .. }
            | Self::HangupRequested { .. }
            | Self::Ended { .. }
            | Self::LateAnswered { .. }
            | Self::Corrected { .. }
            | Self::RecordingDisposed { .. }
            | Self::TranscriptDisposed { .. } => Vec::new(),
        }
    }

    fn read(kind: &str, version: u16, data: &RawValue) -> Result<Self, UnreadableEvent> {
        read_upcast(kind, version, data, UPCASTS)
    }
}
