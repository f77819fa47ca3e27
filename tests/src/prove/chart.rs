//! Proof of the Helm chart: Helm's own library lints and renders it, `kubernetes-validate` checks each object
//! for two versions of Kubernetes, and invalid values are refused.
//!
//! What the objects must be is derived from the values a second time (`tests/clients/chart/objects.py`), and
//! planted faults must be found. The program itself checks each rendered `ledgerline.toml`, and its settings
//! are compared with those that the chart's values have.

use super::external_programs::{build_folder, python_with};
use super::{Form, Proof, skipped};
use crate::history::member;
use crate::program::{command, ledgerline};
use serde_json::{Value, json};
use std::path::Path;
use std::process::Stdio;

/// What pip says if a package is not the one that was pinned: a fault, unlike a registry out of reach.
const FORGED: [&str; 2] = ["sha256", "--require-hashes"];

pub(super) fn prove(form: Form) -> Proof {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let client = root.join("clients/chart");
    let pinned = client.join("requirements.txt");
    let python = match python_with(&pinned, &build_folder("chart-checks", "python")) {
        Ok(python) => python,
        Err(why) if FORGED.iter().any(|word| why.contains(word)) => return failed(&why),
        Err(why) => {
            let reason = format!("helm-python-sdk and kubernetes-validate cannot be installed: {why}");
            return skipped("chart", &reason);
        }
    };
    let mut check = command(python);
    // Without `-B` the modules would be compiled into the tree.
    check.arg("-B").arg(client.join("chart.py"));
    check
        .arg(root.join("../packaging/helm/ledgerline"))
        .arg(ledgerline());
    if form == Form::Short {
        check.arg("--short");
    }
    let output = match check.stdin(Stdio::null()).output() {
        Ok(output) => output,
        Err(error) => return failed(&error.to_string()),
    };
    let text = String::from_utf8_lossy(&output.stdout);
    let Ok(mut line) = serde_json::from_str::<Value>(text.trim()) else {
        return failed(&String::from_utf8_lossy(&output.stderr));
    };
    let violations = member(&line, "/violations").as_array();
    let holds = output.status.success() && violations.is_some_and(Vec::is_empty);
    if let Some(members) = line.as_object_mut() {
        members.insert("proof".to_owned(), json!("chart"));
    }
    Proof { line, holds }
}

fn failed(why: &str) -> Proof {
    Proof {
        holds: false,
        line: json!({ "proof": "chart", "violations": [why] }),
    }
}
