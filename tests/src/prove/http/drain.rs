//! Proof of the drain: a server that is stopped while streams are open ends them properly and exits in time.

use super::super::Form;
use super::{ServerProcess, Violations};
use crate::passing_time::HUNG_AFTER;
use crate::program::instant;
use crate::wire::Wire;
use serde_json::{Value, json};
use std::time::Duration;
use tls::testing::{Authority, NOW};

/// The longest time until the server has exited; judged in the long form. Without a live call only open
/// responses are waited for, 2 s; the rest is the begin of the stop and closing the store.
const GONE_WITHIN: Duration = Duration::from_secs(6);

/// How connections to the server are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Transport {
    Plain,
    Tls,
}

pub(super) fn prove(form: Form, over: Transport, violations: &mut Violations) -> Value {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let files = Authority::new("a proof's").issue(folder.path(), &["127.0.0.1"], NOW);
    let (certificate, key) = (
        files.certificate.to_string_lossy().into_owned(),
        files.key.to_string_lossy().into_owned(),
    );
    let secured = ["--tls-cert", &certificate, "--tls-key", &key];
    let more: &[&str] = if over == Transport::Tls { &secured } else { &[] };
    let Some(server) = ServerProcess::on(&folder.path().join("data"), more) else {
        violations.unless(false, format!("{over:?}: the server does not become ready"));
        return Value::Null;
    };
    let count = match form {
        Form::Short => 5,
        Form::Long => 100,
    };
    let streams: Result<Vec<Wire>, String> = (0..count).map(|_| server.follow()).collect();
    let sockets: Result<Vec<Wire>, String> = (0..count).map(|_| socket(&server)).collect();
    let idle = server.open().and_then(|mut wire| {
        wire.ask("/livez", "")?;
        Ok(wire)
    });
    let (streams, sockets, idle) = match (streams, sockets, idle) {
        (Ok(streams), Ok(sockets), Ok(idle)) => (streams, sockets, idle),
        (streams, sockets, idle) => {
            let why = [streams.err(), sockets.err(), idle.err()];
            violations.unless(false, format!("{over:?}: no streams: {why:?}"));
            return Value::Null;
        }
    };
    let mut server = server;
    let began = instant();
    server.program.signal("TERM");
    let ended = |wire: &mut Wire, how: &[u8]| {
        let rest = wire.rest().unwrap_or_default();
        rest.windows(how.len()).any(|part| part == how)
    };
    // The last chunk of a response (RFC 9112, 7.1), and a close frame (RFC 6455, 5.5.1).
    let streams_ended = streams
        .into_iter()
        .filter_map(|mut wire| ended(&mut wire, b"0\r\n\r\n").then_some(()));
    let streams_ended = streams_ended.count();
    let sockets_ended = sockets
        .into_iter()
        .filter_map(|mut wire| ended(&mut wire, &[0x88]).then_some(()));
    let sockets_ended = sockets_ended.count();
    drop(idle);
    let status = server.program.wait(HUNG_AFTER);
    let took = instant() - began;
    violations.unless(
        streams_ended == count && sockets_ended == count,
        format!("{over:?}: of {count} each, {streams_ended} streams and {sockets_ended} sockets were ended"),
    );
    violations.unless(
        status.is_some_and(|status| status.success()) && (took <= GONE_WITHIN || !form.judges_time()),
        format!("{over:?}: it was gone after {took:?} with {status:?}"),
    );
    json!({"streams": streams_ended, "sockets": sockets_ended, "gone_within_ms": took.as_millis()})
}

fn socket(server: &ServerProcess) -> Result<Wire, String> {
    let mut wire = server.open()?;
    let headers = format!(
        "{}Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n",
        server.bearer()
    );
    let head = wire.ask("/api/v1/events/ws", &headers)?;
    match head.starts_with("HTTP/1.1 101") {
        true => Ok(wire),
        false => Err(format!("no socket: {head}")),
    }
}
