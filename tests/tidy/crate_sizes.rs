//! Check 18: no crate has more than a fifth of the production lines, and names that belong to one interface
//! occur only in its crate.
//!
//! Status codes of our responses belong to the HTTP interface, exit codes to the command line; clients of
//! external servers name the status codes of those.

use super::tree::{File, Finding, Tree};
use std::collections::BTreeMap;

/// The largest share of all production lines that one crate may have, in per cent.
const SHARE_PERCENT_MAX: usize = 20;

/// A word, and the production code that may contain it.
const AT_HOME: &[(&str, &[&str])] = &[
    (
        "StatusCode",
        &[
            "api/http/src/",
            "api/host/src/outbound/",
            // A witness is a small server of its own.
            "api/cli/src/commands/audit/witness.rs",
            "tests/",
        ],
    ),
    ("ExitCode", &["api/cli/src/", "api/bench/src/", "tests/"]),
];

/// Returns true for files that are compiled only with the tests.
fn is_test(path: &str) -> bool {
    path.contains("/tests/") || path.contains("/testing") || path.ends_with("tests.rs")
}

pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = shares(tree);
    for file in tree.rust().filter(|file| !is_test(&file.path)) {
        for (number, line) in file.lines().take(file.lines_before_tests()) {
            for (word, homes) in AT_HOME {
                let is_home = homes.iter().any(|home| file.path.starts_with(home));
                if !is_home && line.contains(word) && !line.trim_start().starts_with("//") {
                    findings.push(file.finding(number, format!("`{word}` outside {}", homes.join(", "))));
                }
            }
        }
    }
    findings
}

/// Returns the lines of a crate before its tests, without generated files.
fn production_lines(file: &File) -> usize {
    if is_test(&file.path) || file.is_generated() {
        return 0;
    }
    file.lines_before_tests()
}

fn shares(tree: &Tree) -> Vec<Finding> {
    let mut crates: BTreeMap<&str, (usize, &File)> = BTreeMap::new();
    for file in tree.rust() {
        if let Some((room, _)) = file.path.split_once("/src/")
            && room != "tests"
        {
            crates.entry(room).or_insert((0, file)).0 += production_lines(file);
        }
    }
    let all: usize = crates.values().map(|(lines, _)| lines).sum();
    let over = crates
        .iter()
        .filter(|(_, (lines, _))| lines * 100 > all * SHARE_PERCENT_MAX && crates.len() > 5);
    over.map(|(room, (lines, first))| {
        let what = format!("{room} has {lines} of {all} production lines, more than {SHARE_PERCENT_MAX} %");
        first.finding(1, what)
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crate_of_a_fifth_and_a_status_code_in_the_wrong_room_are_found() {
        let (big, small) = ("let a = 1;\n".repeat(30), "let a = 1;\n".repeat(10));
        let mut files = vec![("api/http/src/reply.rs", "use hyper::StatusCode;\n")];
        files.extend([
            ("a/src/lib.rs", big.as_str()),
            ("b/src/lib.rs", small.as_str()),
            ("c/src/lib.rs", small.as_str()),
            ("d/src/lib.rs", small.as_str()),
            ("e/src/lib.rs", "use hyper::StatusCode;\n"),
        ]);
        let found = check(&Tree::of(&files));
        let places: Vec<&str> = found.iter().map(|finding| finding.path.as_str()).collect();
        assert_eq!(places, ["a/src/lib.rs", "e/src/lib.rs"]);
    }
}
