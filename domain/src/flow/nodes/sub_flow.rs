//! The nodes `sub_flow`, which enters a named group of nodes, and `return`, which leaves it.

use super::super::fault::DefinitionFault;
use super::node_kind::{NodeContext, NodeKind, NodeReference};
use serde::{Deserialize, Serialize};

/// Deepest nesting of groups in one call; at this depth entering a further group is a fault of the call.
pub const DEPTH_MAX: usize = 8;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SubFlowNode {
    pub group: String,
    /// The node after the group's `return`.
    pub next: String,
}

/// Returns to the `next` of the `sub_flow` node that entered the group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "ReturnNode")]
pub struct ReturnNode {}

/// How a node enters or leaves a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::flow) enum GroupCall<'a> {
    Into { group: &'a str, next: &'a str },
    Back,
}

impl NodeKind for SubFlowNode {
    fn text(&self) -> Option<&str> {
        None
    }

    fn targets(&self) -> Vec<NodeReference<'_>> {
        vec![NodeReference::automatic("next", &self.next)]
    }

    fn calls(&self) -> Option<GroupCall<'_>> {
        Some(GroupCall::Into {
            group: &self.group,
            next: &self.next,
        })
    }

    fn check(&self, place: &NodeContext<'_>, faults: &mut Vec<DefinitionFault>) {
        if !place.dialogue.groups.contains_key(&self.group) {
            faults.push(DefinitionFault::UnknownGroup {
                member: place.member("group"),
                group: self.group.clone(),
            });
        }
    }
}

impl NodeKind for ReturnNode {
    fn text(&self) -> Option<&str> {
        None
    }

    fn calls(&self) -> Option<GroupCall<'_>> {
        Some(GroupCall::Back)
    }
}
