//! A peer's own program, which is run to its end by its script.

use crate::append::peers::CASES;
use serde::Deserialize;
use std::path::Path;
use std::process::Stdio;

/// The script that prepares a peer and runs it, from the root of the source tree.
const SCRIPT: &str = "bench/peers/run.sh";

/// The script's exit code for a peer that cannot run here.
const CANNOT: i32 = 3;

/// The figures that a peer's script prints for one case.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct PeerResult {
    pub peer: String,
    /// The actual number of producers: some peers are limited by a pool of connections.
    pub(crate) producers: usize,
    /// The number of producers that was requested.
    pub asked: usize,
    pub batch: usize,
    pub per_second: f64,
    pub(crate) p50_us: f64,
    pub(crate) p99_us: f64,
}

/// Runs the peer's script on a log that it creates and returns its figures; the error says why there are
/// none. On `server` the peer may create its own databases.
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
