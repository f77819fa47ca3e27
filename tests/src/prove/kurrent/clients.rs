//! External KurrentDB clients, installed once below `target/` from pinned lists.

use super::KurrentServer;
use crate::program::{command, is_installed};
use crate::prove::external_programs::{build_folder, install_once, python_with, run_step};
use std::path::{Path, PathBuf};
use std::process::Command;

/// A client and how its script is run.
pub(super) struct Peer {
    pub(super) name: &'static str,
    program: PathBuf,
    script: PathBuf,
}

/// The name of a client that cannot run here, and why.
pub(super) type MissingClient = (&'static str, String);

impl Peer {
    pub(super) fn command(&self, what: &str, served: &KurrentServer, files: &[&Path]) -> Command {
        let mut run = command(&self.program);
        run.env("LEDGERLINE_TOKEN", &served.token);
        run.arg(&self.script).arg(what).arg(&served.address).args(files);
        run
    }
}

fn source(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("clients/kurrent")
        .join(name)
}

pub(super) fn python() -> Result<Peer, MissingClient> {
    let name = "python";
    let missing = |why: String| (name, format!("the Python client cannot be installed: {why}"));
    let (source, place) = (source(name), build_folder("kurrent-clients", name));
    let program = python_with(&source.join("requirements.txt"), &place).map_err(missing)?;
    Ok(Peer {
        name,
        program,
        script: source.join("client.py"),
    })
}

pub(super) fn node() -> Result<Peer, MissingClient> {
    let name = "node";
    let missing = |why: String| (name, format!("the Node client cannot be installed: {why}"));
    if !is_installed("node") || !is_installed("npm") {
        return Err(missing("node or npm is missing".to_owned()));
    }
    let (source, place) = (source(name), build_folder("kurrent-clients", name));
    let pinned = source.join("package-lock.json");
    install_once(&pinned, &place, || {
        for file in ["package.json", "package-lock.json", "client.mjs"] {
            std::fs::copy(source.join(file), place.join(file)).map_err(|error| error.to_string())?;
        }
        let mut install = command("npm");
        install.args(["ci", "--silent", "--ignore-scripts", "--no-audit", "--no-fund"]);
        install.current_dir(&place);
        run_step(install)
    })
    .map_err(missing)?;
    // A script finds its packages in its own folder; the script of the tree is copied each time.
    std::fs::copy(source.join("client.mjs"), place.join("client.mjs"))
        .map_err(|error| missing(error.to_string()))?;
    Ok(Peer {
        name,
        program: PathBuf::from("node"),
        script: place.join("client.mjs"),
    })
}
