//! External programs that a proof builds or installs: the folders where they stay, and how their steps run.

use crate::program::{command, is_installed, ledgerline};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Returns a folder beside the build, never in the tree, where what is built and installed stays for the next
/// run.
pub(super) fn build_folder(kind: &str, name: &str) -> PathBuf {
    let beside = ledgerline();
    let target = beside
        .parent()
        .and_then(Path::parent)
        .unwrap_or(Path::new("target"));
    target.join(kind).join(name)
}

/// Runs a step quietly. If it fails, returns the last line of its standard error.
pub(super) fn run_step(mut step: Command) -> Result<(), String> {
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

/// Installs once per pinned list: a copy of the list in the folder shows that it was done.
pub(super) fn install_once(
    pinned: &Path,
    place: &Path,
    install: impl FnOnce() -> Result<(), String>,
) -> Result<(), String> {
    let done = place.join("installed-list");
    let list = std::fs::read(pinned).map_err(|error| error.to_string())?;
    if std::fs::read(&done).is_ok_and(|old| old == list) {
        return Ok(());
    }
    std::fs::create_dir_all(place).map_err(|error| error.to_string())?;
    install()?;
    std::fs::write(done, list).map_err(|error| error.to_string())
}

/// Installs a Python in `place` with the packages that `pinned` lists.
pub(super) fn python_with(pinned: &Path, place: &Path) -> Result<PathBuf, String> {
    if !is_installed("python3") {
        return Err("python3 is missing".to_owned());
    }
    install_once(pinned, place, || {
        let mut make = command("python3");
        make.args(["-m", "venv"]).arg(place);
        run_step(make)?;
        let mut install = command(place.join("bin/pip"));
        install
            .args([
                "install",
                "--quiet",
                "--no-input",
                "--disable-pip-version-check",
                "--requirement",
            ])
            .arg(pinned);
        run_step(install)
    })?;
    Ok(place.join("bin/python"))
}
