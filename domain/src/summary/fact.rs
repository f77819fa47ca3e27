//! The content of a call's summary: values from closed lists, which can be counted, and a sealed text for
//! readers.

use crate::call_course::{CourseMark, TurnCounts};
use crate::calling_plan::FlowRef;
use crate::event_members::personal_of;
use crate::personal::Personal;
use crate::record::stored_event::{Position, StreamVersion};
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
pub use values::disposition::InterestLevel;
use values::disposition::{Disposition, Outcome, labelled};
use values::ids::{CampaignId, CustomerId};

/// Longest text of a summary, in characters; a longer one is refused. Many times what a summary card shows.
pub const SUMMARY_TEXT_CHARS_MAX: usize = 2_000;

labelled! {
    /// The rule that chose the interest level: the first of these that applies.
    #[derive(derive::EventMembers)]
    InterestRule {
        Refused => "refused", "拒绝", "refused";
        Noted => "noted", "流程所记", "noted during the call";
        Agreed => "agreed", "同意", "agreed";
        AskedForPerson => "asked_for_person", "要求转人工", "asked for a person";
        Later => "later", "改天再说", "another time";
        Asked => "asked", "询问详情", "asked about it";
        NothingShown => "nothing_shown", "未表露", "showed nothing";
    }
}

/// An interest level with the rule that chose it.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema, derive::EventMembers,
)]
#[serde(deny_unknown_fields)]
pub struct Interest {
    pub level: InterestLevel,
    pub rule: InterestRule,
}

labelled! {
    /// The suggested follow-up of a call (跟进建议).
    #[derive(derive::EventMembers)]
    FollowUpAction {
        DoNotCall => "do_not_call", "勿再致电", "do not call again";
        Human => "human", "人工跟进", "a colleague sees to it";
        CallBack => "call_back", "再次致电", "call again";
        SendMessage => "send_message", "发送信息", "send a message";
        None => "none", "无需跟进", "nothing";
    }
}

labelled! {
    /// The reason of a follow-up: the first of these that applies.
    #[derive(derive::EventMembers)]
    FollowUpReason {
        OptedOut => "opted_out", "客户谢绝来电", "they refused further calls";
        SensitiveWord => "sensitive_word", "出现敏感词", "a sensitive word was said";
        Complained => "complained", "客户要投诉", "they complain";
        WrongParty => "wrong_party", "非本人", "it was somebody else";
        AskedForPerson => "asked_for_person", "要求转人工", "they asked for a person";
        AskedForLater => "asked_for_later", "改天再联系", "they asked for another time";
        Agreed => "agreed", "已同意，可发确认", "they agreed: a confirmation may be sent";
        Declined => "declined", "已拒绝", "they declined";
        FailedByUs => "failed_by_us", "我方故障中断", "something of ours failed";
        NotAPerson => "not_a_person", "非真人接听", "no person answered";
        NothingHeard => "nothing_heard", "无应答", "nothing was heard";
        HungUpInterested => "hung_up_interested", "有意向但中途挂断", "they hung up, and were interested";
        HungUp => "hung_up", "中途挂断", "they hung up";
        LeftOffInterested => "left_off_interested", "有意向但未再回复", "they wrote no more, and were interested";
        LeftOff => "left_off", "未再回复", "they wrote no more";
        Finished => "finished", "已办结", "all was done";
    }
}

/// A suggested follow-up with its reason. It starts no action; the campaign's rules decide about further
/// calls.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema, derive::EventMembers,
)]
#[serde(deny_unknown_fields)]
pub struct FollowUp {
    pub action: FollowUpAction,
    pub reason: FollowUpReason,
}

/// The summary of an answered call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema, derive::EventMembers)]
#[open(talk_ms, intent, intent_rule, emotion, lang, models, summary_version)]
pub struct SummaryFact {
    pub campaign: CampaignId,
    pub customer: CustomerId,
    pub flow: FlowRef,
    pub ended_at: Timestamp,
    pub talk_ms: u64,
    pub disposition: Disposition,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Outcome>,
    /// The intent that decided the call.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub intent: Option<String>,
    /// The rule behind `intent`: a member path of the flow, `opt_out`, or `outcome`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub intent_rule: Option<String>,
    /// Absent if the callee said nothing in the call.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interest: Option<Interest>,
    /// Values of the flow's slots by name, masked.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub slots: BTreeMap<String, Personal<String>>,
    /// The strongest emotion of the callee. Absent if the campaign does not measure emotions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub emotion: Option<String>,
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub tags: BTreeSet<CourseMark>,
    /// The tags that the flow gave to the customer, masked. Absent in summaries from before flow tags.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub flow_tags: Vec<Personal<String>>,
    /// The summary in sentences, masked.
    pub text: Personal<String>,
    /// Language of the text, a BCP 47 tag.
    pub lang: String,
    pub follow_up: FollowUp,
    pub turns: TurnCounts,
    /// Digests of the models that were used during the call.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub models: BTreeSet<String>,
    /// Version of the summary rules and text templates.
    pub summary_version: u32,
    /// Position and stream version of the last call event that the summary includes.
    pub made_at_position: Position,
    pub made_at_version: StreamVersion,
}

impl SummaryFact {
    /// Erases the personal fields of the summary, as after an erasure of the customer. The values that can
    /// be counted remain.
    pub fn erase(&mut self) {
        for (_, value) in personal_of(self) {
            *value = Personal::Erased { hash: None };
        }
    }
}
