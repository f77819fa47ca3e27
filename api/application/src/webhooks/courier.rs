//! The port by which messages leave: whoever implements it knows sockets, names and certificates.
//!
//! **Specification.** `deliver` carries one message and answers within its time, whatever the other side
//! does: no redirect is followed. The status decides, any 2xx is success; a body longer than
//! `ANSWER_READ_BYTES_MAX` is cut. Where
//! `allow_private` is not set only https is spoken, and only to addresses of the open internet: a name is
//! resolved once for a connection, each address it resolves to must be one, and that address is connected to.
//! `admits` holds an address to the same before it is kept. Neither ever logs an address, a header or a body.

use async_trait::async_trait;
use bytes::Bytes;
use domain::time::Timestamp;
use domain::webhook::DeliveryFault;

/// Longest answer that is read: what a person writes into a status page, and no file.
pub const ANSWER_READ_BYTES_MAX: usize = 64 * 1024;

/// Longest time for one message, there and back; Standard Webhooks advises 15 to 30 s.
pub const ANSWER_MS: u64 = 15_000;

/// Something to be carried.
#[derive(Clone)]
pub enum Letter {
    Post(Post),
    Mail(Mail),
}

/// A POST of JSON.
#[derive(Clone)]
pub struct Post {
    pub url: String,
    pub headers: Vec<Header>,
    pub body: Bytes,
    pub allow_private: bool,
}

/// A header of a POST, its name in lower case.
#[derive(Clone)]
pub struct Header {
    pub name: &'static str,
    pub value: String,
}

/// A mail of plain text.
#[derive(Clone)]
pub struct Mail {
    /// `host:port`.
    pub smtp: String,
    /// `user:password`; without it nobody signs in.
    pub login: Option<String>,
    pub to: String,
    pub subject: String,
    pub text: String,
    pub allow_private: bool,
}

/// What came back.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Answered {
    pub fault: Option<DeliveryFault>,
    pub status: Option<u16>,
    /// As far as it was read.
    pub body: Vec<u8>,
    /// How long the receiver asks to be left alone.
    pub retry_after_ms: Option<u64>,
}

impl Answered {
    /// Nothing came back, for this reason.
    pub fn nothing(fault: DeliveryFault) -> Self {
        Self {
            fault: Some(fault),
            ..Self::default()
        }
    }
}

/// Whoever carries messages.
#[async_trait]
pub trait Courier: Send + Sync {
    async fn deliver(&self, letter: Letter) -> Answered;
    /// When it is outside, also while the time in here is a rehearsal's: receivers hold the time of a
    /// signature against their own.
    fn wall_time(&self) -> Timestamp;
    /// Whether messages may be carried to this address, and if not, why, in words.
    async fn admits(&self, address: Address<'_>) -> Result<(), String>;
}

/// An address before it is kept.
#[derive(Debug, Clone, Copy)]
pub enum Address<'a> {
    /// An URL, and whether neither https nor a global address is demanded.
    Url { url: &'a str, allow_private: bool },
    /// A mail server, `host:port`.
    Smtp { host: &'a str, allow_private: bool },
}
