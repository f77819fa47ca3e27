//! The channel of a message to a customer, shared by flows, messages and messengers.

use serde::{Deserialize, Serialize};

/// The channel of a message.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum MessageMethod {
    /// A text message (SMS), which an HTTP gateway sends.
    Sms,
    Mail,
    /// An HTTP request to a service of the institution, which delivers the message, for example in an app.
    Webhook,
}
