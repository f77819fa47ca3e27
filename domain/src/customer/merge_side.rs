//! Two ids that turned out to be one person: which of the two somebody is called by, and whom a person's own
//! events name.

use serde::{Deserialize, Serialize};
use values::ids::CustomerId;

/// Which of the two ids an event is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MergeSide {
    /// The person is called by this id from then on.
    Kept,
    /// Nobody is called by this id while it is merged.
    Other,
}

/// As the person's own events leave it. Most people have none.
#[derive(Debug, Clone, Default)]
pub(super) struct MergedIds {
    /// The id by which the person is called instead.
    pub(super) into: Option<CustomerId>,
    /// Ids that are called by this one.
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
