//! Check 20: each row of OWASP's ASVS names a state, a met requirement names its evidence, and each test,
//! proof and file that is named exists; the counts at the top are those of the rows.

use super::tree::{File, Finding, Tree};
use regex::Regex;
use std::collections::{BTreeMap, BTreeSet};

const TABLE: &str = "docs/reference/asvs.md";

/// The states that a row may give to a requirement.
const STATES: [&str; 4] = ["met", "partly", "open", "n/a"];

pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    let Some(file) = tree.get(TABLE) else {
        return Vec::new();
    };
    let named = EvidenceNames {
        tests: tests_of(tree),
        proofs: targets(tree),
        tree,
    };
    let mut findings = Vec::new();
    for (number, line) in rows(file) {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        let (Some(state), Some(shown)) = (cells.get(3), cells.get(4)) else {
            findings.push(file.finding(number, "a row has five cells: No, L, What, State, Shown by"));
            continue;
        };
        let spans: Vec<&str> = shown.split('`').skip(1).step_by(2).collect();
        if !STATES.contains(state) {
            findings.push(file.finding(number, format!("{state} is not a state")));
        }
        if matches!(*state, "met" | "partly") && spans.is_empty() {
            findings.push(file.finding(number, format!("is {state}, and nothing shows it")));
        }
        let faults = spans.iter().filter_map(|span| named.fault(span));
        findings.extend(faults.map(|what| file.finding(number, what)));
    }
    findings.extend(counts(file));
    findings
}

/// Returns the rows: one line for each requirement.
fn rows(file: &File) -> impl Iterator<Item = (usize, &str)> {
    file.lines().filter(|(_, line)| line.starts_with("| V"))
}

/// The things that a row may name.
struct EvidenceNames<'a> {
    /// The paths of the files with a test of this name.
    tests: BTreeMap<String, Vec<String>>,
    proofs: BTreeSet<&'a str>,
    tree: &'a Tree,
}

/// Returns all tests: functions after an attribute that marks a test.
fn tests_of(tree: &Tree) -> BTreeMap<String, Vec<String>> {
    let behind = r"\s*(?:(?:#\[[^\]]*\]|//[^\n]*)\s*)*(?:async )?fn (\w+)\(";
    let test =
        Regex::new(&format!(r"#\[(?:tokio::)?test(?:\([^\]]*\))?\]{behind}")).expect("a constant pattern");
    let mut tests: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for file in tree.rust() {
        for found in test.captures_iter(&file.text) {
            tests
                .entry(found[1].to_owned())
                .or_default()
                .push(file.path.clone());
        }
    }
    tests
}

/// Returns the targets of the makefile.
fn targets(tree: &Tree) -> BTreeSet<&str> {
    let makefile = tree.get("Makefile").map_or("", |file| file.text.as_str());
    makefile
        .lines()
        .filter(|line| !line.starts_with(['\t', '#', '.']))
        .filter_map(|line| line.split_once(':'))
        .flat_map(|(named, _)| named.split_whitespace())
        .collect()
}

impl EvidenceNames<'_> {
    /// Returns what is wrong with a code span; `None` if nothing is.
    fn fault(&self, span: &str) -> Option<String> {
        if let Some(proof) = span.strip_prefix("make ") {
            return (!self.proofs.contains(proof))
                .then(|| format!("names make {proof}, which is not a target"));
        }
        if let Some((room, test)) = span.rsplit_once("::") {
            let Some(files) = self.tests.get(test) else {
                return Some(format!("names the test {test}, which is not there"));
            };
            // Each word before the test's name must be a part of the file's path: a crate, a folder, a
            // module.
            let is_in = |path: &String| {
                let parts: Vec<&str> = path.trim_end_matches(".rs").split('/').collect();
                let words = room.split("::").filter(|word| *word != "tests");
                words.into_iter().all(|word| parts.contains(&word))
            };
            let elsewhere = || format!("names {span}, but its test is in {}", files.join(", "));
            return (!files.iter().any(is_in)).then(elsewhere);
        }
        let is_path =
            span.contains('/') && !span.contains([' ', '*', '{', '<', ':']) && !span.starts_with('/');
        let is_there = || {
            self.tree
                .paths
                .iter()
                .any(|path| path == span || path.starts_with(span))
        };
        (is_path && !is_there()).then(|| format!("names {span}, which is not there"))
    }
}

