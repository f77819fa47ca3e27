//! Proof that the console's files follow from its sources alone: two builds in two folders give the same
//! bytes, which are those in the tree. Skipped without Node.

use super::external_programs::run_step;
use super::{Form, Proof, skipped};
use crate::program::{command, fail, is_installed};
use serde_json::json;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Folders that are not sources: installed or made.
const MADE: [&str; 3] = ["dist", "made", "node_modules"];

/// The folders of the builds: different names, depths and lengths.
const FOLDERS: [&str; 2] = ["a", "another/folder of the console"];

/// A script that checks the version of Node: 20.19 or newer.
const IS_NEW_ENOUGH: &str =
    "const [a, b] = process.versions.node.split('.'); process.exit(a > 20 || (a == 20 && b >= 19) ? 0 : 1)";

pub(super) fn prove(_: Form) -> Proof {
    let name = "console-build";
    if !is_installed("node") || !is_installed("npm") {
        return skipped(name, "node or npm is missing");
    }
    let mut asked = command("node");
    asked.args(["-e", IS_NEW_ENOUGH]);
    if run_step(asked).is_err() {
        return skipped(name, "node is older than 20.19");
    }
    let web = Path::new(env!("CARGO_MANIFEST_DIR")).join("../web");
    let folder = tempfile::tempdir().unwrap_or_else(|error| fail(&error.to_string()));
    let mut builds = Vec::new();
    for place in FOLDERS {
        let place = folder.path().join(place);
        copy(&web, &place);
        if let Err(why) = step(
            &place,
            "npm",
            &["ci", "--silent", "--ignore-scripts", "--no-audit", "--no-fund"],
        ) {
            return skipped(
                name,
                &format!("the console's packages cannot be installed: {why}"),
            );
        }
        let built = step(&place, "node", &["scripts/types.mjs"])
            .and_then(|()| step(&place, "npm", &["run", "--silent", "build"]));
        if let Err(why) = built {
            return to_proof(
                json!({ "proof": name, "violations": [format!("it does not build: {why}")] }),
                false,
            );
        }
        builds.push(below(&place.join("dist")));
    }
    builds.push(below(&web.join("dist")));
    compared(name, &builds)
}

fn to_proof(line: serde_json::Value, holds: bool) -> Proof {
    Proof { line, holds }
}

/// Compares the files of two builds and of the tree.
fn compared(name: &str, builds: &[BTreeMap<PathBuf, Vec<u8>>]) -> Proof {
    let [one, other, tree] = builds else {
        fail("a build is missing");
    };
    let mut violations = differing(one, other, "two builds differ");
    violations.extend(differing(one, tree, "web/dist is not what its sources build"));
    let holds = violations.is_empty() && !one.is_empty();
    let bytes: usize = one.values().map(Vec::len).sum();
    let line =
        json!({ "proof": name, "builds": 2, "files": one.len(), "bytes": bytes, "violations": violations });
    to_proof(line, holds)
}

/// Returns the files that only one has, or that have different bytes.
fn differing(
    one: &BTreeMap<PathBuf, Vec<u8>>,
    other: &BTreeMap<PathBuf, Vec<u8>>,
    what: &str,
) -> Vec<String> {
    let lost = other.keys().filter(|path| !one.contains_key(*path));
    let changed = one
        .iter()
        .filter(|(path, bytes)| other.get(*path) != Some(*bytes));
    let paths = lost.chain(changed.map(|(path, _)| path));
    paths.map(|path| format!("{what}: {}", path.display())).collect()
}

fn step(place: &Path, program: &str, args: &[&str]) -> Result<(), String> {
    let mut step: Command = command(program);
    step.args(args).current_dir(place);
    run_step(step)
}

/// Copies the sources, without what is made from them.
fn copy(from: &Path, to: &Path) {
    let copied = || -> std::io::Result<()> {
        fs::create_dir_all(to)?;
        for entry in fs::read_dir(from)? {
            let (path, name) = entry.map(|entry| (entry.path(), entry.file_name()))?;
            if MADE.iter().any(|made| name == *made) {
                continue;
            }
            let to = to.join(name);
            if path.is_dir() {
                copy(&path, &to);
            } else {
                fs::copy(path, to)?;
            }
        }
        Ok(())
    };
    copied().unwrap_or_else(|error| fail(&error.to_string()));
}

/// Returns every file below a folder, by its relative path.
fn below(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(&next).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let bytes = fs::read(&path).unwrap_or_else(|error| fail(&error.to_string()));
            let name = path.strip_prefix(folder).unwrap_or(&path).to_owned();
            found.insert(name, bytes);
        }
    }
    found
}
