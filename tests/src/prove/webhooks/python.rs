//! Verification of the signatures by the public Python library, and mails to a Python SMTP server; skipped
//! with a message if they cannot be installed.

use super::receiver::AcceptedMessage;
use crate::passing_time::HUNG_AFTER;
use crate::program::{Program, command};
use crate::prove::external_programs::{build_folder, python_with};
use serde_json::{Value, json};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Stdio;

/// The folder of the scripts, and of the list of packages with exact versions.
const CLIENTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/clients/webhooks");

/// Returns a Python with the packages.
pub(super) fn python() -> Result<PathBuf, String> {
    python_with(
        &Path::new(CLIENTS).join("requirements.txt"),
        &build_folder("tools", "webhooks"),
    )
}

/// Verifies messages with the library, each with the newest secret at its time. Returns its output.
pub(super) fn verify(python: &Path, taken: &[AcceptedMessage], secrets: &[String]) -> Result<Value, String> {
    let mut lines = String::new();
    for message in taken {
        let newest = message
            .verified_by
            .iter()
            .max()
            .and_then(|index| secrets.get(*index));
        let line = json!({
            "secret": newest, "body": message.body,
            "headers": {"webhook-id": message.id, "webhook-timestamp": message.timestamp,
                "webhook-signature": message.signature},
        });
        lines.push_str(&line.to_string());
        lines.push('\n');
    }
    let mut child = command(python)
        .arg(Path::new(CLIENTS).join("verify.py"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| error.to_string())?;
    if let Some(mut input) = child.stdin.take() {
        input
            .write_all(lines.as_bytes())
            .map_err(|error| error.to_string())?;
    }
    let output = child.wait_with_output().map_err(|error| error.to_string())?;
    serde_json::from_slice(&output.stdout).map_err(|error| error.to_string())
}

/// A mail server that prints the mails it receives.
pub(super) struct MailServer {
    program: Program,
    pub(super) port: String,
}

impl MailServer {
    pub(super) fn start(python: &Path) -> Option<Self> {
        let mut serve = command(python);
        serve.arg("-u").arg(Path::new(CLIENTS).join("mails.py"));
        let mut program = Program::start_with_input(serve);
        let line = program.line(HUNG_AFTER, |line| line.starts_with("PORT "))?;
        let port = line.trim_start_matches("PORT ").trim().to_owned();
        Some(Self { program, port })
    }

    /// Waits for a mail to this address.
    pub(super) fn mail_to(&mut self, address: &str) -> Option<String> {
        self.program.line(HUNG_AFTER, |line| {
            line.starts_with("MAIL ") && line.contains(address)
        })
    }
}