/// Checks the line of each state at the top: rows of level 1, of level 2, and both.
fn counts(file: &File) -> Vec<Finding> {
    let mut findings = Vec::new();
    for state in STATES {
        let of = |level: &str| {
            let (level, state) = (format!(" | {level} | "), format!(" | {state} | "));
            rows(file)
                .filter(|(_, line)| line.contains(&level) && line.contains(&state))
                .count()
        };
        let (first, second) = (of("1"), of("2"));
        let said = format!("| {state} | {first} | {second} | {} |", first + second);
        if !file.lines().any(|(_, line)| line == said) {
            findings.push(file.finding(1, format!("the counts at the top should say: {said}")));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    const COUNTS: &str = "| met | 1 | 1 | 2 |\n| partly | 0 | 0 | 0 |\n\
                          | open | 1 | 0 | 1 |\n| n/a | 0 | 1 | 1 |\n";

    fn found(rows: &str) -> Vec<String> {
        let text = format!("# A\n{COUNTS}{rows}");
        let tree = Tree::of(&[
            (TABLE, &text),
            (
                "Makefile",
                ".PHONY: prove-gone\nprove-a prove-b: build\n\t@x prove-c: y\n",
            ),
            (
                "a/src/x.rs",
                "#[tokio::test]\nasync fn a_right_one_passes() {}\nfn no_test() {}\n",
            ),
            ("docs/house.md", "# House\n"),
        ]);
        check(&tree).into_iter().map(|finding| finding.what).collect()
    }

    #[test]
    fn rows_with_existing_tests_and_proofs_pass() {
        let rows = "| V1.1.1 | 1 | x | met | `a::x::a_right_one_passes`, `make prove-b` |\n\
                    | V1.1.2 | 2 | x | met | `docs/house.md` |\n\
                    | V1.1.3 | 1 | x | open | not built |\n\
                    | V1.1.4 | 2 | x | n/a | no such thing |\n";
        assert_eq!(found(rows), Vec::<String>::new());
    }

    #[test]
    fn a_lost_test_a_lost_proof_a_bare_claim_and_an_unknown_state_are_found() {
        let rows = "| V1.1.1 | 1 | x | met | `a::x::a_lost_one_passes`, `make prove-gone` |\n\
                    | V1.1.2 | 2 | x | met | it was said to work |\n\
                    | V1.1.3 | 1 | x | open | not built |\n\
                    | V1.1.4 | 2 | x | n/a | no such thing |\n\
                    | V1.1.5 | 2 | x | done | `docs/house.md` |\n\
                    | V1.1.6 | 2 |\n";
        assert_eq!(found(rows).len(), 5);
    }

    #[test]
    fn a_test_of_another_room_what_is_no_test_and_a_lost_file_are_found() {
        let rows = "| V1.1.1 | 1 | x | met | `b::x::a_right_one_passes` |\n\
                    | V1.1.2 | 2 | x | met | `a::x::no_test`, `docs/lost.md`, `nosniff` |\n\
                    | V1.1.3 | 1 | x | open | not built |\n\
                    | V1.1.4 | 2 | x | n/a | no such thing |\n";
        assert_eq!(found(rows).len(), 3);
    }

    #[test]
    fn counts_that_are_not_those_of_the_rows_are_found() {
        let rows = "| V1.1.1 | 1 | x | open | not built |\n";
        assert_eq!(found(rows).len(), 2);
    }
}
