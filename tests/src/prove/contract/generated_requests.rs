//! Requests that schemathesis generates from the description, with valid and invalid data: the response must
//! not be a fault, and must have a described status, media type and shape.

use super::super::external_programs::{build_folder, python_with};
use super::ContractPartResult;
use crate::program::{command, fail};
use crate::server::Server;
use serde_json::{Value, json};
use std::path::Path;
use std::process::Stdio;

const CHECKS: &str = "not_a_server_error,status_code_conformance,content_type_conformance,\
                      response_headers_conformance,response_schema_conformance";

/// The user, the phases and the duration of generated requests.
pub(in super::super) struct SchemathesisOptions<'a> {
    pub(in super::super) authorization: &'a str,
    /// The phases of schemathesis.
    pub(in super::super) phases: &'a str,
    pub(in super::super) seconds: u32,
}

pub(in super::super) fn requests(
    document: &Value,
    server: &Server,
    folder: &Path,
    asking: &SchemathesisOptions<'_>,
) -> ContractPartResult {
    let client = Path::new(env!("CARGO_MANIFEST_DIR")).join("clients/contract/python");
    let python = match python_with(
        &client.join("requirements.txt"),
        &build_folder("contract", "python"),
    ) {
        Ok(python) => python,
        Err(why) => return ContractPartResult::skipped(&format!("schemathesis cannot be installed: {why}")),
    };
    let program = python.with_file_name("st");
    let asked = folder.join("asked.json");
    std::fs::write(&asked, without_waiting(document).to_string())
        .unwrap_or_else(|error| fail(&error.to_string()));
    let mut run = command(program);
    run.arg("run")
        .arg(&asked)
        .args(["--url", &server.url])
        .args(["--header", &format!("Authorization: {}", asking.authorization)])
        .args(["--checks", CHECKS, "--phases", asking.phases])
        // Streams have no end, and a WebSocket is not a plain request.
        .args(["--exclude-path-regex", "/(stream|ws)$"])
        .args([
            "--max-time",
            &asking.seconds.to_string(),
            "--seed",
            "7",
            "--no-color",
        ])
        .args([
            "--continue-on-failure",
            "--request-timeout",
            "20",
            "--warnings",
            "off",
        ])
        .current_dir(folder)
        .stdin(Stdio::null());
    let output = match run.output() {
        Ok(output) => output,
        Err(error) => return ContractPartResult::skipped(&format!("schemathesis does not run: {error}")),
    };
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let cases = cases(&said);
    let mut violations = Vec::new();
    if !output.status.success() {
        let failures = said.lines().skip_while(|line| !line.contains("FAILURES"));
        let failures: Vec<&str> = failures.filter(|line| !line.trim().is_empty()).take(60).collect();
        violations.push(format!("schemathesis: {}", failures.join("\n")));
    }
    if cases == 0 {
        violations.push(format!("schemathesis made up no request: {said}"));
    }
    ContractPartResult {
        violations,
        said: json!(cases),
    }
}

/// Returns the description without the parameter `after_position`: reads of a future position wait, as they
/// should, and generated positions would only wait.
fn without_waiting(document: &Value) -> Value {
    let mut document = document.clone();
    let paths = document.get_mut("paths").and_then(Value::as_object_mut);
    let items = paths.into_iter().flat_map(|paths| paths.values_mut());
    let operations = items
        .filter_map(Value::as_object_mut)
        .flat_map(|item| item.values_mut());
    for operation in operations {
        if let Some(parameters) = operation.get_mut("parameters").and_then(Value::as_array_mut) {
            parameters.retain(|one| one.get("name").is_none_or(|name| name != "after_position"));
        }
    }
    document
}

/// Returns the number of requests in schemathesis's summary.
fn cases(said: &str) -> u64 {
    let summary = said.lines().find_map(|line| line.trim().split_once(" generated"));
    summary
        .and_then(|(count, _)| count.replace(',', "").parse().ok())
        .unwrap_or(0)
}
