//! Proof of monitoring: Debian's Prometheus scrapes a real server through 200 calls and one planted fault for
//! each rule. Every rule fires and resolves, and every expression of the dashboard returns data.
//!
//! Rules wait for minutes. The proof uses a copy with waits of seconds and two lower limits; promtool's unit
//! tests, which run first, judge the rules as they are. Grafana is in no package registry that the build
//! uses, so the dashboard's looks are not tested.

mod monitoring_files;
mod prometheus;
mod resource_scenes;
mod scenes;
mod server_scene;
mod speech_scene;

use super::{Form, Proof, skipped};
use crate::program::{command, fail, is_installed, ledgerline};
use crate::server::Server;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::process::{Command, Stdio};

/// The name of the proof, and of its part in a mount namespace.
const NAME: &str = "metrics";
const INSIDE: &str = "metrics-inside";

/// Metrics that are served under their old names for one release, against the naming rules.
const DEPRECATED: [&str; 2] = ["ledgerline_log_position", "ledgerline_worklist_age_milliseconds"];

/// What was found so far.
#[derive(Debug, Default)]
struct MetricsResults {
    /// Whether each rule fired and resolved.
    fired: BTreeSet<&'static str>,
    resolved: BTreeSet<&'static str>,
    /// Expressions of the dashboard that returned data.
    with_data: BTreeSet<String>,
    calls: u64,
    /// Parts that could not run here, with the reason.
    skipped: BTreeMap<&'static str, String>,
    broken: Vec<String>,
}

impl MetricsResults {
    fn and(mut self, other: Self) -> Self {
        self.fired.extend(other.fired);
        self.resolved.extend(other.resolved);
        self.with_data.extend(other.with_data);
        self.calls += other.calls;
        self.skipped.extend(other.skipped);
        self.broken.extend(other.broken);
        self
    }
}

pub(crate) fn prove(form: Form) -> Proof {
    if !is_installed("promtool") {
        return skipped(NAME, "promtool is not installed: apt-get install prometheus");
    }
    match form {
        Form::Short => prove_files(),
        Form::Long => prove_in_namespace(),
    }
}

/// Checks the files and one scrape, without calls.
fn prove_files() -> Proof {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let mut broken = monitoring_files::check_files(folder.path());
    let data = folder.path().join("data");
    let mut server = Server::of(plain_server(&data), &data);
    if server.wait_ready() {
        broken.extend(check_one_scrape(folder.path(), &server));
    } else {
        broken.push("the server does not become ready".to_owned());
    }
    if !server.drains() {
        broken.push("the server did not end by itself".to_owned());
    }
    let line = json!({
        "proof": NAME,
        "rules": monitoring_files::rule_names().len(),
        "expressions": monitoring_files::dashboard_expressions().len(),
        "broken": broken,
    });
    Proof {
        line,
        holds: broken.is_empty(),
    }
}

/// Returns the command line of a server without a trunk.
fn plain_server(data: &Path) -> Command {
    let mut serve = command(ledgerline());
    serve.arg("serve").arg("--data").arg(data);
    serve.args(["--http", "127.0.0.1:0", "--drain", "5s"]);
    serve
}

/// Scrapes a server, and checks the text: what promtool refuses, and names of rules and dashboard that are
/// not served.
fn check_one_scrape(folder: &Path, server: &Server) -> Vec<String> {
    let text = match server.get("/metrics") {
        Ok(reply) if reply.status == 200 => reply.body.as_str().unwrap_or_default().to_owned(),
        other => return vec![format!("GET /metrics: {other:?}")],
    };
    let mut broken = monitoring_files::check_scrape(folder, &text, &DEPRECATED);
    let type_lines = text.lines().filter_map(|line| line.strip_prefix("# TYPE "));
    let served: BTreeSet<&str> = type_lines.filter_map(|line| line.split(' ').next()).collect();
    for used in monitoring_files::used_metrics() {
        if !served.contains(used.as_str()) {
            broken.push(format!("{used} is in a rule or a panel and is not served"));
        }
    }
    broken
}

/// Runs the long form again in a namespace in which a small disk can be mounted.
fn prove_in_namespace() -> Proof {
    if !is_installed("prometheus") {
        return skipped(NAME, "prometheus is not installed: apt-get install prometheus");
    }
    let mut namespace = vec!["--mount"];
    if fs::metadata("/proc/self").map_or(0, |own| own.uid()) != 0 {
        namespace.extend(["--user", "--map-root-user"]);
    }
    let can = command("unshare")
        .args(&namespace)
        .arg("true")
        .stderr(Stdio::null())
        .status();
    if !can.is_ok_and(|status| status.success()) {
        // The scene that needs it says that it is skipped.
        return prove_inside();
    }
    let own = std::env::current_exe().expect("a running program has a path");
    let output = command("unshare")
        .args(&namespace)
        .arg(own)
        .arg(INSIDE)
        .stderr(Stdio::inherit())
        .output()
        .unwrap_or_else(|error| fail(&format!("unshare: {error}")));
    let text = String::from_utf8_lossy(&output.stdout);
    let line = text.lines().next_back().unwrap_or("");
    Proof {
        line: serde_json::from_str(line).unwrap_or_else(|_| json!({"proof": NAME, "said": line})),
        holds: output.status.success(),
    }
}

/// Runs every scene. Called in a namespace of its own.
pub(crate) fn prove_inside() -> Proof {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let mut found = MetricsResults {
        broken: monitoring_files::check_files(folder.path()),
        ..MetricsResults::default()
    };
    for (name, scene) in scenes::ALL {
        let place = folder.path().join(name);
        fs::create_dir_all(&place).expect("a folder can be made");
        found = found.and(scene(&place));
    }
    judge(found)
}

/// Judges what all scenes found: each rule, each expression, 200 calls.
fn judge(mut found: MetricsResults) -> Proof {
    for rule in monitoring_files::rule_names() {
        if found.skipped.contains_key(rule) {
            continue;
        }
        if !found.fired.contains(rule) {
            found.broken.push(format!("{rule} did not fire"));
        } else if !found.resolved.contains(rule) {
            found.broken.push(format!("{rule} did not resolve"));
        }
    }
    let expressions = monitoring_files::dashboard_expressions();
    for expression in expressions.difference(&found.with_data) {
        found.broken.push(format!("no data: {expression}"));
    }
    if found.calls < scenes::CALLS_MIN {
        found.broken.push(format!("only {} calls ended", found.calls));
    }
    let line = json!({
        "proof": NAME,
        "calls": found.calls,
        "rules": monitoring_files::rule_names().len(),
        "fired": found.fired.len(),
        "resolved": found.resolved.len(),
        "expressions": expressions.len(),
        "expressions_with_data": found.with_data.len(),
        "not_tested": "how the dashboard looks: Grafana is in no package registry that the build uses",
        "skipped_rules": found.skipped,
        "broken": found.broken,
    });
    Proof {
        line,
        holds: found.broken.is_empty(),
    }
}
