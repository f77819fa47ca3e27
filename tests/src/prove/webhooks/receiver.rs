//! A receiver of webhooks as another company's system would be: it verifies each message with the public
//! library, sometimes fails, sometimes is slow, and can be restarted on its port.

use crate::program::fail;
use crate::watched_value::WatchedValue;
use standardwebhooks::Webhook;
use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;
use ureq::http::HeaderMap;
use ureq::http::header::{HeaderName, HeaderValue};

/// One message in so many is refused when it first arrives.
const REFUSED_EACH: u64 = 9;
/// One message in so many is answered late.
const SLOW_EACH: u64 = 13;
/// The delay of a late response.
const SLOW: Duration = Duration::from_millis(250);

/// An accepted message; they are kept in the order of arrival.
#[derive(Clone)]
pub(super) struct AcceptedMessage {
    pub(super) path: String,
    pub(super) id: String,
    pub(super) timestamp: String,
    pub(super) signature: String,
    pub(super) bearer: Option<String>,
    pub(super) body: String,
    /// The secrets known by then that verify it, by index.
    pub(super) verified_by: Vec<usize>,
}

#[derive(Default)]
struct ReceiverState {
    taken: Vec<AcceptedMessage>,
    /// The messages refused once: they are accepted the next time.
    refused: BTreeSet<String>,
    refused_count: usize,
    slow_count: usize,
    /// The secrets by path, in the order in which they were made.
    secrets: BTreeMap<String, Vec<String>>,
    unverified: Vec<String>,
    /// Set while nothing listens: a delayed response is sent at once, and is not read.
    is_closed: bool,
}

/// The receiver; its memory outlives its restarts.
pub(super) struct Receiver {
    address: SocketAddr,
    held: Arc<WatchedValue<ReceiverState>>,
    open: Arc<AtomicBool>,
    /// The accepting thread, until the receiver is closed.
    listening: Option<JoinHandle<()>>,
}

impl Receiver {
    pub(super) fn start() -> Self {
        let held = Arc::default();
        let open = Arc::new(AtomicBool::new(true));
        let (address, listening) = listen("127.0.0.1:0".parse().expect("an address"), &held, &open);
        Self {
            address,
            held,
            open,
            listening: Some(listening),
        }
    }

    pub(super) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Adds a secret that signs what arrives at `path` from now on.
    pub(super) fn know(&self, path: &str, secret: &str) {
        let mut held = self.held.look();
        held.secrets
            .entry(path.to_owned())
            .or_default()
            .push(secret.to_owned());
    }

    /// Stops listening, and closes what was connected.
    pub(super) fn close(&mut self) {
        self.open.store(false, Ordering::SeqCst);
        self.held.change(|held| held.is_closed = true);
        // Wakes the accepting thread; the port is free when that has ended.
        drop(connect(self.address));
        let gone = self.listening.take().map(JoinHandle::join);
        assert!(
            gone.is_none_or(|gone| gone.is_ok()),
            "the accepting thread panicked"
        );
    }

    pub(super) fn reopen(&mut self) {
        self.open = Arc::new(AtomicBool::new(true));
        self.held.change(|held| held.is_closed = false);
        let (_, listening) = listen(self.address, &self.held, &self.open);
        self.listening = Some(listening);
    }

    pub(super) fn taken_at(&self, path: &str) -> Vec<AcceptedMessage> {
        let held = self.held.look();
        let of_path = held.taken.iter().filter(|taken| taken.path == path);
        of_path.cloned().collect()
    }

    pub(super) fn count_at(&self, path: &str) -> usize {
        let held = self.held.look();
        held.taken.iter().filter(|taken| taken.path == path).count()
    }

    /// Returns true when so many messages have arrived at `path`.
    pub(super) fn has_taken(&self, path: &str, count: usize, within: Duration) -> bool {
        let taken = |held: &mut ReceiverState| {
            let of_path = held.taken.iter().filter(|taken| taken.path == path);
            (of_path.count() >= count).then_some(())
        };
        self.held.until(within, taken).is_some()
    }

    /// Returns true when nothing arrives for so long; false at once when something does.
    pub(super) fn is_quiet(&self, lasts: Duration) -> bool {
        let before = self.held.look().taken.len();
        let came = |held: &mut ReceiverState| (held.taken.len() != before).then_some(());
        self.held.until(lasts, came).is_none()
    }

    pub(super) fn refused_count(&self) -> usize {
        self.held.look().refused_count
    }

    pub(super) fn slow_count(&self) -> usize {
        self.held.look().slow_count
    }

    pub(super) fn unverified(&self) -> Vec<String> {
        self.held.look().unverified.clone()
    }
}

#[expect(clippy::disallowed_methods, reason = "the proof's own receiver, on loopback")]
fn connect(address: SocketAddr) -> std::io::Result<TcpStream> {
    TcpStream::connect(address)
}

