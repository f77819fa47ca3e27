//! A receiver of webhooks that does as it is bidden: it answers each message with the status of the moment,
//! and remembers what it took.

use crate::program::fail;
use crate::watched::Watched;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::time::Duration;

/// What it answers with, and what came.
struct Held {
    status: u16,
    /// Of each message that was taken, its `webhook-id`: the event's.
    taken: Vec<String>,
}

/// A receiver on loopback, for as long as the story lasts.
pub struct Receiver {
    address: SocketAddr,
    held: Arc<Watched<Held>>,
}

impl Receiver {
    /// One that answers with this status.
    #[expect(clippy::disallowed_methods, reason = "the story's own receiver, on loopback")]
    pub fn answering(status: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0");
        let listener = listener.unwrap_or_else(|error| fail(&format!("no receiver: {error}")));
        let address = listener.local_addr().expect("who listens has an address");
        let held = Arc::new(Watched::new(Held {
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

    /// It answers with this status from now on.
    pub fn answers(&self, status: u16) {
        self.held.change(|held| held.status = status);
    }

    pub fn url(&self) -> String {
        format!("http://{}/in", self.address)
    }

    /// True once it took so many messages.
    pub fn has_taken(&self, count: usize, within: Duration) -> bool {
        let enough = |held: &mut Held| (held.taken.len() >= count).then_some(());
        self.held.until(within, enough).is_some()
    }

    /// The ids that it took, once they are so many; the story ends when they do not come `within`.
    pub fn taken(&self, count: usize, within: Duration) -> Vec<String> {
        let enough = |held: &mut Held| (held.taken.len() >= count).then(|| held.taken.clone());
        let found = self.held.until(within, enough);
        found.unwrap_or_else(|| fail(&format!("a receiver did not take {count} messages")))
    }
}

/// One connection, message after message.
fn serve(stream: TcpStream, held: &Watched<Held>) {
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

/// The id of the next message; `None` once there is none.
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
