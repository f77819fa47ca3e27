//! Checks the description with external programs: a validator accepts it, and generators make a client in
//! Python and one in TypeScript without a warning.

use super::super::external_programs::{build_folder, install_once, python_with, run_step};
use super::ContractPartResult;
use crate::program::{command, is_installed};
use serde_json::{Map, Value, json};
use std::path::{Path, PathBuf};
use std::process::Command;

pub(super) fn load(document: &Path, folder: &Path) -> ContractPartResult {
    let mut violations = Vec::new();
    let mut said: Map<String, Value> = Map::new();
    for (name, made) in [
        ("openapi-spec-validator", validator(document)),
        ("openapi-python-client", python(document, &folder.join("python"))),
        (
            "openapi-typescript",
            typescript(document, &folder.join("types.d.ts")),
        ),
    ] {
        let result = match made {
            Ok(Ok(())) => json!("no warning"),
            Ok(Err(warning)) => {
                violations.push(format!("{name}: {warning}"));
                json!("warned")
            }
            Err(why) => json!({ "skipped": why }),
        };
        said.insert(name.to_owned(), result);
    }
    ContractPartResult {
        violations,
        said: Value::Object(said),
    }
}

/// The result of a program. The outer error: why it cannot run here; the inner one: what it complained about.
type GeneratorResult = Result<Result<(), String>, String>;

fn python(document: &Path, out: &Path) -> GeneratorResult {
    let client = clients().join("python/requirements.txt");
    let python = python_with(&client, &build_folder("contract", "python"))?;
    let mut generate = command(python.with_file_name("openapi-python-client"));
    generate.args(["generate", "--meta", "none", "--fail-on-warning", "--path"]);
    generate.arg(document).arg("--output-path").arg(out);
    // Audio is bytes to a client; the generator must be configured for that.
    generate
        .arg("--config")
        .arg(clients().join("python/generator.yaml"));
    // The generator formats its output with a program in its own folder.
    let beside = python.parent().unwrap_or(Path::new("."));
    generate.env(
        "PATH",
        format!("{}:/usr/local/bin:/usr/bin:/bin", beside.display()),
    );
    Ok(complaint(generate))
}

/// Validates the description against OpenAPI 3.1: names of operations are unique, references resolve.
fn validator(document: &Path) -> GeneratorResult {
    let client = clients().join("python/requirements.txt");
    let python = python_with(&client, &build_folder("contract", "python"))?;
    let mut validate = command(python.with_file_name("openapi-spec-validator"));
    validate.arg(document);
    Ok(complaint(validate))
}

fn typescript(document: &Path, out: &Path) -> GeneratorResult {
    if !is_installed("node") || !is_installed("npm") {
        return Err("node or npm is missing".to_owned());
    }
    let (source, place) = (clients().join("node"), build_folder("contract", "node"));
    let pinned = source.join("package-lock.json");
    install_once(&pinned, &place, || {
        for file in ["package.json", "package-lock.json"] {
            std::fs::copy(source.join(file), place.join(file)).map_err(|error| error.to_string())?;
        }
        let mut install = command("npm");
        install.args(["ci", "--silent", "--ignore-scripts", "--no-audit", "--no-fund"]);
        install.current_dir(&place);
        run_step(install)
    })?;
    let mut generate = command("node");
    generate.arg(place.join("node_modules/openapi-typescript/bin/cli.js"));
    generate.arg(document).arg("--output").arg(out);
    Ok(complaint(generate))
}

fn clients() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("clients/contract")
}

/// Runs a generator. An output with warnings or errors is returned as its complaint.
fn complaint(mut generate: Command) -> Result<(), String> {
    let output = generate.output().map_err(|error| error.to_string())?;
    let mut said = String::from_utf8_lossy(&output.stdout).into_owned();
    said.push_str(&String::from_utf8_lossy(&output.stderr));
    let is_quiet = !said.to_lowercase().contains("warning");
    if output.status.success() && is_quiet {
        return Ok(());
    }
    Err(said)
}
