//! A WebSocket reader that is cut at random: it acknowledges on the connection, or remembers its position
//! itself.

use super::again;
use super::reader::ReceivedEvents;
use crate::generated_log::SeededGenerator;
use crate::passing_time::HUNG_AFTER;
use crate::program::fail;
use crate::server::Server;
use serde_json::{Value, json};
use std::net::TcpStream;
use std::sync::atomic::{AtomicU64, Ordering};
use tungstenite::client::IntoClientRequest;
use tungstenite::http::HeaderValue;
use tungstenite::{Message, WebSocket};

/// The events between two acknowledgements.
const ACKNOWLEDGED_EVERY: u64 = 500;

/// Where a reader continues.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum ResumeMode {
    /// At the position that the server has stored.
    Acknowledges,
    /// At its own last position, to the event.
    Remembers,
}

impl ResumeMode {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Acknowledges => "ws-acknowledging",
            Self::Remembers => "ws-remembering",
        }
    }
}

/// One reader, over all its connections.
pub(super) struct Reader<'a> {
    server: &'a Server,
    way: ResumeMode,
    chance: SeededGenerator,
    received: ReceivedEvents,
    /// The position up to which it has acknowledged, or remembers.
    said: u64,
}

impl<'a> Reader<'a> {
    pub(super) fn new(server: &'a Server, way: ResumeMode, index: usize, chance: SeededGenerator) -> Self {
        Self {
            server,
            way,
            chance,
            received: ReceivedEvents::nothing(&format!("{}-{index}", way.name())),
            said: 0,
        }
    }

    /// Reads until the position `until`, which is not known at first.
    pub(super) fn read_all(mut self, longest: u64, until: &AtomicU64) -> ReceivedEvents {
        while self.received.last < until.load(Ordering::Acquire) {
            let length = 1 + self.chance.below(longest);
            if self.way == ResumeMode::Remembers {
                self.said = self.received.last;
            }
            self.read_some(length, until);
            self.received.cuts += 1;
        }
        self.received
    }

    /// Reads on one connection, cut after `length` events without a close frame.
    fn read_some(&mut self, length: u64, until: &AtomicU64) {
        let mut socket = again(|| self.open());
        let mut heard = 0;
        while heard < length && self.received.last < until.load(Ordering::Acquire) {
            let text = match socket.read() {
                Ok(Message::Text(text)) => text,
                Ok(Message::Close(_)) | Err(_) => return,
                Ok(_) => continue,
            };
            let Some(position) = position_of(&text) else {
                continue;
            };
            if heard == 0 {
                self.received.begin_with(position, self.said);
            }
            self.received.hear(position);
            heard += 1;
            if self.way == ResumeMode::Acknowledges && heard.is_multiple_of(ACKNOWLEDGED_EVERY) {
                let word = json!({ "acknowledge": self.received.last.to_string() }).to_string();
                if socket.send(Message::text(word)).is_err() {
                    return;
                }
                self.said = self.received.last;
            }
        }
    }

    fn open(&self) -> Option<WebSocket<TcpStream>> {
        let address = self.server.url.trim_start_matches("http://");
        let mut url = format!(
            "ws://{address}/api/v1/events/ws?subscriber={}",
            self.received.name
        );
        if self.way == ResumeMode::Remembers {
            url.push_str(&format!("&after={}", self.received.last));
        }
        let mut request = url.as_str().into_client_request().ok()?;
        let bearer = HeaderValue::from_str(&self.server.bearer()).ok()?;
        request.headers_mut().insert("authorization", bearer);
        tungstenite::client(request, connect(address)?)
            .ok()
            .map(|(socket, _)| socket)
    }
}

/// Returns the position of an event; `None` for a note between events.
fn position_of(text: &str) -> Option<u64> {
    let message: Value = serde_json::from_str(text).unwrap_or_else(|error| fail(&error.to_string()));
    if message.get("message").is_some() {
        return None;
    }
    let position = message.get("position").and_then(Value::as_str);
    let position = position.and_then(|text| text.parse().ok());
    Some(position.unwrap_or_else(|| fail("an event has its position")))
}

#[expect(clippy::disallowed_methods, reason = "plays a reader of a WebSocket")]
fn connect(address: &str) -> Option<TcpStream> {
    let stream = TcpStream::connect(address).ok()?;
    stream.set_read_timeout(Some(HUNG_AFTER)).ok()?;
    Some(stream)
}
