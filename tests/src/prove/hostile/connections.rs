//! Attack: more connections than the limit, of four kinds that send nothing or stop in the middle.

use super::{AttackContext, Verdict};
use crate::prove::Form;
use serde_json::json;
use std::io::Write;
use std::net::TcpStream;

/// The number of connections: more than the 1,024 that a server holds.
const CONNECTIONS: usize = 1_100;

/// What each kind sends before it is silent: nothing; 8 bytes of an HTTP/2 preface; a whole preface with its
/// settings and no request; half a body, with the token.
const KINDS: [(&str, &str); 4] = [
    ("silent", ""),
    ("half_preface", "PRI * HT"),
    (
        "idle_h2",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00",
    ),
    (
        "half_body",
        "POST /api/v1/campaigns HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: {bearer}\r\n\
         content-length: 1000\r\n\r\n{\"task_id\"",
    ),
];

/// Runs all four kinds together, then (in the long form) each alone.
pub(super) fn open_silent_connections(stage: &AttackContext<'_>) -> Verdict {
    let mixed = KINDS.to_vec();
    let mut rounds: Vec<Vec<_>> = vec![mixed];
    if stage.form == Form::Long {
        rounds.extend(KINDS.iter().map(|kind| vec![*kind]));
    }
    let (mut broken, mut slowest, mut opened) = (Vec::new(), 0, 0);
    for (round, kinds) in rounds.iter().enumerate() {
        let held = open(stage, kinds);
        opened += held.len();
        if held.len() < CONNECTIONS {
            broken.push(format!(
                "only {} of {CONNECTIONS} could be opened: raise `ulimit -n`",
                held.len()
            ));
        }
        let salt = u32::try_from(round).unwrap_or(0);
        let (not_passed, ms) = stage.must_pass(salt);
        broken.extend(not_passed);
        slowest = slowest.max(ms);
    }
    Verdict {
        broken,
        measured: json!({"connections": opened, "slowest_ms": u64::try_from(slowest).unwrap_or(u64::MAX)}),
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "plays a stranger who connects and says nothing"
)]
fn open(stage: &AttackContext<'_>, kinds: &[(&str, &str)]) -> Vec<TcpStream> {
    let address = stage.server.url.trim_start_matches("http://");
    let bearer = stage.server.bearer();
    let mut held = Vec::new();
    for (_, says) in kinds.iter().cycle().take(CONNECTIONS) {
        let Ok(mut stream) = TcpStream::connect(address) else {
            break;
        };
        // If the server has already closed the connection, it has resisted too.
        drop(stream.write_all(says.replace("{bearer}", &bearer).as_bytes()));
        held.push(stream);
    }
    held
}
