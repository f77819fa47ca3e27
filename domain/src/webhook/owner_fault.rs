//! Reasons why a webhook's owner lost the right to its deliveries. The owner is the user who added it,
//! changed it last or took it over. The owner of the data directory keeps every right.

use serde::{Deserialize, Serialize};

/// Why a webhook's owner lost the right to its deliveries. New faults are added at the end.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema, derive::EventMembers,
)]
#[serde(rename_all = "snake_case")]
pub enum OwnerFault {
    /// The owner is disabled, or is a guest with expired access.
    OwnerDisabled,
    /// The owner is active, but lacks a permission or the data scope that the webhook needs.
    RightLost,
}

impl OwnerFault {
    /// Returns the code of the fault in events and responses.
    pub const fn code(self) -> &'static str {
        match self {
            Self::OwnerDisabled => "owner_disabled",
            Self::RightLost => "right_lost",
        }
    }
}
