//! What an inspection answers: who was called when, on which basis, by which rules, what was said and
//! pressed, and what was done with it since.
//!
//! A value of a person is masked unless it was asked for in clear; digits that were pressed are what
//! happened in the call, and stand as they are.

use super::written::{ConversationTold, MessageTold};
use application::logged_recording::Disposed;
use domain::calling_plan::Basis;
use domain::disposition::{Disposition, Outcome};
use domain::ids::{CallId, CampaignId, CustomerId, EventId, ListId, NumberId};
use domain::time::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

/// Everything that was found, in the order of the log.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Inspection {
    pub about: AboutShown,
    pub counts: Counts,
    pub persons: Vec<PersonShown>,
    pub bases: Vec<BasisShown>,
    pub consents: Vec<ConsentTold>,
    pub calls: Vec<CallTold>,
    /// Conversations in text.
    pub conversations: Vec<ConversationTold>,
    /// Messages that were ordered, what became of each, and answers, in the order of the log.
    pub messages: Vec<MessageTold>,
    pub refusals: Vec<RefusalTold>,
    pub objections: Vec<ObjectionTold>,
    pub operations: Vec<OperationTold>,
}

/// What was asked.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct AboutShown {
    pub customer: Option<CustomerId>,
    pub number: Option<NumberId>,
    /// The number as it was asked for, masked unless it was asked for in clear.
    #[schemars(example = &"138****8000")]
    pub phone: Option<String>,
    pub at: Option<Timestamp>,
    /// Calls and refusals from here.
    pub from: Option<Timestamp>,
    /// To here.
    pub to: Option<Timestamp>,
    /// The log was read up to here.
    pub position: String,
}

/// How many of each, so that an answer can be held against another count.
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

/// One person; null where the person is erased, or the key is not at hand.
#[derive(Debug, Serialize, JsonSchema)]
pub struct PersonShown {
    pub customer: CustomerId,
    #[schemars(example = &"**01")]
    pub external_id: Option<String>,
    #[schemars(example = &"王*")]
    pub name: Option<String>,
    #[schemars(example = ["138****8000"])]
    pub phones: Vec<String>,
    /// In which times are said on the page.
    #[schemars(example = &"Asia/Shanghai")]
    pub local_zone: &'static str,
    /// Why, where the person is held.
    #[schemars(example = &"a court asked")]
    pub held: Option<String>,
    pub erased: bool,
}

/// On which basis a person was in a campaign.
#[derive(Debug, Serialize, JsonSchema)]
pub struct BasisShown {
    pub customer: CustomerId,
    pub campaign: CampaignId,
    pub list: ListId,
    pub basis: Basis,
    /// What the campaign calls for, and under which preset.
    pub purpose: Option<String>,
    pub preset: Option<String>,
    pub enrolled_at: Timestamp,
    #[serde(flatten)]
    pub event: Where,
}

/// A consent that was given or withdrawn.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ConsentTold {
    pub customer: CustomerId,
    /// False: withdrawn.
    pub given: bool,
    pub scope: String,
    pub source: String,
    pub at: Timestamp,
    pub until: Option<Timestamp>,
    /// What it is shown by is kept, sealed.
    pub has_evidence: bool,
    #[serde(flatten)]
    pub event: Where,
}

/// One call, from its permit to what is kept of it.
#[derive(Debug, Serialize, JsonSchema)]
pub struct CallTold {
    pub call: CallId,
    pub campaign: CampaignId,
    pub customer: CustomerId,
    pub number: NumberId,
    pub attempt: u32,
    #[schemars(example = &"138****8000")]
    pub callee: Option<String>,
    /// In which its times are said on the page.
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
    /// The flow it followed.
    #[schemars(example = &"greeting v1")]
    pub flow: String,
    /// What happened in it, in order: notices, what the robot and the callee said, keys, decisions.
    pub heard: Vec<HeardTold>,
    /// The rules that allowed it.
    pub verdicts: Vec<VerdictTold>,
    pub recording: Option<RecordingTold>,
    #[serde(flatten)]
    pub event: Where,
}

/// One thing that was said or pressed.
#[derive(Debug, Serialize, JsonSchema)]
pub struct HeardTold {
    pub at: Timestamp,
    pub what: Heard,
    /// The node of the flow.
    #[schemars(example = &"greeting")]
    pub node: Option<String>,
    /// What was said, the key, how it was understood, or which member of the flow decided; values of the
    /// person are starred unless they are asked for in clear.
    #[schemars(example = &"您好，这里是示例银行。")]
    pub text: Option<String>,
    /// It was there, and nobody can read it any more: it was erased with the person.
    pub gone: bool,
}

