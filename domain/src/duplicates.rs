//! Who is called if two customer ids have the same phone (decision 0045); shared by campaign and number.

use crate::calling_plan::Preset;
use serde::{Deserialize, Serialize};

/// Who is enrolled if two customer ids have the same phone, over all lists of a campaign.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum DuplicatePolicy {
    /// Only the first customer; the others are left out as `same_number`.
    ByNumber,
    /// Each customer; all of them share the number's caps.
    ByCustomer,
}

impl DuplicatePolicy {
    /// Returns the default for a new campaign with this preset: each number once, for collection each
    /// customer. A debt belongs to one debtor: two debtors with one phone are two matters.
    pub const fn of_new(preset: Preset) -> Self {
        match preset {
            Preset::CnCollection => Self::ByCustomer,
            Preset::CnService
            | Preset::CnMarketing
            | Preset::CnCloudTrunk
            | Preset::UsTsr
            | Preset::UsRegf
            | Preset::EuGdpr
            | Preset::SandboxOpen => Self::ByNumber,
        }
    }

    pub const fn code(self) -> &'static str {
        match self {
            Self::ByNumber => "by_number",
            Self::ByCustomer => "by_customer",
        }
    }
}
