//! Why the owner of a webhook may not have it deliver any more. The owner is the user who added it, changed
//! it last or took it over; the directory's owner loses no right.

use serde::{Deserialize, Serialize};

/// Further faults are added at the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OwnerFault {
    /// The owner is disabled, or was a guest until a time that is over.
    OwnerDisabled,
    /// The owner is active and lacks a permission, or the data scope, that the webhook needs.
    RightLost,
}

impl OwnerFault {
    /// As stored and as shown.
    pub const fn code(self) -> &'static str {
        match self {
            Self::OwnerDisabled => "owner_disabled",
            Self::RightLost => "right_lost",
        }
    }
}
