//! Attack: peers that never stop sending (issue 51, C2): a mail server with an endless line, webhook
//! receivers and a recognizer that flood `103 Early Hints`, headers or a body.
//!
//! An API command makes the server connect to each. The command must get a response in time, and so must
//! health and opt-outs meanwhile, and the server's memory must not grow by more than a limit. Each peer has a
//! server of its own, so that the peak memory is due to that peer.

use super::raw::{RawResponse, Request, send_from};
use super::tally::{Tally, long_form_only};
use super::{AttackContext, Verdict, ask_each, rss_peak_mb};
use crate::history::member;
use crate::program::free_port;
use crate::prove::{Form, Proof};
use crate::server::Server;
use serde_json::{Value, json};
use std::io::{ErrorKind, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::Scope;
use std::time::Duration;

/// The longest time until the command's response: the deadlines of courier and recognizer are 15 s at most.
const ANSWERED_MS_MAX: u64 = 20_000;

/// The most that the server may grow, in MiB: an endless line took 12 GB in half a minute before it was
/// limited.
const GROWTH_MB_MAX: u64 = 128;

/// The least number of bytes that a peer sends at once.
const BLOCK_BYTES: usize = 64 * 1024;

/// How long one write may wait before a peer checks whether it is over.
const WRITE_WAIT: Duration = Duration::from_millis(200);

/// A recording for the recognizer.
const SPEECH: &[u8] = include_bytes!("../../../../fixtures/audio/menu.wav");

/// The kind of command by which a peer is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum PeerKind {
    Mail,
    Webhook,
    Recognizer,
}

/// Each peer: its name, how it is reached, what it sends first, and what it repeats.
const PEERS: [(&str, PeerKind, &str, &str); 9] = [
    ("mail: one line", PeerKind::Mail, "220 ", "a"),
    ("mail: greeting lines", PeerKind::Mail, "", "220-a\r\n"),
    (
        "mail: EHLO lines",
        PeerKind::Mail,
        "220 mail.example.com\r\n",
        "250-a\r\n",
    ),
    ("webhook: early hints", PeerKind::Webhook, "", HINTS),
    (
        "webhook: one header",
        PeerKind::Webhook,
        "HTTP/1.1 200 OK\r\nx: ",
        "a",
    ),
    (
        "webhook: headers",
        PeerKind::Webhook,
        "HTTP/1.1 200 OK\r\n",
        "x: a\r\n",
    ),
    ("webhook: body", PeerKind::Webhook, CHUNKED, "8\r\naaaaaaaa\r\n"),
    ("recognizer: early hints", PeerKind::Recognizer, "", HINTS),
    (
        "recognizer: body",
        PeerKind::Recognizer,
        CHUNKED,
        "8\r\naaaaaaaa\r\n",
    ),
];

const HINTS: &str = "HTTP/1.1 103 Early Hints\r\nlink: </a>; rel=preload\r\n\r\n";
const CHUNKED: &str = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";

/// A peer that sends as long as the server reads.
struct Flood {
    listener: TcpListener,
    address: SocketAddr,
    begins: &'static str,
    block: Vec<u8>,
    is_over: AtomicBool,
    sent: AtomicU64,
}

impl Flood {
    #[expect(clippy::disallowed_methods, reason = "plays a peer that never stops")]
    fn new(begins: &'static str, repeated: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("loopback has a free port");
        let address = listener.local_addr().expect("a listener has an address");
        let times = BLOCK_BYTES.div_ceil(repeated.len().max(1));
        Self {
            listener,
            address,
            begins,
            block: repeated.repeat(times).into_bytes(),
            is_over: AtomicBool::new(false),
            sent: AtomicU64::new(0),
        }
    }

