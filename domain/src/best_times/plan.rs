//! A campaign's plan for best call times: which groups are distinguished, and how long a retry may wait.

use serde::{Deserialize, Serialize};

/// Most groups of a best-times plan; more are a fault. Each has its own counts in the campaign's event and
/// its own ranges in the search for due enrolments.
pub const TIMES_GROUPS_MAX: usize = 8;

/// Longest name of a group, in bytes; a longer one is a fault. It is the limit of a tag.
const GROUP_BYTES_MAX: usize = 128;

/// Default of `later_ms_max`, the longest delay of a retry, in milliseconds: one day, so that each hour
/// occurs once.
const LATER_MS_DEFAULT: u64 = 24 * 3_600_000;

/// Smallest permitted `later_ms_max`, in milliseconds: one hour.
const LATER_MS_MIN: u64 = 3_600_000;

/// Largest permitted `later_ms_max`, in milliseconds: three days, over a weekend.
const LATER_MS_MAX: u64 = 72 * 3_600_000;

/// The criterion by which customers are grouped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum BestTimesGrouping {
    /// No groups.
    #[default]
    All,
    /// The attribute or column `industry`.
    Industry,
    /// The attribute or column `region`, or the home location in the record.
    Region,
    /// Tags of any level. The first of the plan's tags that the customer has counts.
    Tag,
}

impl BestTimesGrouping {
    pub const fn code(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Industry => "industry",
            Self::Region => "region",
            Self::Tag => "tag",
        }
    }

    /// Returns the names of the columns or attributes with the values by which customers are grouped; empty
    /// for `all` and for tags.
    pub const fn names(self) -> &'static [&'static str] {
        match self {
            Self::All | Self::Tag => &[],
            Self::Industry => &["industry", "行业"],
            Self::Region => &["region", "地域", "home_location"],
        }
    }
}

/// The best-times plan: answer times are learned, and retries move to better hours.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BestTimesPlan {
    #[serde(default)]
    pub by: BestTimesGrouping,
    /// The groups. Customers in none of them form a group of their own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = TIMES_GROUPS_MAX), example = &["retail"])]
    pub groups: Vec<String>,
    /// Longest delay of a retry for a better hour, in milliseconds after the time of the retry policy.
    /// Default: one day.
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
            by: BestTimesGrouping::All,
            groups: Vec::new(),
            later_ms_max: LATER_MS_DEFAULT,
        }
    }
}

impl BestTimesPlan {
    /// Returns what is wrong with the plan; `None` if it is valid.
    pub fn fault(&self) -> Option<&'static str> {
        if !(LATER_MS_MIN..=LATER_MS_MAX).contains(&self.later_ms_max) {
            return Some("later_ms_max must be from one hour to three days");
        }
        if self.groups.len() > TIMES_GROUPS_MAX {
            return Some("names at most 8 groups");
        }
        if (self.by == BestTimesGrouping::All) != self.groups.is_empty() {
            return Some("names groups where it learns by one of industry, region and tag, and only there");
        }
        let is_name = |name: &String| !name.trim().is_empty() && name.len() <= GROUP_BYTES_MAX;
        (!self.groups.iter().all(is_name)).then_some("a group has a name of 1 to 128 bytes")
    }

    /// Returns the name of a group by its number, from 1; `None` for 0 and unknown numbers.
    pub fn group_name(&self, group: u8) -> Option<&str> {
        let index = usize::from(group).checked_sub(1)?;
        self.groups.get(index).map(String::as_str)
    }
}
