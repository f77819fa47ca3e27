//! A rehearsal carrier in a process of its own, and its CDR file, with which the log is compared.

use super::file_changes::FileChanges;
use super::program::{Program, command, free_port, ledgerline, read};
use crate::passing_time::HUNG_AFTER;
use carrier::TurnDetails;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// One line of the carrier's CDR file.
#[derive(Debug, Clone, Deserialize)]
pub struct CdrLine {
    pub call_id: String,
    pub callee: String,
    pub invites: u32,
    pub invited_at: String,
    pub code: Option<u16>,
    pub answered_at: Option<String>,
    #[serde(default)]
    pub acked_at: Option<String>,
    pub ended_at: Option<String>,
    pub ended_by: Option<String>,
    pub digits: String,
    /// The details of the conversation, for a callee that speaks.
    pub turns: Option<TurnDetails>,
}

pub struct CarrierProcess {
    pub program: Program,
    pub port: u16,
    pub cdr: PathBuf,
}

impl CarrierProcess {
    /// Starts `ledgerline carrier` on a free loopback port.
    pub fn start(folder: &Path, seed: u64, more: &[&str]) -> Self {
        let port = free_port();
        let cdr = folder.join("carrier.jsonl");
        let mut carrier = command(ledgerline());
        carrier.args([
            "carrier",
            "--listen",
            &format!("127.0.0.1:{port}"),
            "--seed",
            &seed.to_string(),
        ]);
        carrier.arg("--cdr").arg(&cdr).args(more);
        let mut program = Program::start(carrier);
        let ready = program.line(HUNG_AFTER, |_| true);
        assert!(ready.is_some(), "the carrier says that it listens");
        Self { program, port, cdr }
    }

    pub fn trunk(&self) -> String {
        format!("sip:127.0.0.1:{}", self.port)
    }

    /// Returns the CDR lines by Call-ID: the last line of each counts.
    pub fn lines(&self) -> BTreeMap<String, CdrLine> {
        cdr_lines(&self.cdr)
    }

    /// Waits until `wanted` finds something in the CDR lines and returns it; `None` after `within`.
    pub fn until<T>(
        &self,
        within: Duration,
        mut wanted: impl FnMut(&BTreeMap<String, CdrLine>) -> Option<T>,
    ) -> Option<T> {
        FileChanges::of(&self.cdr).until(within, || wanted(&self.lines()))
    }

    /// Waits until the CDR has lines of more than `count` calls. Returns false after `within`.
    pub fn has_more_than(&self, count: usize, within: Duration) -> bool {
        self.until(within, |lines| (lines.len() > count).then_some(()))
            .is_some()
    }
}

pub fn cdr_lines(file: &Path) -> BTreeMap<String, CdrLine> {
    let text = read(file);
    let lines = text
        .lines()
        .filter_map(|line| serde_json::from_str::<CdrLine>(line).ok());
    lines.map(|line| (line.call_id.clone(), line)).collect()
}
