//! The Messenger port: whoever carries messages to persons.
//!
//! **What every implementation promises.** It carries one message and answers within twenty seconds, whatever
//! the other side does. `Ok` means that the other side took it; whether it arrives is theirs. It tries once:
//! a fault after which the message may have left is told as such, and nobody sends it again. It never logs an
//! address or a text.

use crate::message::Way;
use async_trait::async_trait;
use values::ids::MessageId;

/// A message that leaves.
#[derive(Clone, PartialEq, Eq)]
pub struct OutgoingMessage {
    /// The other side names it in replies.
    pub message: MessageId,
    pub way: Way,
    /// A number (E.164), a mail address, or our id of the customer.
    pub to: String,
    pub subject: Option<String>,
    pub text: String,
    /// Addresses of what goes with it.
    pub attachments: Vec<String>,
}

/// What the other side answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Carried {
    pub status: Option<u16>,
}

/// Why it was not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not accepted: {class}")]
pub struct NotCarried {
    /// Such as `unreachable`.
    pub class: String,
    pub status: Option<u16>,
    /// It may arrive all the same.
    pub may_have_left: bool,
}

/// Carries messages to persons.
#[async_trait]
pub trait Messenger: Send + Sync {
    /// Ways by which it carries any.
    fn ways(&self) -> Vec<Way>;
    /// What a message of this way begins with, such as 【示例银行】.
    fn signature(&self) -> Option<String>;
    async fn carry(&self, message: OutgoingMessage) -> Result<Carried, NotCarried>;
}
