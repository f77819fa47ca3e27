//! Check 9: each stored kind has a golden file, each golden file has a kind, and none was edited. A kind is
//! written once, as the serde name of its variant: `derive::EventData` makes its constant and its tests.

use super::tree::{Finding, Tree};
use regex::Regex;
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;

const FOLDER: &str = "fixtures/events/";
/// `<sha256>  <path below fixtures/events>`, one line per committed golden file; lines are added, never
/// changed.
const SUMS: &str = "fixtures/events/SHA256SUMS";

/// Returns the kinds named by `#[serde(rename = "…")]` in the aggregates' event files.
fn kinds(tree: &Tree) -> BTreeSet<String> {
    let rename = Regex::new(r#"rename = "([a-z_]+\.[a-z_]+)""#).expect("a constant pattern");
    tree.under("domain/src/")
        .filter(|file| file.path.ends_with("/event.rs"))
        .flat_map(|file| rename.captures_iter(&file.text))
        .map(|found| found[1].to_owned())
        .collect()
}

fn sum(text: &str) -> String {
    Sha256::digest(text.as_bytes())
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    let kinds = kinds(tree);
    let mut findings = Vec::new();
    for kind in &kinds {
        let aggregate = kind.split('.').next().unwrap_or("");
        let path = format!("{FOLDER}{aggregate}/{kind}.v1.json");
        if tree.get(&path).is_none() {
            findings.push(Finding {
                path,
                line: 1,
                what: format!("{kind} has no golden file"),
            });
        }
    }
    let sums = tree.get(SUMS).map_or("", |file| file.text.as_str());
    for file in tree
        .under(FOLDER)
        .filter(|file| file.path.ends_with(".json") && !file.path.ends_with(".expected.json"))
    {
        let kind: Vec<&str> = file.path.rsplit('/').next().unwrap_or("").split(".v").collect();
        if !kind.first().is_some_and(|kind| kinds.contains(*kind)) {
            findings.push(file.finding(1, "no event has this kind"));
        }
        let below = file.path.trim_start_matches(FOLDER);
        match sums.lines().find(|line| line.ends_with(&format!("  {below}"))) {
            None => findings.push(file.finding(1, format!("add `{}  {below}` to {SUMS}", sum(&file.text)))),
            Some(line) if !line.starts_with(&sum(&file.text)) => {
                findings
                    .push(file.finding(1, "was edited; a changed shape is a new version with a new file"));
            }
            Some(_) => {}
        }
    }
    findings.extend(written(tree, &kinds));
    findings
}

/// Finds events without the derive, and kinds that are written out in product code. Query text is not a
/// literal of a kind, and an attribute (a serde name, an example of a description) accepts no constant.
fn written(tree: &Tree, kinds: &BTreeSet<String>) -> Vec<Finding> {
    let events = Regex::new(r#"content = "data"\)\]\n(#\[.*\n)*pub enum (\w+)"#).expect("a constant pattern");
    let literal = Regex::new(r#""([a-z_]+\.[a-z_]+)""#).expect("a constant pattern");
    let tests = Regex::new(r"#\[cfg\(test\)\]\n(pub\(crate\) )?mod \w+ \{").expect("a constant pattern");
    let mut findings = Vec::new();
    for file in tree.rust().filter(|file| !is_test(&file.path)) {
        let code = tests.split(&file.text).next().unwrap_or("");
        if file.path.starts_with("domain/src/") && !code.contains("derive::EventData") {
            let missing = events.captures_iter(code);
            let missing = missing.map(|found| format!("{} needs derive::EventData", &found[2]));
            findings.extend(missing.map(|what| file.finding(1, what)));
        }
        for (number, line) in code.lines().enumerate() {
            let said = ["//", "#["]
                .iter()
                .any(|start| line.trim_start().starts_with(start));
            for found in literal.captures_iter(line).filter(|_| !said) {
                if kinds.contains(&found[1]) {
                    let what = format!("{} is written out: name the constant of its event", &found[1]);
                    findings.push(file.finding(number + 1, what));
                }
            }
        }
    }
    findings
}

/// Returns true for files in which a literal may be the expected value.
fn is_test(path: &str) -> bool {
    let of_tests = |part: &str| {
        let name = part.trim_end_matches(".rs");
        matches!(name, "tests" | "testing" | "golden") || name.ends_with("_tests")
    };
    path.split('/').any(of_tests)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_without_a_file_and_an_edited_or_foreign_file_are_found() {
        let event = "#[serde(rename = \"call.answered\")] #[serde(rename = \"call.ended\")]\n";
        let sums = format!("{}  call/call.answered.v1.json\n", sum("old"));
        let tree = Tree::of(&[
            ("domain/src/call/event.rs", event),
            ("fixtures/events/call/call.answered.v1.json", "new"),
            ("fixtures/events/SHA256SUMS", &sums),
        ]);
        let what: Vec<String> = check(&tree).into_iter().map(|finding| finding.what).collect();
        assert_eq!(what.len(), 2, "{what:?}");
    }
    #[test]
    fn events_without_the_derive_and_a_kind_written_out_in_product_code_are_found() {
        let event = concat!(
            "#[derive(Debug)]\n#[serde(tag = \"kind\", content = \"data\")]\npub enum CallEvent {\n",
            "    #[serde(rename = \"call.ended\")]\n    Ended {},\n}\n",
            "pub const ENDED: &str = \"call.ended\";\n",
        );
        let product = concat!(
            "// \"call.ended\"\n#[example = \"call.ended\"]\n",
            "let kinds = [\"call.ended\"];\nlet sql = \"kind = 'call.ended'\";\n",
            "#[cfg(test)]\nmod tests {\n\"call.ended\"\n}\n",
        );
        let tree = Tree::of(&[
            ("domain/src/call/event.rs", event),
            ("projections/src/views/a.rs", product),
            ("projections/src/views/a_tests.rs", product),
        ]);
        let kinds = kinds(&tree);
        let found: Vec<String> = written(&tree, &kinds).iter().map(Finding::to_string).collect();
        assert_eq!(
            found,
            [
                "domain/src/call/event.rs:1: CallEvent needs derive::EventData",
                "domain/src/call/event.rs:7: call.ended is written out: name the constant of its event",
                "projections/src/views/a.rs:3: call.ended is written out: name the constant of its event",
            ]
        );
    }
}
