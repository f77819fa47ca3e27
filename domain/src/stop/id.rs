//! The scope of an emergency stop: everything, or one named trunk, campaign or preset. It is also the stop's
//! id.

use crate::calling_plan::Preset;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;
use values::ids::{CampaignId, InvalidId};

/// Longest trunk name in a stop's id, in bytes; a longer one is refused.
pub const TRUNK_NAME_BYTES_MAX: usize = 128;

/// The kind of a stop's scope.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    schemars::JsonSchema,
    derive::EventMembers,
)]
#[serde(rename_all = "snake_case")]
pub enum StopScope {
    All,
    Trunk,
    Campaign,
    Preset,
}

/// One emergency stop, identified by its scope.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum StopId {
    /// All dials of all campaigns.
    All,
    /// Legs on this trunk.
    Trunk(String),
    /// Dials of one campaign.
    Campaign(CampaignId),
    /// Dials of every campaign under this preset.
    Preset(Preset),
}

impl StopScope {
    /// Every scope, in display order.
    pub const ALL: [Self; 4] = [Self::All, Self::Trunk, Self::Campaign, Self::Preset];

    /// Returns the code of the scope in events and requests.
    pub const fn code(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Trunk => "trunk",
            Self::Campaign => "campaign",
            Self::Preset => "preset",
        }
    }
}

impl FromStr for StopScope {
    type Err = &'static str;

    fn from_str(code: &str) -> Result<Self, Self::Err> {
        let mut all = Self::ALL.into_iter();
        all.find(|scope| scope.code() == code)
            .ok_or("must be all, trunk, campaign or preset")
    }
}

impl StopId {
    /// Returns the stop of a scope and a name; the name is empty for a stop of everything. Fails for a name
    /// that the scope does not have.
    pub fn of(scope: StopScope, named: &str) -> Result<Self, InvalidId> {
        let invalid = |why| InvalidId {
            kind: "stop",
            text: named.to_owned(),
            why,
        };
        match scope {
            StopScope::All if named.is_empty() => Ok(Self::All),
            StopScope::All => Err(invalid("a stop of everything names nothing")),
            StopScope::Trunk => match trunk_name(named) {
                Ok(()) => Ok(Self::Trunk(named.to_owned())),
                Err(why) => Err(invalid(why)),
            },
            StopScope::Campaign => named.parse().map(Self::Campaign),
            StopScope::Preset => Preset::of_code(named)
                .map(Self::Preset)
                .ok_or_else(|| invalid("there is no such preset")),
        }
    }

    pub const fn scope(&self) -> StopScope {
        match self {
            Self::All => StopScope::All,
            Self::Trunk(_) => StopScope::Trunk,
            Self::Campaign(_) => StopScope::Campaign,
            Self::Preset(_) => StopScope::Preset,
        }
    }

    /// Returns the name of the stopped trunk, campaign or preset; `None` for a stop of everything.
    pub fn named(&self) -> Option<&str> {
        match self {
            Self::All => None,
            Self::Trunk(name) => Some(name),
            Self::Campaign(campaign) => Some(campaign.as_str()),
            Self::Preset(preset) => Some(preset.code()),
        }
    }

    pub const fn campaign(&self) -> Option<&CampaignId> {
        match self {
            Self::Campaign(campaign) => Some(campaign),
            Self::All | Self::Trunk(_) | Self::Preset(_) => None,
        }
    }
}

fn trunk_name(name: &str) -> Result<(), &'static str> {
    if name.is_empty() || name.len() > TRUNK_NAME_BYTES_MAX {
        return Err("a trunk's name has 1 to 128 bytes");
    }
    let known = |c: char| c.is_ascii_alphanumeric() || "._-:[]".contains(c);
    if !name.chars().all(known) {
        return Err("a trunk's name has A-Z a-z 0-9 . _ - : [ ] only");
    }
    Ok(())
}

impl fmt::Display for StopId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.scope().code())?;
        self.named().map_or(Ok(()), |named| write!(f, ".{named}"))
    }
}

impl FromStr for StopId {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        let (scope, named) = text.split_once('.').unwrap_or((text, ""));
        let is_whole = scope != StopScope::All.code() || scope.len() == text.len();
        match scope.parse() {
            Ok(scope) if is_whole => Self::of(scope, named),
            Ok(_) | Err(_) => Err(InvalidId {
                kind: "stop",
                text: text.to_owned(),
                why: "it must be all, trunk.NAME, campaign.ID or preset.CODE",
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_says_what_is_stopped_and_is_read_again() {
        for text in ["all", "trunk.a.b-1", "campaign.T.1-x", "preset.cn-collection"] {
            let id: StopId = text.parse().unwrap();
            assert_eq!(id.to_string(), text);
            assert_eq!(StopId::of(id.scope(), id.named().unwrap_or("")), Ok(id));
        }
        for wrong in [
            "",
            "all.",
            "all.x",
            "trunk.",
            "campaign.a/b",
            "preset.cn",
            "flow.x",
            "trunk.a b",
        ] {
            assert!(wrong.parse::<StopId>().is_err(), "{wrong}");
        }
    }
}
