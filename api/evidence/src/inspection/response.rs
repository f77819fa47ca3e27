//! The reply of an inspection: calls with time, basis and rules, what was said and pressed, and later
//! operations.
//!
//! Personal values are masked unless requested in clear. Keypresses belong to the course of the call and are
//! shown.

use super::conversations::{InspectionConversationResponse, InspectionMessageResponse};
use application::logged_recording::Disposed;
use domain::calling_plan::Basis;
use domain::disposition::{Disposition, Outcome};
use domain::ids::{CallId, CampaignId, CustomerId, EventId, ListId, NumberId};
use domain::time::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

/// The result of an inspection, in log order.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Inspection {
    pub about: InspectionScopeResponse,
    pub counts: Counts,
    pub persons: Vec<InspectionPersonResponse>,
    pub bases: Vec<InspectionBasisResponse>,
    pub consents: Vec<InspectionConsentResponse>,
    pub calls: Vec<InspectionCallResponse>,
    /// Text conversations.
    pub conversations: Vec<InspectionConversationResponse>,
    /// Messages, the result of each, and replies, in log order.
    pub messages: Vec<InspectionMessageResponse>,
    pub refusals: Vec<InspectionRefusalResponse>,
    pub objections: Vec<InspectionObjectionResponse>,
    pub operations: Vec<InspectionOperationResponse>,
}

/// The subject and period of an inspection.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct InspectionScopeResponse {
    pub customer: Option<CustomerId>,
    pub number: Option<NumberId>,
    /// The requested number, masked unless requested in clear.
    #[schemars(example = &"138****8000")]
    pub phone: Option<String>,
    pub at: Option<Timestamp>,
    /// Start of the period of calls and refusals.
    pub from: Option<Timestamp>,
    /// End of the period.
    pub to: Option<Timestamp>,
    /// Log position up to which events were read.
    pub position: String,
}

/// Number of items of each kind, for comparison with other counts.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Counts {
    pub persons: usize,
    pub bases: usize,
    pub consents: usize,
    pub calls: usize,
    pub conversations: usize,
    pub messages: usize,
    pub verdicts: usize,
    pub refusals: usize,
    pub objections: usize,
    pub recordings: usize,
    pub operations: usize,
}

/// One customer. Values are null if the person is erased or the key is missing.
#[derive(Debug, Serialize, JsonSchema)]
pub struct InspectionPersonResponse {
    pub customer: CustomerId,
    #[schemars(example = &"**01")]
    pub external_id: Option<String>,
    #[schemars(example = &"王*")]
    pub name: Option<String>,
    #[schemars(example = ["138****8000"])]
    pub phones: Vec<String>,
    /// Time zone of the customer's times on the page.
    #[schemars(example = &"Asia/Shanghai")]
    pub local_zone: &'static str,
    /// Reason of a legal hold.
    #[schemars(example = &"a court asked")]
    pub held: Option<String>,
    pub erased: bool,
}

/// The basis on which a customer was in a campaign.
#[derive(Debug, Serialize, JsonSchema)]
pub struct InspectionBasisResponse {
    pub customer: CustomerId,
    pub campaign: CampaignId,
    pub list: ListId,
    pub basis: Basis,
    /// Purpose and preset of the campaign.
    pub purpose: Option<String>,
    pub preset: Option<String>,
    pub enrolled_at: Timestamp,
    #[serde(flatten)]
    pub event: EventReference,
}

/// A consent that was given or withdrawn.
#[derive(Debug, Serialize, JsonSchema)]
pub struct InspectionConsentResponse {
    pub customer: CustomerId,
    /// True if given, false if withdrawn.
    pub given: bool,
    pub scope: String,
    pub source: String,
    pub at: Timestamp,
    pub until: Option<Timestamp>,
    /// True if evidence of the consent is stored, sealed.
    pub has_evidence: bool,
    #[serde(flatten)]
    pub event: EventReference,
}

