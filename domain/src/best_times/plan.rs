//! What a campaign asks to be learnt: of all, or by groups that it names, and how long a retry may wait.

use serde::{Deserialize, Serialize};

/// Most groups: each has hours of its own in the campaign's event, and ranges of its own where the next is
/// looked for.
pub const TIMES_GROUPS_MAX: usize = 8;

/// Longest name of a group: that of a tag.
const GROUP_BYTES_MAX: usize = 128;

/// How long a retry waits for a better hour where nothing is said: a day, so that each hour comes once.
const LATER_MS_DEFAULT: u64 = 24 * 3_600_000;

/// Shorter than an hour there is no other hour.
const LATER_MS_MIN: u64 = 3_600_000;

/// Longest: over a weekend.
const LATER_MS_MAX: u64 = 72 * 3_600_000;

/// By what people are told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TimesBy {
    /// Not at all.
    #[default]
    All,
    /// The attribute or column `industry`.
    Industry,
    /// The attribute or column `region`, or the home location of the record.
    Region,
    /// Tags, of any level; the first of the plan's that somebody has counts.
    Tag,
}

impl TimesBy {
    pub const fn code(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Industry => "industry",
            Self::Region => "region",
            Self::Tag => "tag",
        }
    }

    /// Under which names it is looked for.
    pub const fn names(self) -> &'static [&'static str] {
        match self {
            Self::All | Self::Tag => &[],
            Self::Industry => &["industry", "行业"],
            Self::Region => &["region", "地域", "home_location"],
        }
    }
}

/// When its people answer is learnt, and goes before where the hours ahead are not alike.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BestTimesPlan {
    #[serde(default)]
    pub by: TimesBy,
    /// The groups that are told apart; whoever is of none of them is of the others.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = TIMES_GROUPS_MAX), example = &["retail"])]
    pub groups: Vec<String>,
    /// How long a retry waits at most for a better hour, after the time that the retry policy has; a day
    /// unless it is said.
    #[serde(default = "later_default")]
    #[schemars(range(min = LATER_MS_MIN, max = LATER_MS_MAX))]
    pub later_ms_max: u64,
}

const fn later_default() -> u64 {
    LATER_MS_DEFAULT
}

impl Default for BestTimesPlan {
    fn default() -> Self {
        Self {
            by: TimesBy::All,
            groups: Vec::new(),
            later_ms_max: LATER_MS_DEFAULT,
        }
    }
}

impl BestTimesPlan {
    /// What is wrong with it.
    pub fn fault(&self) -> Option<&'static str> {
        if !(LATER_MS_MIN..=LATER_MS_MAX).contains(&self.later_ms_max) {
            return Some("later_ms_max must be from one hour to three days");
        }
        if self.groups.len() > TIMES_GROUPS_MAX {
            return Some("names at most 8 groups");
        }
        if (self.by == TimesBy::All) != self.groups.is_empty() {
            return Some("names groups where it learns by one of industry, region and tag, and only there");
        }
        let is_name = |name: &String| !name.trim().is_empty() && name.len() <= GROUP_BYTES_MAX;
        (!self.groups.iter().all(is_name)).then_some("a group has a name of 1 to 128 bytes")
    }

    /// The name of a group.
    pub fn group_name(&self, group: u8) -> Option<&str> {
        let index = usize::from(group).checked_sub(1)?;
        self.groups.get(index).map(String::as_str)
    }
}
