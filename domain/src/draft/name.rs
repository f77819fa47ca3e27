//! Names of draft slots: each user has a few slots per kind, which limits the number of drafts.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;
use values::ids::{InvalidId, UserId};

/// Number of slots that each user has per kind of draft. Each slot is a stream.
pub const PLACES_MAX: u8 = 10;

/// What a draft becomes when it is finished.
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

/// A user's slot for a draft, by kind and number from 1: `campaign-3`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DraftName {
    pub kind: DraftKind,
    place: u8,
}

impl DraftName {
    /// Returns every slot of a kind, in order of number.
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

/// The id of a slot: its user and its name. Requests can name only the caller's own slots; others appear as
/// not existing.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct DraftId {
    pub user: UserId,
    pub name: DraftName,
}

/// Slot names have no dot, so that two users never share an id, whatever their names end with.
impl fmt::Display for DraftId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.user, self.name)
    }
}
