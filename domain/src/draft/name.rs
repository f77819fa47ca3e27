//! Where a draft stands: a user's few places for each kind, so that nobody keeps drafts without end.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;
use values::ids::{InvalidId, UserId};

/// Places of one user for drafts of one kind: more than anybody works on at once. Each is a stream.
pub const PLACES_MAX: u8 = 10;

/// What becomes of a draft when it is done.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum DraftKind {
    Campaign,
    Flow,
}

impl DraftKind {
    pub const ALL: [Self; 2] = [Self::Campaign, Self::Flow];

    pub const fn code(self) -> &'static str {
        match self {
            Self::Campaign => "campaign",
            Self::Flow => "flow",
        }
    }
}

/// A place of its user, by kind and number: `campaign-3`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DraftName {
    pub kind: DraftKind,
    place: u8,
}

impl DraftName {
    /// Every place for drafts of a kind, in order.
    pub fn all_of(kind: DraftKind) -> impl Iterator<Item = Self> {
        (1..=PLACES_MAX).map(move |place| Self { kind, place })
    }
}

impl fmt::Display for DraftName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.kind.code(), self.place)
    }
}

impl FromStr for DraftName {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        let mut all = DraftKind::ALL.into_iter().flat_map(Self::all_of);
        all.find(|name| name.to_string() == text)
            .ok_or_else(|| InvalidId {
                kind: "draft",
                text: text.to_owned(),
                why: "it must be campaign-1 to campaign-10 or flow-1 to flow-10",
            })
    }
}

/// A place of one user. Only the user's own requests name it: another's does not exist for them.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct DraftId {
    pub user: UserId,
    pub name: DraftName,
}

/// No name of a draft has a dot, so that a user whose name ends as one does shares no place.
impl fmt::Display for DraftId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.user, self.name)
    }
}
