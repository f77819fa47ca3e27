//! Proof of a server's ports as clients use them: drained with open streams, plain and over TLS; wrong,
//! broken and renewed certificates; and PostgreSQL over TLS with a right and a wrong authority.

mod certificates;
mod database;
mod drain;
mod least_privilege;

use super::{Form, Proof};
use crate::passing_time::HUNG_AFTER;
use crate::program::{Program, command, ledgerline};
use crate::server_tokens;
use crate::wire::{Wire, WireSecurity};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::time::Duration;
use tls::Trust;

/// A server without trunks, in a process of its own.
pub(super) struct ServerProcess {
    pub(super) program: Program,
    /// `HOST:PORT` of its HTTP port.
    pub(super) address: String,
    /// `HOST:PORT` of its KurrentDB endpoint, if it has one.
    pub(super) kurrent: Option<String>,
    pub(super) data: PathBuf,
    /// How commands on its directory would connect to it.
    pub(super) speech: WireSecurity,
}

impl ServerProcess {
    /// Starts a server. `None` if it does not become ready.
    pub(super) fn on(data: &Path, more: &[&str]) -> Option<Self> {
        // Its notices on standard error are followed too.
        let mut serve = command("sh");
        serve.args(["-c", "exec \"$0\" \"$@\" 2>&1"]).arg(ledgerline());
        serve.arg("serve").arg("--data").arg(data).args(more);
        serve.args(["--http", "127.0.0.1:0", "--drain", "5s"]);
        let program = Program::start(serve);
        program.says("ready ", HUNG_AFTER, |said| said == "yes")?;
        let (url, speech, kurrent) = said(data)?;
        let (_, address) = url.split_once("://")?;
        let head = Wire::open(address, &speech).ok()?.ask("/readyz", "").ok()?;
        if !head.starts_with("HTTP/1.1 200") {
            return None;
        }
        Some(Self {
            program,
            address: address.to_owned(),
            kurrent,
            data: data.to_owned(),
            speech,
        })
    }

    /// Waits until it has printed a line that begins so. Returns false after `within`.
    pub(super) fn says(&self, line: &str, within: Duration) -> bool {
        self.program.says(line, within, |_| true).is_some()
    }

    pub(super) fn open(&self) -> Result<Wire, String> {
        Wire::open(&self.address, &self.speech)
    }

    /// Returns the header that authorizes a request.
    pub(super) fn bearer(&self) -> String {
        let token = server_tokens::token(&self.data).unwrap_or_default();
        format!("Authorization: Bearer {token}\r\n")
    }

    /// Opens a stream of its events and checks the head of the response.
    pub(super) fn follow(&self) -> Result<Wire, String> {
        let mut wire = self.open()?;
        let head = wire.ask("/api/v1/events/stream", &self.bearer())?;
        match head.contains("text/event-stream") {
            true => Ok(wire),
            false => Err(format!("no stream: {head}")),
        }
    }
}

/// Reads from `server.json` where the server of a directory is and how to connect to it.
fn said(data: &Path) -> Option<(String, WireSecurity, Option<String>)> {
    let text = std::fs::read_to_string(data.join("server.json")).ok()?;
    let said: Value = serde_json::from_str(&text).ok()?;
    let url = said.get("url")?.as_str()?.to_owned();
    let kurrent = said.get("kurrent").and_then(Value::as_str).map(str::to_owned);
    let speech = match said.get("certificate").and_then(Value::as_str) {
        None => WireSecurity::Plain,
        Some(own) => WireSecurity::Secured(
            Trust::none().or_certificate(own.parse().ok()?),
            "127.0.0.1".to_owned(),
        ),
    };
    Some((url, speech, kurrent))
}

/// The violations that were found, as texts.
#[derive(Default)]
pub(super) struct Violations(Vec<String>);

impl Violations {
    pub(super) fn unless(&mut self, holds: bool, what: impl Into<String>) {
        if !holds {
            self.0.push(what.into());
        }
    }
}

pub(super) fn prove(form: Form) -> Proof {
    let mut violations = Violations::default();
    let plain = drain::prove(form, drain::Transport::Plain, &mut violations);
    let secured = drain::prove(form, drain::Transport::Tls, &mut violations);
    let certificates = certificates::prove(form, &mut violations);
    let postgres = database::prove(&mut violations);
    let line = json!({
        "proof": "http", "drained_plain": plain, "drained_over_tls": secured, "certificates": certificates,
        "postgres": postgres, "violations": violations.0,
    });
    Proof {
        line,
        holds: violations.0.is_empty(),
    }
}
