//! The Messenger port: delivers messages to persons by SMS, mail or webhook.
//!
//! **Guarantees of every implementation.** It sends one message and answers within twenty seconds, whatever
//! the provider does. `Ok` means that the provider accepted it; delivery is the provider's task. It tries
//! once. After a fault in which the message may have left, the failure says so and nothing sends it again. It
//! never logs an address or a text.

use crate::message::MessageMethod;
use async_trait::async_trait;
use values::ids::MessageId;

/// A message to be sent.
#[derive(Clone, PartialEq, Eq)]
pub struct OutgoingMessage {
    /// The message's id; the provider names it in replies.
    pub message: MessageId,
    pub way: MessageMethod,
    /// The recipient: a number (E.164), a mail address, or our id of the customer.
    pub to: String,
    pub subject: Option<String>,
    pub text: String,
    /// Addresses of the attachments.
    pub attachments: Vec<String>,
}

/// The provider's answer to a message that it accepted; acceptance is not delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessageAcceptance {
    pub status: Option<u16>,
}

/// The failure of a message that the provider did not accept.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not accepted: {class}")]
pub struct MessengerFailure {
    /// Class of the failure, for example `unreachable`.
    pub class: String,
    pub status: Option<u16>,
    /// True if the message may arrive all the same.
    pub may_have_left: bool,
}

/// Sends messages to persons.
#[async_trait]
pub trait Messenger: Send + Sync {
    /// Returns the ways by which this messenger sends.
    fn ways(&self) -> Vec<MessageMethod>;
    /// Returns the signature that begins each message of this installation, for example 【示例银行】.
    fn signature(&self) -> Option<String>;
    async fn carry(&self, message: OutgoingMessage) -> Result<MessageAcceptance, MessengerFailure>;
}
