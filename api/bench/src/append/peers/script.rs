//! Runs the script that measures another event store (a peer), and reads the figures that it prints.

use crate::append::peers::CASES;
use serde::Deserialize;
use std::path::Path;
use std::process::Stdio;

/// The script that prepares a peer and runs it, from the root of the source tree.
const SCRIPT: &str = "bench/peers/run.sh";

/// The script's exit code for a peer that cannot run here.
const CANNOT: i32 = 3;

/// The figures of a peer in one case. The script prints them as one line of JSON.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct PeerResult {
    /// The peer's name, with a variant if it is measured in several: `message-db, one category`.
    pub peer: String,
    /// The actual number of producers: some peers are limited by a pool of connections.
    pub(crate) producers: usize,
    /// The number of producers that was requested.
    pub asked: usize,
    /// Events per commit.
    pub batch: usize,
    /// Events committed per second, by all producers.
    pub per_second: f64,
    /// Median time of a commit, in microseconds.
    pub(crate) p50_us: f64,
    /// 99th percentile of a commit, in microseconds.
    pub(crate) p99_us: f64,
}

/// Runs the script for a peer and returns the figures of its cases, or the reason why there are none. The
/// peer stores its events in a new temporary directory, or in a database that it creates on the
/// PostgreSQL `server`.
pub(super) async fn run(peer: &str, server: Option<&str>) -> Result<Vec<PeerResult>, String> {
    if !Path::new(SCRIPT).exists() {
        return Err(format!(
            "{SCRIPT} is not here: run from the root of the source tree"
        ));
    }
    let scratch = tempfile::tempdir().map_err(|error| error.to_string())?;
    let cases = CASES.map(|case| format!("{}:{}:{}", case.producers, case.batch, case.commits));
    let mut command = tokio::process::Command::new("bash");
    command
        .args([SCRIPT, peer])
        .env("PEER_CASES", cases.join(" "))
        .env("PEER_DIR", scratch.path())
        .stdin(Stdio::null())
        .kill_on_drop(true);
    if let Some(url) = server {
        command.env("PEER_URL", url);
    }
    let output = command.output().await.map_err(|error| error.to_string())?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        let last = said.lines().rev().find(|line| !line.trim().is_empty());
        let last = last.unwrap_or("it printed nothing").to_owned();
        return Err(match output.status.code() {
            Some(CANNOT) => last,
            _ => format!("it failed: {last}"),
        });
    }
    let text = String::from_utf8_lossy(&output.stdout);
    let lines = text.lines().filter(|line| line.starts_with('{'));
    let lines: Result<Vec<PeerResult>, _> = lines.map(serde_json::from_str).collect();
    lines.map_err(|error| format!("its figures cannot be read: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_peer_that_does_not_exist_says_why_it_has_no_figures() {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        assert!(runtime.block_on(run("unknown", None)).is_err());
    }
}
