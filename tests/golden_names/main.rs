//! Names that are stored, hashed, sent or compared never change: `fixtures/golden_names` lists those of the
//! production code, and each must still be there. Names may be added; `GOLDEN=write` adds them.
//!
//! The lists cannot detect a string that is still used in one place and was changed in another, nor numbers
//! (exit codes, limits). Golden events, the contract of the API and the stories check those.

mod extract;
mod name_attributes;

use extract::Names;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

fn root() -> &'static Path {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    tests.parent().expect("the workspace is above")
}

/// Names of components and operations of the API description, which may change until they are published
/// (issue 52, decision 0231).
const COMPONENTS: [&str; 2] = ["{name}Order", "_prometheus"];

/// Names in the lists that only samples of events and the test of golden files had.
const ONLY_IN_TESTS: [&str; 36] = [
    "{}{tag}",
    ".{member}",
    "C001",
    "call.{}.12",
    "https://hooks.example.com/in?key=1",
    "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz",
    "{\"ok\":true}",
    "{pointer}/{at}",
    "{}.v{}{member}.json",
    ".transcript",
    "0f1e2d3c4b5a69788796a5b4c3d2e1f0",
    "2026-03-02T10:00:00",
    "2026-03-02T20:00:00",
    "308b38fa-b3fa-59e5-b685-93b305968d97",
    "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=",
    "5e",
    "99112233445566778899aabbccddeeff",
    "<sip:127.0.0.1:5061;lr>",
    "ORDER-2026-17",
    "a6c85cf",
    "cn-2026",
    "counsel",
    "due/date",
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "https://api.example.com/crm/customers",
    "https://hooks.example.com/in",
    "li",
    "m-1",
    "mail.example.com:587",
    "nodes.opted_out.text",
    "number_refused",
    "officer",
    "overdue_3_days",
    "premium",
    "wang.campaign-1",
    "warm",
];

/// Names in the lists that were part of a pointer, with the pointer: a member of it was appended.
const POINTER_PARTS: [(&str, &str); 3] = [
    ("/added", "/added/{}"),
    ("/removed", "/removed/{}"),
    ("/step/data{place}", "/step/data/{}"),
];

/// Returns the pointers of the personal members in golden events. `derive::EventMembers` makes them from the
/// names that serde writes, and a test of each aggregate compares them: none of them can change.
fn personal_pointers() -> Vec<String> {
    let list = std::fs::read_to_string(root().join("fixtures/events/personal.tsv"));
    let list = list.expect("the list of personal members");
    let pointers = list.lines().filter_map(|line| line.split_once('\t'));
    pointers.map(|(_, pointer)| pointer.to_owned()).collect()
}

/// Returns true if a literal is this pointer. `{name}` in a literal is one step of any name below a member.
fn is_pointer(literal: &str, pointer: &str) -> bool {
    let is_any = |step: &str| step.starts_with('{') && step.ends_with('}');
    let steps: Vec<&str> = pointer.split('/').collect();
    let wanted: Vec<&str> = literal.split('/').collect();
    let mut pairs = wanted.iter().zip(&steps).enumerate();
    steps.len() == wanted.len()
        && pairs.all(|(depth, (wanted, step))| wanted == step || (depth > 1 && is_any(wanted)))
}

fn golden(file: &str) -> PathBuf {
    root().join("fixtures/golden_names").join(file)
}

fn read(file: &str) -> BTreeSet<String> {
    let text = std::fs::read_to_string(golden(file)).unwrap_or_default();
    text.lines().map(str::to_owned).collect()
}

/// Returns the names of a wire line in their order, each member of a variant separately.
fn parts(line: &str) -> Vec<&str> {
    line.split([' ', '{', '}'])
        .filter(|part| !part.is_empty())
        .collect()
}

/// Returns true if `line` has all names of `golden` in their order: members and variants may be added.
fn keeps(line: &str, golden: &[&str]) -> bool {
    let mut wanted = golden.iter().peekable();
    for part in parts(line) {
        wanted.next_if(|next| **next == part);
    }
    wanted.peek().is_none()
}

/// Returns true if `GOLDEN=write` is set, which adds new names to the lists.
#[expect(clippy::disallowed_methods, reason = "a switch of this test alone")]
fn is_to_be_written() -> bool {
    std::env::var("GOLDEN").is_ok_and(|value| value == "write")
}

