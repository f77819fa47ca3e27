//! The port that sends messages. The implementation handles sockets, names and certificates.
//!
//! **Specification.** `deliver` sends one message and returns within `ANSWER_MS`, whatever the receiver
//! does. No redirect is followed. The status decides: any 2xx is success. A body longer than
//! `ANSWER_READ_BYTES_MAX` is cut. Unless `allow_private` is set, only https is used, and only to addresses
//! of the public internet: a name is resolved once per connection, each address it resolves to must be
//! public, and that address is connected to. `admits` checks an address by the same rules before it is
//! stored. Neither ever logs an address, a header or a body.

use async_trait::async_trait;
use bytes::Bytes;
use domain::time::Timestamp;
use domain::webhook::DeliveryFault;

/// Longest answer that is read, in bytes: enough for a status page.
pub const ANSWER_READ_BYTES_MAX: usize = 64 * 1024;

/// Longest time for one message and its answer, in milliseconds. Standard Webhooks recommends 15 to 30 s.
pub const ANSWER_MS: u64 = 15_000;

/// A message to send: an HTTP request or a mail.
#[derive(Clone)]
pub enum Letter {
    Post(Post),
    Mail(Mail),
}

/// An HTTP POST request with a JSON body.
#[derive(Clone)]
pub struct Post {
    pub url: String,
    pub headers: Vec<Header>,
    pub body: Bytes,
    pub allow_private: bool,
}

/// A header of a POST, with its name in lower case.
#[derive(Clone)]
pub struct Header {
    pub name: &'static str,
    pub value: String,
}

/// A mail with plain text.
#[derive(Clone)]
pub struct Mail {
    /// The mail server as `host:port`.
    pub smtp: String,
    /// `user:password` for the mail server. Without it the client does not sign in.
    pub login: Option<String>,
    pub to: String,
    pub subject: String,
    pub text: String,
    pub allow_private: bool,
}

/// The receiver's answer to a message.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DeliveryResponse {
    pub fault: Option<DeliveryFault>,
    pub status: Option<u16>,
    /// The body, as far as it was read.
    pub body: Vec<u8>,
    /// Time that the receiver asks to wait before the next message, in milliseconds.
    pub retry_after_ms: Option<u64>,
}

impl DeliveryResponse {
    /// Returns the result of a delivery that got no response, with the reason.
    pub fn nothing(fault: DeliveryFault) -> Self {
        Self {
            fault: Some(fault),
            ..Self::default()
        }
    }
}

/// A port that sends messages over HTTP or by mail. The module documentation specifies it.
#[async_trait]
pub trait Courier: Send + Sync {
    async fn deliver(&self, letter: Letter) -> DeliveryResponse;
    /// Returns the current time outside, also in a rehearsal with its own clock: receivers compare a
    /// signature's time with theirs.
    fn wall_time(&self) -> Timestamp;
    /// Checks an address before it is stored. Fails with the reason, in words, if messages may not be sent
    /// to it.
    async fn admits(&self, address: Address<'_>) -> Result<(), String>;
}

/// An address to be checked before it is stored.
#[derive(Debug, Clone, Copy)]
pub enum Address<'a> {
    /// A URL. `allow_private` permits plain http and private addresses.
    Url { url: &'a str, allow_private: bool },
    /// The address of a mail server, `host:port`.
    Smtp { host: &'a str, allow_private: bool },
}