impl HeardTold {
    /// As the page has it; what nobody can read any more is said to be gone.
    pub(super) fn words(&self) -> String {
        let gone = "已随个人信息删除，无法读取 / erased, not readable any more";
        match (&self.text, self.gone) {
            (Some(text), true) => format!("{text} ({gone})"),
            (None, true) => gone.to_owned(),
            (Some(text), false) => text.clone(),
            (None, false) => "—".to_owned(),
        }
    }
}

/// What was heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub enum Heard {
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

impl Heard {
    /// In Chinese and English.
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
            Self::Silent => ("对方未应答", "said nothing"),
            Self::SensitiveWord => ("出现敏感词", "a sensitive word"),
            Self::EngineFailed => ("语音引擎失效", "a speech engine failed"),
            Self::AssistantAnswered => ("辅助选择已答复", "the assistant answered"),
            Self::OfferChosen => ("按客户情况选定方案", "an offer was chosen by who they are"),
            Self::ModelChosen => ("按客户等级选定模型", "a model was chosen by who they are"),
            Self::KeyPressed => ("对方按键", "key pressed"),
            Self::TransferAsked => ("要求转人工", "asked for a colleague"),
            Self::AgentConnected => ("坐席接听", "an agent took the call"),
            Self::SellerMessage => (
                "已告知卖方（无空闲坐席）",
                "the seller was named (no agent was free)",
            ),
            Self::HungUpByUs => ("我方挂断", "hung up by us"),
        }
    }
}

/// What one rule said of one dial.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct VerdictTold {
    /// Whose rule: of the customer or of the number.
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

/// What there is of a recording.
#[derive(Debug, Serialize, JsonSchema)]
pub struct RecordingTold {
    pub sha256: String,
    pub bytes: Option<u64>,
    pub duration_ms: Option<u64>,
    pub state: RecordingState,
    /// Of one that was disposed of under retention.
    pub disposed: Option<Disposed>,
}

impl RecordingTold {
    /// It was destroyed when its time was over.
    pub(super) const fn dispose(&mut self, at: Timestamp, disposal: u64, days: u32) {
        self.state = RecordingState::Disposed;
        self.disposed = Some(Disposed { at, disposal, days });
    }
}

/// Where a recording is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub enum RecordingState {
    /// It is kept here, and is the one that the call's record names.
    Kept,
    /// It is kept, and its bytes are not those that the call's record names.
    Altered,
    /// It was deleted, or was never on this machine.
    Gone,
    /// It is kept; the bundle had no more room.
    LeftOut,
    /// Its time was over: it was disposed of under retention.
    Disposed,
}

impl RecordingState {
    /// In Chinese and English.
    pub const fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Kept => ("已附，与记录一致", "attached, as the record names it"),
            Self::Altered => ("内容与记录不一致", "its bytes are not those of the record"),
            Self::Gone => ("此处已无", "not here any more"),
            Self::LeftOut => ("存在，未附（超出容量）", "kept; left out for its size"),
            Self::Disposed => ("已按保存期限处置", "disposed of under retention"),
        }
    }
}

/// A dial that was not allowed, and why.
#[derive(Debug, Serialize, JsonSchema)]
pub struct RefusalTold {
    pub at: Timestamp,
    pub campaign: CampaignId,
    pub customer: Option<CustomerId>,
    pub number: Option<NumberId>,
    /// The call that would have been.
    pub call: CallId,
    #[serde(flatten)]
    pub verdict: VerdictTold,
    pub not_before: Option<Timestamp>,
    #[serde(flatten)]
    pub event: Where,
}

/// A number that must not be dialed from then on.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ObjectionTold {
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
    pub event: Where,
}

/// What somebody did about the persons, numbers and calls, reads of them among it.
#[derive(Debug, Serialize, JsonSchema)]
pub struct OperationTold {
    pub at: Timestamp,
    pub kind: String,
    pub by: Option<String>,
    pub reason: Option<String>,
    /// Of a read: by which route, and which fields.
    #[schemars(example = &"GET /api/v1/customers/{id}")]
    pub route: Option<String>,
    #[schemars(example = ["name"])]
    pub fields: Vec<String>,
    pub stream: String,
    #[serde(flatten)]
    pub event: Where,
}

/// Which event says it: it is in the bundle.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Where {
    pub position: String,
    pub event: EventId,
}