    /// Accepts connections until it is over; each connection is flooded by a thread of its own.
    fn listen<'scope>(&'scope self, scope: &'scope Scope<'scope, '_>) {
        scope.spawn(move || {
            for stream in self.listener.incoming().flatten() {
                if self.is_over.load(Ordering::SeqCst) {
                    return;
                }
                scope.spawn(move || self.pour(stream));
            }
        });
    }

    fn pour(&self, mut stream: TcpStream) {
        if stream.set_write_timeout(Some(WRITE_WAIT)).is_err()
            || stream.write_all(self.begins.as_bytes()).is_err()
        {
            return;
        }
        let mut at = 0;
        while !self.is_over.load(Ordering::SeqCst) {
            match stream.write(self.block.get(at..).unwrap_or_default()) {
                Ok(0) => return,
                Ok(length) => {
                    at = (at + length) % self.block.len();
                    let length = u64::try_from(length).unwrap_or_default();
                    self.sent.fetch_add(length, Ordering::SeqCst);
                }
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
                Err(_) => return,
            }
        }
    }

    #[expect(clippy::disallowed_methods, reason = "wakes its own listener")]
    fn end(&self) {
        self.is_over.store(true, Ordering::SeqCst);
        drop(TcpStream::connect(self.address));
    }
}

/// Sends the command that makes the server connect to the peer. Returns how long its response took.
fn reach(server: &Server, way: PeerKind, address: SocketAddr) -> Result<u64, String> {
    let (list, order) = match way {
        PeerKind::Mail => {
            let order = json!({"format": "mail", "url": "ops@example.com", "smtp": address.to_string(),
                "allow_private": true});
            ("/api/v1/alerts/channels", order)
        }
        PeerKind::Webhook => {
            let order = json!({"url": format!("http://{address}/"), "allow_private": true,
                "events": ["number.suppressed"]});
            ("/api/v1/webhooks", order)
        }
        PeerKind::Recognizer => {
            let heard = ask(server, "/api/v1/recognize", "audio/wav", SPEECH)?;
            return Ok(heard.took_ms);
        }
    };
    let made = ask(server, list, "application/json", order.to_string().as_bytes())?;
    let id = member(&made.body, "/id").as_str().unwrap_or_default();
    if id.is_empty() {
        return Err(format!("{list} adds nothing: {} {}", made.status, made.body));
    }
    let tested = ask(server, &format!("{list}/{id}/test"), "application/json", b"{}")?;
    Ok(tested.took_ms)
}

/// Sends one command; any status is a response.
fn ask(server: &Server, path: &str, media_type: &'static str, body: &[u8]) -> Result<RawResponse, String> {
    let bearer = server.bearer();
    let request = Request {
        media_type,
        ..Request::post(path, &bearer, body)
    };
    send_from(Ipv4Addr::LOCALHOST, &server.url, &request)
}

/// Checks health and an opt-out. Returns what failed.
fn must_pass(server: &Server, salt: usize) -> Vec<String> {
    let opt_out = format!("/api/v1/numbers/138{salt:08}/opt-out");
    let asked = [
        ("GET", "/livez".to_owned(), json!({})),
        ("POST", opt_out, json!({"reason": "asked beside a flood"})),
    ];
    ask_each(Form::Long, &server.url, &asked).0
}

/// The result for one peer.
struct FloodResult {
    took_ms: Result<u64, String>,
    /// The requests that failed meanwhile.
    broken: Vec<String>,
    sent: u64,
}

/// Lets one peer flood while a command waits for it.
fn flood(server: &Server, peer: &Flood, way: PeerKind, salt: usize) -> FloodResult {
    let (took_ms, broken) = std::thread::scope(|scope| {
        peer.listen(scope);
        let beside = scope.spawn(move || must_pass(server, salt));
        let took_ms = reach(server, way, peer.address);
        let passed = beside.join();
        // Before anything can fail: the scope waits for the peer.
        peer.end();
        (took_ms, passed.expect("the asker ends"))
    });
    FloodResult {
        took_ms,
        broken,
        sent: peer.sent.load(Ordering::SeqCst),
    }
}

