//! What the summary of a conversation in text says: as a call's, but for how it ended.

use super::fact::{FollowUp, Interest};
use crate::call_course::{CourseMark, TurnCounts};
use crate::calling_plan::FlowRef;
use crate::personal::Personal;
use crate::record::stored_event::{Position, StreamVersion};
use crate::text_channel::{Channel, CloseReason};
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use values::disposition::Outcome;
use values::ids::{CampaignId, CustomerId};

/// What a conversation in text came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct TextSummaryFact {
    pub campaign: CampaignId,
    pub customer: CustomerId,
    pub flow: FlowRef,
    pub channel: Channel,
    pub closed_at: Timestamp,
    pub reason: CloseReason,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Outcome>,
    /// What decided it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub intent: Option<String>,
    /// Where that stands: a member of the flow, `opt_out`, or `outcome`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub intent_rule: Option<String>,
    /// Absent where they wrote nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interest: Option<Interest>,
    /// By the flow's names, masked.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub slots: BTreeMap<String, Personal<String>>,
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub tags: BTreeSet<CourseMark>,
    /// What the flow says of the person, masked.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub flow_tags: Vec<Personal<String>>,
    /// Masked.
    pub text: Personal<String>,
    /// Of the text.
    pub lang: String,
    pub follow_up: FollowUp,
    pub turns: TurnCounts,
    /// Digests of the models that were asked.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub models: BTreeSet<String>,
    /// Of the rules and the templates.
    pub summary_version: u32,
    /// `conversation.closed`, by its place in the log and in the conversation's stream.
    pub made_at_position: Position,
    pub made_at_version: StreamVersion,
}

impl TextSummaryFact {
    /// Of a person who is gone: what can be counted stays, no word does.
    pub fn erase(&mut self) {
        for (_, value) in self.personal() {
            *value = Personal::Erased { hash: None };
        }
    }

    /// What is sealed, with its places in the record.
    pub(super) fn personal(&mut self) -> Vec<(String, &mut Personal<String>)> {
        sealed_words(&mut self.slots, &mut self.flow_tags, &mut self.text)
    }
}

/// The words of a summary, each with its place in the record.
pub(super) fn sealed_words<'a>(
    slots: &'a mut BTreeMap<String, Personal<String>>,
    flow_tags: &'a mut [Personal<String>],
    text: &'a mut Personal<String>,
) -> Vec<(String, &'a mut Personal<String>)> {
    let slots = slots.iter_mut();
    let slots = slots.map(|(name, value)| (format!("/slots/{name}"), value));
    let mut all: Vec<_> = slots.collect();
    let tags = flow_tags.iter_mut().enumerate();
    all.extend(tags.map(|(place, tag)| (format!("/flow_tags/{place}"), tag)));
    all.push(("/text".to_owned(), text));
    all
}