/// Listens and responds until it is closed.
#[expect(clippy::disallowed_methods, reason = "the proof's own receiver, on loopback")]
fn listen(
    address: SocketAddr,
    held: &Arc<WatchedValue<ReceiverState>>,
    open: &Arc<AtomicBool>,
) -> (SocketAddr, JoinHandle<()>) {
    let bound = TcpListener::bind(address);
    let listener = bound.unwrap_or_else(|error| fail(&format!("the receiver's port is not free: {error}")));
    let address = listener.local_addr().unwrap_or(address);
    let (held, open) = (Arc::clone(held), Arc::clone(open));
    let listening = std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            if !open.load(Ordering::SeqCst) {
                return;
            }
            let (held, open) = (Arc::clone(&held), Arc::clone(&open));
            std::thread::spawn(move || serve(stream, &held, &open));
        }
    });
    (address, listening)
}

/// Serves one connection, request after request.
fn serve(stream: TcpStream, held: &WatchedValue<ReceiverState>, open: &AtomicBool) {
    drop(stream.set_nodelay(true));
    let Ok(mut answers) = stream.try_clone() else {
        return;
    };
    let mut reader = BufReader::new(stream);
    while let Some(message) = read_message(&mut reader) {
        // After a restart: the message is lost, and no response is sent.
        if !open.load(Ordering::SeqCst) {
            return;
        }
        let status = judge(message, held);
        let body = if status == 200 {
            "{\"ok\":true}"
        } else {
            "try again"
        };
        let head = format!(
            "HTTP/1.1 {status} -\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        if answers.write_all(head.as_bytes()).is_err() {
            return;
        }
    }
}

/// Refuses some messages once, answers some late, and accepts the others if their signature is right.
fn judge(message: Message, held: &WatchedValue<ReceiverState>) -> u16 {
    let number = digest(&message.header("webhook-id"));
    if number.is_multiple_of(REFUSED_EACH) {
        let mut held = held.look();
        if held
            .refused
            .insert(format!("{} {}", message.path, message.header("webhook-id")))
        {
            held.refused_count += 1;
            return 503;
        }
    }
    if number.is_multiple_of(SLOW_EACH) {
        held.look().slow_count += 1;
        held.until(SLOW, |held| held.is_closed.then_some(()));
    }
    held.change(|held| take(message, held))
}

/// Accepts a message that is signed.
fn take(message: Message, held: &mut ReceiverState) -> u16 {
    let secrets = held.secrets.get(&message.path).cloned().unwrap_or_default();
    let verified_by: Vec<usize> = secrets
        .iter()
        .enumerate()
        .filter(|(_, secret)| message.is_signed_by(secret))
        .map(|(index, _)| index)
        .collect();
    if verified_by.is_empty() {
        let why = format!(
            "{} {} verifies by no secret",
            message.path,
            message.header("webhook-id")
        );
        held.unverified.push(why);
        return 401;
    }
    held.taken.push(AcceptedMessage {
        id: message.header("webhook-id"),
        timestamp: message.header("webhook-timestamp"),
        signature: message.header("webhook-signature"),
        bearer: message
            .headers
            .get("authorization")
            .and_then(|value| value.to_str().ok())
            .map(str::to_owned),
        path: message.path,
        body: message.body,
        verified_by,
    });
    200
}

/// Returns a number that depends on an id only, evenly distributed.
fn digest(id: &str) -> u64 {
    id.bytes().fold(7, |sum: u64, byte| {
        sum.wrapping_mul(31).wrapping_add(u64::from(byte))
    })
}

struct Message {
    path: String,
    headers: HeaderMap,
    body: String,
}

impl Message {
    fn header(&self, name: &str) -> String {
        let value = self.headers.get(name).and_then(|value| value.to_str().ok());
        value.unwrap_or_default().to_owned()
    }

    /// Returns true if the public library verifies it.
    fn is_signed_by(&self, secret: &str) -> bool {
        Webhook::new(secret).is_ok_and(|webhook| webhook.verify(self.body.as_bytes(), &self.headers).is_ok())
    }
}

fn read_message(reader: &mut BufReader<TcpStream>) -> Option<Message> {
    let mut first = String::new();
    reader.read_line(&mut first).ok()?;
    let path = first.split(' ').nth(1)?.to_owned();
    let mut headers = HeaderMap::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let line = line.trim_end();
        if line.is_empty() {
            break;
        }
        let (name, value) = line.split_once(':')?;
        let name: HeaderName = name.trim().parse().ok()?;
        headers.insert(name, HeaderValue::from_str(value.trim()).ok()?);
    }
    let length: usize = headers.get("content-length")?.to_str().ok()?.parse().ok()?;
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some(Message {
        path,
        headers,
        body: String::from_utf8(body).ok()?,
    })
}
