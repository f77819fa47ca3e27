//! Check 9: each stored kind has a golden file, each golden file has a kind, and none was edited. A kind is
//! written once, as the serde name of its variant: `derive::EventData` makes its constant and its tests.

use super::tree::{Finding, Tree};
use regex::{Captures, Regex};
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;

const FOLDER: &str = "fixtures/events/";
/// `<sha256>  <path below fixtures/events>`, one line per committed golden file; lines are added, never
/// changed.
const SUMS: &str = "fixtures/events/SHA256SUMS";

/// Returns the kinds named by `#[serde(rename = "…")]` in the files of events.
fn kinds(tree: &Tree) -> BTreeSet<String> {
    let rename = Regex::new(r#"\brename\s*=\s*"([a-z_]+\.[a-z_]+)""#).expect("a constant pattern");
    tree.under("domain/src/")
        .filter(|file| file.is_rust() && !is_test(&file.path) && file.text.contains("EventData"))
        .map(|file| blank_comments(&file.text))
        .filter(|code| enums(code).iter().any(|one| one.attributes.contains("EventData")))
        .flat_map(|code| names_in(&rename, &code))
        .collect()
}

fn names_in(pattern: &Regex, code: &str) -> Vec<String> {
    let found = pattern.captures_iter(code);
    found.map(|found| found[1].to_owned()).collect()
}

/// An enum in code without comments.
struct Enum<'a> {
    attributes: &'a str,
    name: &'a str,
}

/// Returns the enums with their attributes, however rustfmt breaks their lines.
fn enums(code: &str) -> Vec<Enum<'_>> {
    let pattern = format!(r"((?:{ATTRIBUTE}\s*)+)(?:pub(?:\([a-z]+\))?\s+)?enum\s+(\w+)");
    let pattern = Regex::new(&pattern).expect("a constant pattern");
    let found = pattern.captures_iter(code).map(|found| found.extract());
    found
        .map(|(_, [attributes, name])| Enum { attributes, name })
        .collect()
}

/// An attribute, with texts and up to two levels of brackets in it.
const ATTRIBUTE: &str =
    r##"#!?\[(?:"(?:[^"\\]|\\.)*"|[^\[\]"]|\[(?:"(?:[^"\\]|\\.)*"|[^\[\]"]|\[[^\[\]]*\])*\])*\]"##;

/// Returns the code with blanks in place of comments; line breaks stay. Texts that look like comments stay.
fn blank_comments(text: &str) -> String {
    let pattern = concat!(
        r"(?s)(//[^\n]*|/\*.*?\*/)",
        r###"|r##".*?"##|r#".*?"#|r"[^"]*"|"(?:[^"\\]|\\.)*"|'(?:[^'\\\n]|\\.[^'\n]*)'"###
    );
    let pattern = Regex::new(pattern).expect("a constant pattern");
    let blank = |found: &Captures<'_>| match found.get(1) {
        Some(comment) => line_breaks(comment.as_str()),
        None => found[0].to_owned(),
    };
    pattern.replace_all(text, blank).into_owned()
}

/// Returns code without comments with blanks in place of attributes; line breaks stay.
fn blank_attributes(code: &str) -> String {
    let pattern = Regex::new(ATTRIBUTE).expect("a constant pattern");
    let blank = |found: &Captures<'_>| line_breaks(&found[0]);
    pattern.replace_all(code, blank).into_owned()
}

