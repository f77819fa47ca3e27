//! Other people's clients, installed below `target/` from pinned lists, once.

use crate::program::{command, is_installed};
use crate::prove::other_tools::{place, succeed};
use std::path::{Path, PathBuf};
use std::process::Command;

/// A client and how its script is run.
pub(super) struct Peer {
    pub(super) name: &'static str,
    program: PathBuf,
    script: PathBuf,
}

/// Why a client cannot run here, with its name.
pub(super) type Missing = (&'static str, String);

impl Peer {
    pub(super) fn command(&self, what: &str, address: &str, files: &[&Path]) -> Command {
        let mut run = command(&self.program);
        run.arg(&self.script).arg(what).arg(address).args(files);
        run
    }
}

fn source(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("clients/kurrent")
        .join(name)
}

/// Installs once per pinned list: the list itself, put beside what it led to, says that it was done.
fn once(pinned: &Path, place: &Path, install: impl FnOnce() -> Result<(), String>) -> Result<(), String> {
    let done = place.join("installed-list");
    let list = std::fs::read(pinned).map_err(|error| error.to_string())?;
    if std::fs::read(&done).is_ok_and(|old| old == list) {
        return Ok(());
    }
    std::fs::create_dir_all(place).map_err(|error| error.to_string())?;
    install()?;
    std::fs::write(done, list).map_err(|error| error.to_string())
}

pub(super) fn python() -> Result<Peer, Missing> {
    let name = "python";
    let missing = |why: String| (name, format!("the Python client cannot be installed: {why}"));
    if !is_installed("python3") {
        return Err(missing("python3 is missing".to_owned()));
    }
    let (source, place) = (source(name), place("kurrent-clients", name));
    let pinned = source.join("requirements.txt");
    once(&pinned, &place, || {
        let mut make = command("python3");
        make.args(["-m", "venv"]).arg(&place);
        succeed(make)?;
        let mut install = command(place.join("bin/pip"));
        install
            .args(["install", "--quiet", "--no-input", "--requirement"])
            .arg(&pinned);
        succeed(install)
    })
    .map_err(missing)?;
    Ok(Peer {
        name,
        program: place.join("bin/python"),
        script: source.join("client.py"),
    })
}

pub(super) fn node() -> Result<Peer, Missing> {
    let name = "node";
    let missing = |why: String| (name, format!("the Node client cannot be installed: {why}"));
    if !is_installed("node") || !is_installed("npm") {
        return Err(missing("node or npm is missing".to_owned()));
    }
    let (source, place) = (source(name), place("kurrent-clients", name));
    let pinned = source.join("package-lock.json");
    once(&pinned, &place, || {
        for file in ["package.json", "package-lock.json", "client.mjs"] {
            std::fs::copy(source.join(file), place.join(file)).map_err(|error| error.to_string())?;
        }
        let mut install = command("npm");
        install.args(["ci", "--silent", "--ignore-scripts", "--no-audit", "--no-fund"]);
        install.current_dir(&place);
        succeed(install)
    })
    .map_err(missing)?;
    // A script finds its packages beside itself; the tree's own copy is the one that counts.
    std::fs::copy(source.join("client.mjs"), place.join("client.mjs"))
        .map_err(|error| missing(error.to_string()))?;
    Ok(Peer {
        name,
        program: PathBuf::from("node"),
        script: place.join("client.mjs"),
    })
}
