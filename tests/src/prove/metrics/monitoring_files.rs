//! The rules and the dashboard of `docs/monitoring/`: checked by promtool, and shortened for a proof.

use crate::program::command;
use regex::Regex;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// The rules.
pub(super) const RULES: &str = include_str!("../../../../docs/monitoring/ledgerline.rules.yml");
/// The dashboard.
const DASHBOARD: &str = include_str!("../../../../docs/monitoring/ledgerline.dashboard.json");

/// The range over which the proof takes rates, in the dashboard and in shortened rules.
pub(super) const RANGE: &str = "15s";

/// Limits that a short proof cannot reach, with those that it uses instead. The unit tests of the rules judge
/// the real ones.
const LOWERED: [(&str, &str); 2] = [("> 10000", "> 20"), ("[10m]))) > 11", "[10m]))) > 3")];

/// Returns the names of all rules.
pub(super) fn rule_names() -> Vec<&'static str> {
    let names = RULES
        .lines()
        .filter_map(|line| line.trim().strip_prefix("- alert: "));
    names.collect()
}

/// Returns the rules with waits and ranges of seconds instead of minutes, and with lowered limits.
pub(super) fn shortened_rules() -> String {
    let mut text = RULES.to_owned();
    for (limit, lower) in LOWERED {
        assert!(text.contains(limit), "{limit} is not in the rules any more");
        text = text.replace(limit, lower);
    }
    let wait = Regex::new(r"for: \d+[mh]").expect("a constant pattern");
    let text = wait.replace_all(&text, "for: 2s");
    let long = Regex::new(r"\[30m\]").expect("a constant pattern");
    let text = long.replace_all(&text, "[120s]");
    let range = Regex::new(r"\[\d+m\]").expect("a constant pattern");
    range.replace_all(&text, format!("[{RANGE}]")).into_owned()
}

/// Returns the expressions of the dashboard, with its variables filled in.
pub(super) fn dashboard_expressions() -> BTreeSet<String> {
    let dashboard: Value = serde_json::from_str(DASHBOARD).expect("the dashboard is JSON");
    let mut found = BTreeSet::new();
    collect_expressions(&dashboard, &mut found);
    found
}

fn collect_expressions(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                match member.as_str().filter(|_| name == "expr") {
                    Some(text) => {
                        let text = text.replace("$job", "ledgerline");
                        found.insert(text.replace("$__rate_interval", RANGE));
                    }
                    None => collect_expressions(member, found),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| collect_expressions(item, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Runs promtool on the rules, their unit tests, the expressions of the dashboard and the shortened rules.
/// Returns what it refuses.
pub(super) fn check_files(folder: &Path) -> Vec<String> {
    let monitoring = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../docs/monitoring");
    let mut broken = Vec::new();
    let mut check = |args: &[&str], file: &Path| {
        broken.extend(promtool(args, file, None));
    };
    check(
        &["check", "rules", "--lint-fatal"],
        &monitoring.join("ledgerline.rules.yml"),
    );
    check(&["test", "rules"], &monitoring.join("ledgerline.rules.test.yml"));
    let shortened = folder.join("shortened.rules.yml");
    std::fs::write(&shortened, shortened_rules()).expect("a file can be written");
    check(&["check", "rules"], &shortened);
    // As recording rules, because this promtool checks no bare expression without a server.
    let expressions = dashboard_expressions();
    let rules: Vec<Value> = (0..)
        .zip(&expressions)
        .map(|(index, expression)| json!({"record": format!("panel:{index}"), "expr": expression}))
        .collect();
    let panels = folder.join("panels.rules.yml");
    let text = json!({"groups": [{"name": "panels", "rules": rules}]}).to_string();
    std::fs::write(&panels, text).expect("a file can be written");
    check(&["check", "rules"], &panels);
    broken
}

/// Runs `promtool check metrics` on the text of a scrape. Returns what it refuses, without deprecated names.
pub(super) fn check_scrape(folder: &Path, text: &str, deprecated: &[&str]) -> Vec<String> {
    let file = folder.join("scrape.txt");
    std::fs::write(&file, text).expect("a file can be written");
    let input = std::fs::File::open(&file).expect("a file can be read");
    let said = promtool(&["check", "metrics"], &file, Some(input));
    let is_known = |line: &&str| !line.is_empty() && !deprecated.iter().any(|name| line.starts_with(name));
    let lines = said.iter().flat_map(|said| said.lines());
    lines.filter(is_known).map(str::to_owned).collect()
}

/// Runs promtool on a file, or with this input. Returns its output if it fails.
fn promtool(args: &[&str], file: &Path, input: Option<std::fs::File>) -> Option<String> {
    let mut tool = command("promtool");
    tool.args(args);
    match input {
        Some(input) => tool.stdin(input),
        None => tool.arg(file),
    };
    let output = match tool.output() {
        Ok(output) => output,
        Err(error) => return Some(format!("promtool: {error}")),
    };
    if output.status.success() {
        return None;
    }
    let said = [output.stdout, output.stderr].concat();
    Some(String::from_utf8_lossy(&said).into_owned())
}

/// Returns the metrics that rules and dashboard use, without the suffixes of histograms.
pub(super) fn used_metrics() -> BTreeSet<String> {
    let name = Regex::new(r"\b(?:ledgerline|process)_[a-z_]+\b").expect("a constant pattern");
    let expressions = dashboard_expressions();
    let panels = expressions.iter().map(String::as_str);
    let texts = panels.chain(RULES.lines().filter(|line| !line.trim_start().starts_with('#')));
    let found = texts.flat_map(|text| name.find_iter(text).map(|found| found.as_str().to_owned()));
    let base = |name: String| {
        let suffix = ["_bucket", "_sum", "_count"]
            .into_iter()
            .find(|suffix| name.ends_with(suffix));
        suffix.map_or(name.clone(), |suffix| name.trim_end_matches(suffix).to_owned())
    };
    found.map(base).collect()
}