/// Starts a server with this recognizer. Its trunk is a port without a far end.
fn start(data: &Path, recognizer: Option<SocketAddr>) -> Option<Server> {
    let trunk = format!("sip:127.0.0.1:{};probe=off", free_port());
    let mut serve = Server::command(data, &trunk);
    if let Some(address) = recognizer {
        serve.args(["--recognizer", &format!("openai:http://{address}/v1")]);
    }
    let mut server = Server::of(serve, data);
    server.wait_ready().then_some(server)
}

/// Runs the attack in the long form only.
pub(super) fn run_endless_peers(stage: &AttackContext<'_>) -> Verdict {
    match stage.form {
        Form::Long => each_peer(),
        Form::Short => long_form_only(),
    }
}

/// Runs the attack alone, without a server under attack beside it.
pub(crate) fn prove_endless_peers(_form: Form) -> Proof {
    let verdict = each_peer();
    Proof {
        holds: verdict.broken.is_empty(),
        line: json!({"proof": "endless-peers", "broken": verdict.broken, "measured": verdict.measured}),
    }
}

/// Lets one peer after another flood.
fn each_peer() -> Verdict {
    let mut tally = Tally::default();
    let mut measured = serde_json::Map::new();
    for (index, (name, way, begins, repeated)) in PEERS.into_iter().enumerate() {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let peer = Flood::new(begins, repeated);
        let recognizer = (way == PeerKind::Recognizer).then_some(peer.address);
        let Some(server) = start(&folder.path().join("data"), recognizer) else {
            tally.holds(false, &format!("{name}: the server is not ready: no attack"));
            continue;
        };
        let before = rss_peak_mb(server.program.id());
        let flooded = flood(&server, &peer, way, index);
        let growth = rss_peak_mb(server.program.id())
            .zip(before)
            .map(|(after, before)| after.saturating_sub(before));
        measured.insert(name.to_owned(), judge(&mut tally, name, &flooded, growth));
    }
    tally.verdict(&Value::Object(measured))
}

/// Compares the result for one peer with the limits. Returns the measurements.
fn judge(tally: &mut Tally, name: &str, flooded: &FloodResult, growth: Option<u64>) -> Value {
    let FloodResult {
        took_ms,
        broken,
        sent,
    } = flooded;
    tally.holds(*sent > 0, &format!("{name}: it is not connected to: no attack"));
    let in_time = took_ms.as_ref().is_ok_and(|ms| *ms <= ANSWERED_MS_MAX);
    tally.holds(
        in_time,
        &format!("{name}: the command is answered after {took_ms:?} ms"),
    );
    let is_bounded = growth.is_none_or(|growth| growth <= GROWTH_MB_MAX);
    tally.holds(is_bounded, &format!("{name}: the server grows by {growth:?} MiB"));
    tally.holds(broken.is_empty(), &format!("{name}: beside it {broken:?}"));
    json!({"sent_kib": sent / 1_024, "took_ms": took_ms.as_ref().ok(), "growth_mb": growth})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_peer_that_is_waited_for_and_memory_that_grows_are_violations() {
        let broken = |took_ms: u64, growth: u64, sent: u64| {
            let mut tally = Tally::default();
            let flooded = FloodResult {
                took_ms: Ok(took_ms),
                broken: Vec::new(),
                sent,
            };
            judge(&mut tally, "peer", &flooded, Some(growth));
            tally.verdict(&Value::Null).broken.len()
        };
        assert_eq!(broken(ANSWERED_MS_MAX, GROWTH_MB_MAX, 1), 0);
        assert_eq!(broken(ANSWERED_MS_MAX + 1, GROWTH_MB_MAX, 1), 1);
        assert_eq!(broken(1, GROWTH_MB_MAX + 1, 1), 1);
        assert_eq!(broken(1, 0, 0), 1);
    }
}