fn missing(file: &str, found: &BTreeSet<String>, names: &Names) -> Vec<String> {
    let lost = read(file).into_iter().filter(|line| !found.contains(line));
    match file {
        "wire.txt" => lost
            .filter(|line| !found.iter().any(|other| keeps(other, &parts(line))))
            .collect(),
        // A literal, or a pointer to one member, may become a member of a type, or a word of an SQL text.
        "literals.txt" | "sql.txt" => {
            let words: BTreeSet<&str> = names.wire.iter().flat_map(|line| parts(line)).collect();
            let pointers = personal_pointers();
            let whole = |line: &str| {
                POINTER_PARTS
                    .iter()
                    .find(|(part, _)| *part == line)
                    .map(|(_, whole)| *whole)
            };
            let is_sealed = |line: &str| {
                pointers
                    .iter()
                    .any(|pointer| is_pointer(whole(line).unwrap_or(line), pointer))
            };
            let is_elsewhere = |line: &String| {
                words.contains(line.strip_prefix('/').unwrap_or(line))
                    || names.literals.contains(line)
                    || names.sql.contains(line)
                    || is_sealed(line)
                    || ONLY_IN_TESTS.contains(&line.as_str())
                    || COMPONENTS.contains(&line.as_str())
            };
            lost.filter(|line| !is_elsewhere(line)).collect()
        }
        _ => lost.collect(),
    }
}

#[test]
fn every_name_that_is_stored_hashed_sent_or_compared_is_still_there() {
    let names = Names::of_tree(root());
    let mut lost = Vec::new();
    for (file, found) in names.files() {
        lost.extend(
            missing(file, &found, &names)
                .into_iter()
                .map(|line| format!("{file}: {line}")),
        );
        if is_to_be_written() {
            let all: BTreeSet<String> = read(file).union(&found).cloned().collect();
            let text: String = all.iter().map(|line| format!("{line}\n")).collect();
            std::fs::write(golden(file), text).expect("the list can be written");
        }
    }
    assert!(
        lost.is_empty(),
        "{} names are gone\n{}",
        lost.len(),
        lost.join("\n")
    );
    assert!(read("wire.txt").len() > 1_000, "the lists are there");
}

/// The loss of a name that is in use again would go unseen.
#[test]
fn no_excused_name_is_in_use() {
    let names = Names::of_tree(root());
    let parts = POINTER_PARTS.iter().map(|(part, _)| *part);
    let excused = ONLY_IN_TESTS.into_iter().chain(COMPONENTS).chain(parts);
    let used: Vec<&str> = excused.filter(|name| names.literals.contains(*name)).collect();
    assert!(used.is_empty(), "take these out of the excused names: {used:?}");
}

#[test]
fn a_literal_is_a_pointer_as_a_whole() {
    assert!(is_pointer("/text", "/text"));
    assert!(is_pointer("/variables/{}", "/variables/due~1date"));
    assert!(is_pointer("/after/{place}/phone", "/after/0/phone"));
    for part in [
        "text",
        "/te",
        "/text/",
        "/variables",
        "/variables/{}/x",
        "/{}",
        "/{}/0",
        "{}",
        "",
    ] {
        for pointer in personal_pointers() {
            assert!(!is_pointer(part, &pointer), "{part} {pointer}");
        }
    }
}

#[test]
fn members_may_be_added_and_not_renamed() {
    let golden = parts("enum a{x y} b");
    assert!(keeps("enum a{w x y z} ab b{q}", &golden));
    assert!(!keeps("enum a{x z} b", &golden));
    assert!(!keeps("enum b a{x y}", &golden), "in their order");
    assert!(!keeps("struct a x y b", &golden));
}

#[test]
fn names_are_read_as_serde_and_clap_write_them() {
    let source = r#"
        #[derive(Serialize)]
        #[serde(rename_all = "snake_case", tag = "kind")]
        pub enum Fate { TakenOver { at_ms: u64 }, #[serde(rename = "gone")] Lost(u8) }
        #[derive(clap::Args)]
        pub struct Dial { #[arg(long)] ring_timeout: u64, #[arg(long = "to")] callee: String }
        #[derive(Debug, derive::CommandName)]
        #[command(aggregate = "lamp")]
        enum LampCommand { TurnOn {}, #[command(name = "off")] TurnOff, #[command(nested)] Dim(DimCommand) }
        pub struct NotOnTheWire { secret: u8 }
        const SQL: &str = "SELECT kept_at FROM kept_rows";
        fn label_zh() -> &'static str { "已接通" }
        fn say() { tracing::info!(call = "call_name", "a text with blanks"); }
        #[cfg(test)]
        mod tests { const ONLY_HERE: &str = "only_in_tests"; }
    "#;
    let names = Names::of_text(source);
    let wire = [
        "enum (tag=kind) taken_over{at_ms} gone{_}",
        "struct ring-timeout to",
    ];
    assert_eq!(names.wire, wire.map(str::to_owned).into());
    assert_eq!(names.sql, ["kept_at", "kept_rows"].map(str::to_owned).into());
    assert_eq!(names.labels, ["已接通".to_owned()].into());
    let literals = ["call_name", "lamp.off", "lamp.turn_on"];
    assert_eq!(names.literals, literals.map(str::to_owned).into());
}
