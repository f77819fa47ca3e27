//! The `act` node: acts without speaking. It sets slots and variables, adds tags, sets the interest level,
//! records an opt-out or sends a message; then the call continues at once.

use super::super::fault::DefinitionFault;
use super::node_kind::{NodeContext, NodeKind, NodeReference, RunFacts};
use crate::attribute::TAG_BYTES_MAX;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Most tags of one node.
const TAGS_MAX: usize = 20;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "ActNode")]
pub struct ActNode {
    /// Slots and variables to set, by name. An empty text removes a slot's value.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub set: BTreeMap<String, String>,
    /// Tags for the customer. They are added after the call has ended and its summary is written.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// The callee's interest: 高, 中, 低 or a word of your own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interest: Option<String>,
    /// From files older than tags. It is still read, but refused when a flow is published.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(skip)]
    pub disposition: Option<String>,
    /// Name of the message to send.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub send: Option<String>,
    /// Records an opt-out: the callee's number is not called again by any campaign, from now on.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub opt_out: bool,
    pub next: String,
}

impl NodeKind for ActNode {
    fn text(&self) -> Option<&str> {
        None
    }

    fn targets(&self) -> Vec<NodeReference<'_>> {
        vec![NodeReference::automatic("next", &self.next)]
    }

    fn next(&self, _: &RunFacts<'_>) -> Option<&str> {
        Some(&self.next)
    }

    fn act(&self) -> Option<&ActNode> {
        Some(self)
    }

    fn sets(&self, variable: &str) -> bool {
        self.set.get(variable).is_some_and(|value| !value.is_empty())
    }

    fn check(&self, place: &NodeContext<'_>, faults: &mut Vec<DefinitionFault>) {
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

/// Returns true if the text may be a tag: 1 byte to `TAG_BYTES_MAX`, no control characters, no blanks at
/// either end.
fn is_tag(tag: &str) -> bool {
    let bare = tag.trim();
    !bare.is_empty() && bare == tag && tag.len() <= TAG_BYTES_MAX && !tag.chars().any(char::is_control)
}