/// One call, from its permit to its recording.
#[derive(Debug, Serialize, JsonSchema)]
pub struct InspectionCallResponse {
    pub call: CallId,
    pub campaign: CampaignId,
    pub customer: CustomerId,
    pub number: NumberId,
    pub attempt: u32,
    #[schemars(example = &"138****8000")]
    pub callee: Option<String>,
    /// Time zone of the call's times on the page.
    #[schemars(example = &"Asia/Shanghai")]
    pub local_zone: &'static str,
    pub permitted_at: Timestamp,
    pub dialing_at: Option<Timestamp>,
    pub answered_at: Option<Timestamp>,
    pub ended_at: Option<Timestamp>,
    pub trunk: Option<String>,
    pub caller: Option<String>,
    pub disposition: Option<Disposition>,
    pub disposition_zh: Option<&'static str>,
    pub disposition_en: Option<&'static str>,
    pub outcome: Option<Outcome>,
    pub outcome_zh: Option<&'static str>,
    pub outcome_en: Option<&'static str>,
    pub talk_ms: Option<u64>,
    /// Flow and version that the call used.
    #[schemars(example = &"greeting v1")]
    pub flow: String,
    /// Course of the call, in order: notices, what the robot and the callee said, keypresses, decisions.
    pub heard: Vec<CallEntryResponse>,
    /// Verdicts of the rules that allowed the call.
    pub verdicts: Vec<InspectionVerdictResponse>,
    pub recording: Option<InspectionRecordingResponse>,
    #[serde(flatten)]
    pub event: EventReference,
}

/// One thing that was said, pressed or decided in a call.
#[derive(Debug, Serialize, JsonSchema)]
pub struct CallEntryResponse {
    pub at: Timestamp,
    pub what: CallEntryKind,
    /// Node of the flow.
    #[schemars(example = &"greeting")]
    pub node: Option<String>,
    /// Spoken text, key, recognized meaning, or the member of the flow that decided. Personal values are
    /// starred unless requested in clear.
    #[schemars(example = &"您好，这里是示例银行。")]
    pub text: Option<String>,
    /// True if the text existed and was erased with the person.
    pub gone: bool,
}

impl CallEntryResponse {
    /// Returns the entry's text for the page, in Chinese and English. An erased text is marked as erased.
    pub(super) fn words(&self) -> String {
        let gone = "已随个人信息删除，无法读取 / erased, no longer readable";
        match (&self.text, self.gone) {
            (Some(text), true) => format!("{text} ({gone})"),
            (None, true) => gone.to_owned(),
            (Some(text), false) => text.clone(),
            (None, false) => "—".to_owned(),
        }
    }
}

/// Kind of an entry in the course of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub enum CallEntryKind {
    RecordingNotice,
    RobotNotice,
    RobotSaid,
    NodeEntered,
    CalleeSaid,
    Understood,
    Decided,
    Interrupted,
    Silent,
    SensitiveWord,
    EngineFailed,
    AssistantAnswered,
    OfferChosen,
    ModelChosen,
    KeyPressed,
    TransferAsked,
    AgentConnected,
    SellerMessage,
    HungUpByUs,
}

impl CallEntryKind {
    /// Returns the words for the page, in Chinese and English.
    pub const fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::RecordingNotice => ("录音告知", "recording notice"),
            Self::RobotNotice => ("机器人告知", "robot notice"),
            Self::RobotSaid => ("机器人播报", "the robot said"),
            Self::NodeEntered => ("进入节点", "entered a node"),
            Self::CalleeSaid => ("对方说", "the callee said"),
            Self::Understood => ("理解为", "understood as"),
            Self::Decided => ("流程判定", "decided by"),
            Self::Interrupted => ("对方打断", "interrupted the robot"),
            Self::Silent => ("对方未应答", "silence"),
            Self::SensitiveWord => ("出现敏感词", "a sensitive word"),
            Self::EngineFailed => ("语音引擎失效", "a speech engine failed"),
            Self::AssistantAnswered => ("辅助选择已答复", "the assistant answered"),
            Self::OfferChosen => ("按客户情况选定方案", "an offer was chosen by customer data"),
            Self::ModelChosen => ("按客户等级选定模型", "a model was chosen by customer level"),
            Self::KeyPressed => ("对方按键", "key pressed"),
            Self::TransferAsked => ("要求转人工", "asked for an agent"),
            Self::AgentConnected => ("坐席接听", "an agent took the call"),
            Self::SellerMessage => (
                "已告知卖方（无空闲坐席）",
                "seller message played (no agent was free)",
            ),
            Self::HungUpByUs => ("我方挂断", "hung up by us"),
        }
    }
}

