//! Check 9: each stored kind and version has a golden file, each golden file has a kind, and none was edited.

use super::tree::{Finding, Tree};
use regex::Regex;
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;

const FOLDER: &str = "fixtures/events/";
/// `<sha256>  <path below fixtures/events>`, one line per committed golden file; lines are added, never
/// changed.
const SUMS: &str = "fixtures/events/SHA256SUMS";

/// Kinds named by `#[serde(rename = "…")]` in the aggregates' event files.
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
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_without_a_file_and_an_edited_or_foreign_file_are_found() {
        let event = "#[serde(rename = \"call.answered\")] #[serde(rename = \"call.ended\")]";
        let sums = format!("{}  call/call.answered.v1.json\n", sum("old"));
        let tree = Tree::of(&[
            ("domain/src/call/event.rs", event),
            ("fixtures/events/call/call.answered.v1.json", "new"),
            ("fixtures/events/SHA256SUMS", &sums),
        ]);
        let what: Vec<String> = check(&tree).into_iter().map(|finding| finding.what).collect();
        assert_eq!(what.len(), 2, "{what:?}");
    }
}
