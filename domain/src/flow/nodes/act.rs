//! A node that does something without a word: sets slots, tags, notes interest, refuses further calls,
//! intends a message; then goes on at once.

use super::super::fault::DefinitionFault;
use super::node_kind::{Facts, NodeKind, Place, Target};
use crate::attribute::TAG_BYTES_MAX;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Most tags of one node.
const TAGS_MAX: usize = 20;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "ActNode")]
pub struct Act {
    /// Slots and variables by name; an empty text takes a slot's value away.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub set: BTreeMap<String, String>,
    /// What the person is tagged with once the call has ended, and its summary.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// How interested the callee is: 高, 中, 低 or a word of one's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interest: Option<String>,
    /// Of files from before tags were kept: read, and published no more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(skip)]
    pub disposition: Option<String>,
    /// The name of a message to be sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub send: Option<String>,
    /// The callee's number is not called again, at once and everywhere.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub opt_out: bool,
    pub next: String,
}

impl NodeKind for Act {
    fn text(&self) -> Option<&str> {
        None
    }

    fn targets(&self) -> Vec<Target<'_>> {
        vec![Target::automatic("next", &self.next)]
    }

    fn next(&self, _: &Facts<'_>) -> Option<&str> {
        Some(&self.next)
    }

    fn act(&self) -> Option<&Act> {
        Some(self)
    }

    fn sets(&self, variable: &str) -> bool {
        self.set.get(variable).is_some_and(|value| !value.is_empty())
    }

    fn check(&self, place: &Place<'_>, faults: &mut Vec<DefinitionFault>) {
        let kept = self.set.iter().filter(|(_, value)| !value.is_empty());
        let kept = kept.map(|(name, value)| (name.clone(), value.clone())).collect();
        place.check_set("set", &kept, faults);
        let member = |of: &str| format!("nodes.{}.{of}", place.node);
        if self.tags.len() > TAGS_MAX || !self.tags.iter().all(|tag| is_tag(tag)) {
            faults.push(DefinitionFault::BadTags {
                member: member("tags"),
            });
        }
        if self.disposition.is_some() {
            faults.push(DefinitionFault::FreeDisposition {
                member: member("disposition"),
            });
        }
    }
}

/// What a person may be tagged with.
fn is_tag(tag: &str) -> bool {
    let bare = tag.trim();
    !bare.is_empty() && bare == tag && tag.len() <= TAG_BYTES_MAX && !tag.chars().any(char::is_control)
}