/// The verdict of one rule on one dial.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct InspectionVerdictResponse {
    /// Side of the rule: customer or number.
    #[schemars(extend("enum" = ["customer", "number"]))]
    pub side: &'static str,
    pub rule: String,
    pub version: u32,
    pub effective_from: String,
    #[schemars(extend("enum" = ["allow", "defer", "forbid"]))]
    pub decision: &'static str,
    pub zh: String,
    pub en: String,
}

/// The recording of a call.
#[derive(Debug, Serialize, JsonSchema)]
pub struct InspectionRecordingResponse {
    pub sha256: String,
    pub bytes: Option<u64>,
    pub duration_ms: Option<u64>,
    pub state: RecordingState,
    /// The disposal, if the recording was disposed of after its retention period.
    pub disposed: Option<Disposed>,
}

impl InspectionRecordingResponse {
    /// Marks the recording as disposed of after its retention period.
    pub(super) const fn dispose(&mut self, at: Timestamp, disposal: u64, days: u32) {
        self.state = RecordingState::Disposed;
        self.disposed = Some(Disposed { at, disposal, days });
    }
}

/// The state of a recording.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub enum RecordingState {
    /// Stored here, with the hash of the call's record.
    Kept,
    /// Stored here, but with another hash than in the call's record.
    Altered,
    /// Deleted, or never on this machine.
    Gone,
    /// Stored here, but left out because the bundle is full.
    LeftOut,
    /// Disposed of after its retention period.
    Disposed,
}

impl RecordingState {
    /// Returns the words for the page, in Chinese and English.
    pub const fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Kept => ("已附，与记录一致", "attached, matches the record"),
            Self::Altered => ("内容与记录不一致", "differs from the record"),
            Self::Gone => ("此处已无", "no longer here"),
            Self::LeftOut => ("存在，未附（超出容量）", "stored; left out because of its size"),
            Self::Disposed => ("已按保存期限处置", "disposed of under retention"),
        }
    }
}

/// A dial that was refused or deferred, with the reason.
#[derive(Debug, Serialize, JsonSchema)]
pub struct InspectionRefusalResponse {
    pub at: Timestamp,
    pub campaign: CampaignId,
    pub customer: Option<CustomerId>,
    pub number: Option<NumberId>,
    /// Id of the call that was not made.
    pub call: CallId,
    #[serde(flatten)]
    pub verdict: InspectionVerdictResponse,
    pub not_before: Option<Timestamp>,
    #[serde(flatten)]
    pub event: EventReference,
}

/// An opt-out or suppression of a number.
#[derive(Debug, Serialize, JsonSchema)]
pub struct InspectionObjectionResponse {
    pub at: Timestamp,
    pub number: NumberId,
    #[schemars(extend("enum" = ["opted_out", "suppressed"]))]
    pub what: &'static str,
    #[schemars(example = &"keypress")]
    pub source: Option<String>,
    pub reason: String,
    pub until: Option<Timestamp>,
    pub call: Option<CallId>,
    #[serde(flatten)]
    pub event: EventReference,
}

/// An operation on the customers, numbers or calls, or a read of their data.
#[derive(Debug, Serialize, JsonSchema)]
pub struct InspectionOperationResponse {
    pub at: Timestamp,
    pub kind: String,
    pub by: Option<String>,
    pub reason: Option<String>,
    /// For a read: the route and the fields.
    #[schemars(example = &"GET /api/v1/customers/{id}")]
    pub route: Option<String>,
    #[schemars(example = ["name"])]
    pub fields: Vec<String>,
    pub stream: String,
    #[serde(flatten)]
    pub event: EventReference,
}

/// The event that states a fact; the bundle contains it.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct EventReference {
    pub position: String,
    pub event: EventId,
}
