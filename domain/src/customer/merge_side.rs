//! Merged ids: two customer ids that belong to one person. One is kept and called; the person's state names
//! the others.

use serde::{Deserialize, Serialize};
use values::ids::CustomerId;

/// The role of an id in a merge.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema, derive::EventMembers,
)]
#[serde(rename_all = "snake_case")]
pub enum MergeSide {
    /// The person is called by this id from then on.
    Kept,
    /// This id is not called while it is merged.
    Other,
}

/// The merged ids of one person, in the state of one of them. Most people have none.
#[derive(Debug, Clone, Default)]
pub(super) struct MergedIds {
    /// The id by which the person is called instead.
    pub(super) into: Option<CustomerId>,
    /// Ids of the same person that this one replaces.
    pub(super) joined: Vec<CustomerId>,
}

impl MergedIds {
    pub(super) fn merge(&mut self, with: &CustomerId, side: MergeSide) {
        match side {
            MergeSide::Kept => self.joined.push(with.clone()),
            MergeSide::Other => self.into = Some(with.clone()),
        }
    }

    pub(super) fn unmerge(&mut self, with: &CustomerId) {
        self.joined.retain(|joined| joined != with);
        self.into = self.into.take().filter(|into| into != with);
    }
}
