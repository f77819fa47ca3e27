//! The content of a text conversation's summary: like a call's, with the conversation's end instead of the
//! call's.

use super::fact::{FollowUp, Interest};
use crate::call_course::{CourseMark, TurnCounts};
use crate::calling_plan::FlowRef;
use crate::event_members::personal_of;
use crate::personal::Personal;
use crate::record::stored_event::{Position, StreamVersion};
use crate::text_channel::{Channel, CloseReason};
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use values::disposition::Outcome;
use values::ids::{CampaignId, CustomerId};

/// The summary of a closed text conversation, as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema, derive::EventMembers)]
#[open(intent, intent_rule, lang, models, summary_version)]
pub struct TextSummaryFact {
    pub campaign: CampaignId,
    pub customer: CustomerId,
    pub flow: FlowRef,
    pub channel: Channel,
    pub closed_at: Timestamp,
    pub reason: CloseReason,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Outcome>,
    /// The intent that decided the conversation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub intent: Option<String>,
    /// The rule behind `intent`: a member path of the flow, `opt_out`, or `outcome`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub intent_rule: Option<String>,
    /// Absent if the customer wrote nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interest: Option<Interest>,
    /// Values of the flow's slots by name, masked.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub slots: BTreeMap<String, Personal<String>>,
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub tags: BTreeSet<CourseMark>,
    /// The tags that the flow gave to the customer, masked.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub flow_tags: Vec<Personal<String>>,
    /// The summary in sentences, masked.
    pub text: Personal<String>,
    /// Language of the text, a BCP 47 tag.
    pub lang: String,
    pub follow_up: FollowUp,
    pub turns: TurnCounts,
    /// Digests of the models that were used.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub models: BTreeSet<String>,
    /// Version of the summary rules and text templates.
    pub summary_version: u32,
    /// Position and stream version of `conversation.closed`.
    pub made_at_position: Position,
    pub made_at_version: StreamVersion,
}

impl TextSummaryFact {
    /// Erases the personal fields of the summary, as after an erasure of the customer. The values that can
    /// be counted remain.
    pub fn erase(&mut self) {
        for (_, value) in personal_of(self) {
            *value = Personal::Erased { hash: None };
        }
    }
}
