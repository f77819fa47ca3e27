//! A fake webhook receiver: it responds to each message with a status that the test sets, and records the
//! messages that it accepted.

use crate::program::fail;
use crate::watched_value::WatchedValue;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::time::Duration;

/// The present status, and the messages so far.
struct WebhookReceiverState {
    status: u16,
    /// The `webhook-id` of each accepted message, which is the event's id.
    taken: Vec<String>,
}

/// A fake receiver on loopback. It runs until the process ends.
pub struct WebhookReceiver {
    address: SocketAddr,
    held: Arc<WatchedValue<WebhookReceiverState>>,
}

impl WebhookReceiver {
    /// Starts a receiver that responds with this status.
    #[expect(clippy::disallowed_methods, reason = "the story's own receiver, on loopback")]
    pub fn answering(status: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0");
        let listener = listener.unwrap_or_else(|error| fail(&format!("no receiver: {error}")));
        let address = listener.local_addr().expect("who listens has an address");
        let held = Arc::new(WatchedValue::new(WebhookReceiverState {
            status,
            taken: Vec::new(),
        }));
        let holds = Arc::clone(&held);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let holds = Arc::clone(&holds);
                std::thread::spawn(move || serve(stream, &holds));
            }
        });
        Self { address, held }
    }

    /// Sets the status of later responses.
    pub fn answers(&self, status: u16) {
        self.held.change(|held| held.status = status);
    }

    pub fn url(&self) -> String {
        format!("http://{}/in", self.address)
    }

    /// Waits until the receiver has accepted so many messages. Returns false after `within`.
    pub fn has_taken(&self, count: usize, within: Duration) -> bool {
        let enough = |held: &mut WebhookReceiverState| (held.taken.len() >= count).then_some(());
        self.held.until(within, enough).is_some()
    }

    /// Waits until the receiver has accepted so many messages, and returns their ids. Fails the test after
    /// `within`.
    pub fn taken(&self, count: usize, within: Duration) -> Vec<String> {
        let enough =
            |held: &mut WebhookReceiverState| (held.taken.len() >= count).then(|| held.taken.clone());
        let found = self.held.until(within, enough);
        found.unwrap_or_else(|| fail(&format!("a receiver did not take {count} messages")))
    }
}

/// Handles one connection, message after message.
fn serve(stream: TcpStream, held: &WatchedValue<WebhookReceiverState>) {
    let Ok(mut answers) = stream.try_clone() else {
        return;
    };
    let mut reader = BufReader::new(stream);
    while let Some(id) = message(&mut reader) {
        let status = held.change(|held| {
            if held.status < 300 {
                held.taken.push(id);
            }
            held.status
        });
        let answer = format!("HTTP/1.1 {status} -\r\ncontent-length: 0\r\n\r\n");
        if answers.write_all(answer.as_bytes()).is_err() {
            return;
        }
    }
}

/// Reads the next message and returns its id; `None` at the end of the connection.
fn message(reader: &mut BufReader<TcpStream>) -> Option<String> {
    let (mut line, mut length, mut id) = (String::new(), 0, None);
    if reader.read_line(&mut line).ok()? == 0 {
        return None;
    }
    while line != "\r\n" {
        line.clear();
        reader.read_line(&mut line).ok()?;
        match line.split_once(':') {
            Some(("content-length", value)) => length = value.trim().parse().ok()?,
            Some(("webhook-id", value)) => id = Some(value.trim().to_owned()),
            _ => {}
        }
    }
    reader.read_exact(&mut vec![0; length]).ok()?;
    id
}
