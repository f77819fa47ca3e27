//! By which way a message to a person leaves: a value that flows, messages and whoever carries them share.

use serde::{Deserialize, Serialize};

/// By which way a message leaves.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Way {
    /// A short message, by a gateway.
    Sms,
    Mail,
    /// To an address of the institution's own, which brings it to an app.
    Webhook,
}
