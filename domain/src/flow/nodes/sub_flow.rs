//! Nodes that go into a named group of nodes and come back: `sub_flow` calls it, `return` ends it.

use super::super::fault::DefinitionFault;
use super::node_kind::{NodeKind, Place, Target};
use serde::{Deserialize, Serialize};

/// Most groups within one another.
pub const DEPTH_MAX: usize = 8;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SubFlow {
    pub group: String,
    /// Where the call goes on after the group's `return`.
    pub next: String,
}

/// Back to behind the `sub_flow` that led here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "ReturnNode")]
pub struct Return {}

/// A way into a group, or out of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::flow) enum Calls<'a> {
    Into { group: &'a str, next: &'a str },
    Back,
}

impl NodeKind for SubFlow {
    fn text(&self) -> Option<&str> {
        None
    }

    fn targets(&self) -> Vec<Target<'_>> {
        vec![Target::automatic("next", &self.next)]
    }

    fn calls(&self) -> Option<Calls<'_>> {
        Some(Calls::Into {
            group: &self.group,
            next: &self.next,
        })
    }

    fn check(&self, place: &Place<'_>, faults: &mut Vec<DefinitionFault>) {
        if !place.dialogue.groups.contains_key(&self.group) {
            faults.push(DefinitionFault::UnknownGroup {
                member: place.member("group"),
                group: self.group.clone(),
            });
        }
    }
}

impl NodeKind for Return {
    fn text(&self) -> Option<&str> {
        None
    }

    fn calls(&self) -> Option<Calls<'_>> {
        Some(Calls::Back)
    }
}
