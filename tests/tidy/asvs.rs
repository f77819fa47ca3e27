//! Check 20: each row of OWASP's ASVS names a state, what is met names what shows it, and each test and
//! proof so named exists; the counts at the top are those of the rows.

use super::tree::{File, Finding, Tree};
use regex::Regex;
use std::collections::BTreeSet;

const TABLE: &str = "docs/reference/asvs.md";

/// What a row may say of a requirement.
const STATES: [&str; 4] = ["met", "partly", "open", "n/a"];

pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    let Some(file) = tree.get(TABLE) else {
        return Vec::new();
    };
    let (tests, proofs) = (functions(tree), targets(tree));
    let mut findings = Vec::new();
    for (number, line) in rows(file) {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        let (Some(state), Some(shown)) = (cells.get(3), cells.get(4)) else {
            findings.push(file.finding(number, "a row has five cells: No, L, What, State, Shown by"));
            continue;
        };
        let spans: Vec<&str> = shown.split('`').skip(1).step_by(2).collect();
        if !STATES.contains(state) {
            findings.push(file.finding(number, format!("{state} is no state")));
        }
        if matches!(*state, "met" | "partly") && spans.is_empty() {
            findings.push(file.finding(number, format!("is {state}, and nothing shows it")));
        }
        let faults = spans.iter().filter_map(|span| fault(span, &tests, &proofs));
        findings.extend(faults.map(|what| file.finding(number, what)));
    }
    findings.extend(counts(file));
    findings
}

/// One line each requirement.
fn rows(file: &File) -> impl Iterator<Item = (usize, &str)> {
    file.lines().filter(|(_, line)| line.starts_with("| V"))
}

/// The names of all functions, tests among them.
fn functions(tree: &Tree) -> BTreeSet<String> {
    let named = Regex::new(r"\bfn ([a-z0-9_]+)\(").expect("a constant pattern");
    tree.rust()
        .flat_map(|file| named.captures_iter(&file.text))
        .map(|found| found[1].to_owned())
        .collect()
}

/// What can be made.
fn targets(tree: &Tree) -> BTreeSet<&str> {
    let makefile = tree.get("Makefile").map_or("", |file| file.text.as_str());
    makefile
        .lines()
        .filter(|line| !line.starts_with(['\t', '#', '.']))
        .filter_map(|line| line.split_once(':'))
        .flat_map(|(named, _)| named.split_whitespace())
        .collect()
}

/// What is wrong with a code span, if anything is.
fn fault(span: &str, tests: &BTreeSet<String>, proofs: &BTreeSet<&str>) -> Option<String> {
    if let Some(proof) = span.strip_prefix("make ") {
        return (!proofs.contains(proof)).then(|| format!("names make {proof}, which is no target"));
    }
    let (_, test) = span.rsplit_once("::")?;
    (!tests.contains(test)).then(|| format!("names the test {test}, which is not there"))
}

/// The line of each state at the top: rows of level 1, of level 2, and both.
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
            ("a/src/x.rs", "async fn a_right_one_passes() {}\n"),
        ]);
        check(&tree).into_iter().map(|finding| finding.what).collect()
    }

    #[test]
    fn rows_whose_tests_and_proofs_exist_pass() {
        let rows = "| V1.1.1 | 1 | x | met | `a::x::a_right_one_passes`, `make prove-b` |\n\
                    | V1.1.2 | 2 | x | met | `docs/house.md` |\n\
                    | V1.1.3 | 1 | x | open | not built |\n\
                    | V1.1.4 | 2 | x | n/a | no such thing |\n";
        assert_eq!(found(rows), Vec::<String>::new());
    }

    #[test]
    fn a_lost_test_a_lost_proof_a_bare_claim_and_an_unknown_state_are_found() {
        let rows = "| V1.1.1 | 1 | x | met | `a::x::a_lost_one_passes`, `make prove-gone` |\n\
                    | V1.1.2 | 2 | x | met | somebody said so |\n\
                    | V1.1.3 | 1 | x | open | not built |\n\
                    | V1.1.4 | 2 | x | n/a | no such thing |\n\
                    | V1.1.5 | 2 | x | done | `docs/house.md` |\n\
                    | V1.1.6 | 2 |\n";
        assert_eq!(found(rows).len(), 5);
    }

    #[test]
    fn counts_that_are_not_those_of_the_rows_are_found() {
        let rows = "| V1.1.1 | 1 | x | open | not built |\n";
        assert_eq!(found(rows).len(), 2);
    }
}
