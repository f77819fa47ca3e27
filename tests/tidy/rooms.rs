//! Check 18: no crate is a fifth of the house, and what speaks of one door stands in its room.
//!
//! Status codes of our replies belong to the HTTP door, exit codes to the command line; clients of other
//! people's servers name theirs.

use super::tree::{File, Finding, Tree};
use std::collections::BTreeMap;

/// Most of all production lines that one crate may hold, per cent.
const SHARE_PERCENT_MAX: usize = 20;

/// A word, and where it may stand in production code.
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

/// A module of golden files is compiled with the tests alone, as theirs are.
fn is_test(path: &str) -> bool {
    let is_golden = path.ends_with("golden.rs");
    is_golden || path.contains("/tests/") || path.contains("/testing") || path.ends_with("tests.rs")
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

/// Lines of a crate before its tests, of files that people write.
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