fn line_breaks(text: &str) -> String {
    "\n".repeat(text.matches('\n').count())
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
    findings.extend(missing_files(tree, sums));
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

/// Finds lines of `SHA256SUMS` without their file: a golden file is never removed.
fn missing_files(tree: &Tree, sums: &str) -> Vec<Finding> {
    let path_of = |line: &str| Some(format!("{FOLDER}{}", line.split_once("  ")?.1));
    let lines = sums.lines().enumerate();
    let missing = lines.filter(|(_, line)| path_of(line).is_none_or(|path| tree.get(&path).is_none()));
    missing
        .map(|(index, line)| Finding {
            path: SUMS.to_owned(),
            line: index + 1,
            what: format!("`{line}` has no file; a golden file is never removed"),
        })
        .collect()
}

/// Finds events without the derive, and kinds that are written out in product code. Query text is not a
/// literal of a kind, and an attribute (a serde name, an example of a description) accepts no constant.
fn written(tree: &Tree, kinds: &BTreeSet<String>) -> Vec<Finding> {
    let content = Regex::new(r#"\bcontent\s*=\s*"data""#).expect("a constant pattern");
    let literal = Regex::new(r#""([a-z_]+\.[a-z_]+)""#).expect("a constant pattern");
    let tests = r"#\[cfg\(test\)\]\s*(?:pub(?:\([a-z]+\))?\s+)?mod\s+\w+\s*\{";
    let tests = Regex::new(tests).expect("a constant pattern");
    let mut findings = Vec::new();
    for file in tree.rust().filter(|file| !is_test(&file.path)) {
        let has_events = file.path.starts_with("domain/src/") && content.is_match(&file.text);
        let has_kinds = names_in(&literal, &file.text)
            .iter()
            .any(|name| kinds.contains(name));
        if !has_events && !has_kinds {
            continue;
        }
        let code = blank_comments(&file.text);
        let code = tests.split(&code).next().unwrap_or("");
        if has_events {
            let missing = enums(code).into_iter();
            let missing = missing.filter(|one| content.is_match(one.attributes));
            let missing = missing.filter(|one| !one.attributes.contains("derive::EventData"));
            let missing = missing.map(|one| format!("{} needs derive::EventData", one.name));
            findings.extend(missing.map(|what| file.finding(1, what)));
        }
        for (number, line) in blank_attributes(code).lines().enumerate() {
            for name in names_in(&literal, line) {
                if kinds.contains(&name) {
                    let what = format!("{name} is written out: name the constant of its event");
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

    /// Events as rustfmt may break their lines, with a comment in each gap.
    const EVENT: &str = concat!(
        "#[serde(\n    tag = \"kind\",\n    content = \"data\",\n)]\n",
        "// A comment; with {marks}.\n#[derive(\n    Debug,\n    derive::EventData,\n)]\n",
        "pub(crate) enum CallEvent {\n    #[serde(\n        rename = \"call.answered\"\n    )]\n    Answered {},\n",
        "    #[serde(rename = \"call.ended\", default)]\n    Ended {},\n}\n",
    );

    fn what_is_found(files: &[(&str, &str)]) -> Vec<String> {
        let tree = Tree::of(files);
        check(&tree).into_iter().map(|finding| finding.what).collect()
    }

    #[test]
    fn a_kind_without_a_file_and_an_edited_or_foreign_file_are_found() {
        let sums = format!("{}  call/call.answered.v1.json\n", sum("old"));
        let found = what_is_found(&[
            ("domain/src/call/event.rs", EVENT),
            ("fixtures/events/call/call.answered.v1.json", "new"),
            ("fixtures/events/call/call.rung.v1.json", "other"),
            ("fixtures/events/SHA256SUMS", &sums),
        ]);
        let add = format!("add `{}  call/call.rung.v1.json` to {SUMS}", sum("other"));
        assert_eq!(
            found,
            [
                "call.ended has no golden file",
                "was edited; a changed shape is a new version with a new file",
                "no event has this kind",
                &add,
            ]
        );
    }

    #[test]
    fn a_golden_file_that_was_removed_is_found() {
        let line = |text: &str, file: &str| format!("{}  call/{file}", sum(text));
        let (answered, ended) = ("call.answered.v1.json", "call.ended.v1.json");
        let removed = line("c", "call.ended.v1.cause.json");
        let sums = format!("{}\n{removed}\n{}\n", line("a", answered), line("b", ended));
        let found = what_is_found(&[
            ("domain/src/call/event.rs", EVENT),
            ("fixtures/events/call/call.answered.v1.json", "a"),
            ("fixtures/events/call/call.ended.v1.json", "b"),
            ("fixtures/events/SHA256SUMS", &sums),
        ]);
        assert_eq!(
            found,
            [format!("`{removed}` has no file; a golden file is never removed")]
        );
    }

    #[test]
    fn events_without_the_derive_and_a_kind_written_out_in_product_code_are_found() {
        let other = EVENT
            .replace("derive::EventData", "Clone")
            .replace("CallEvent", "OtherEvent");
        let event = format!("{EVENT}{other}pub const ENDED: &str = \"call.ended\";\n");
        let product = concat!(
            "// \"call.ended\"\n#[example = \"call.ended\"]\n",
            "#[schemars(\n    example = [\"call.ended\"],\n    with = \"A\"\n)]\n",
            "let kinds = [\n    \"call.ended\", // \"call.ended\"\n];\nlet sql = \"kind = 'call.ended'\";\n",
            "#[cfg(test)]\npub(crate)\nmod tests {\n\"call.ended\"\n}\n",
        );
        let tree = Tree::of(&[
            ("domain/src/call/event.rs", &event),
            ("projections/src/views/a.rs", product),
            ("projections/src/views/a_tests.rs", product),
        ]);
        let kinds = kinds(&tree);
        assert_eq!(kinds.len(), 2);
        let found: Vec<String> = written(&tree, &kinds).iter().map(Finding::to_string).collect();
        let constant = event.lines().count();
        assert_eq!(
            found,
            [
                "domain/src/call/event.rs:1: OtherEvent needs derive::EventData".to_owned(),
                format!(
                    "domain/src/call/event.rs:{constant}: call.ended is written out: name the constant of its event"
                ),
                "projections/src/views/a.rs:8: call.ended is written out: name the constant of its event"
                    .to_owned(),
            ]
        );
    }

    #[test]
    fn texts_that_look_like_comments_or_attributes_stay() {
        let code =
            "let a = \"//b\"; /* c\n */ let d = r#\"/* \"e\" */\"#; let f = '\"'; // g\n#[h = \"]\"]\n\"i\"";
        let without_comments = blank_comments(code);
        let kept = "let a = \"//b\"; \n let d = r#\"/* \"e\" */\"#; let f = '\"'; \n#[h = \"]\"]\n\"i\"";
        assert_eq!(without_comments, kept);
        assert_eq!(blank_attributes("#[h = \"]\"]\n#![i(j[0])]\n\"k\""), "\n\n\"k\"");
    }
}
