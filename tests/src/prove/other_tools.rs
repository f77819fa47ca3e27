//! Other people's programs that a proof builds or installs: where they stay, and how their steps run.

use crate::program::ledgerline;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A folder beside the build, never in the tree, where what is built and installed stays for the next run.
pub(super) fn place(kind: &str, name: &str) -> PathBuf {
    let beside = ledgerline();
    let target = beside
        .parent()
        .and_then(Path::parent)
        .unwrap_or(Path::new("target"));
    target.join(kind).join(name)
}

/// Runs a step quietly; its last words when it fails.
pub(super) fn succeed(mut step: Command) -> Result<(), String> {
    let output = step
        .stdin(Stdio::null())
        .output()
        .map_err(|error| error.to_string())?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    Err(said.lines().next_back().unwrap_or("it failed").to_owned())
}
