//! Check 21: each code of a problem is explained on the page that problems link to, and every explained code
//! exists.

use super::tree::{File, Finding, Tree};
use regex::Regex;
use std::collections::{BTreeMap, BTreeSet};

const WORDS: &str = "api/http/src/problems.tsv";

/// Code in which a problem never becomes a response: only commands and tests print it.
const ELSEWHERE: [&str; 4] = ["api/cli/", "api/bench/", "simulation/", "tests/"];

/// Codes of one word: the others have a hyphen, by which they are recognized.
const SINGLE: [&str; 8] = [
    "busy",
    "conflict",
    "fault",
    "missing",
    "refused",
    "stale",
    "timeout",
    "unavailable",
];

pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    let Some(words) = tree.get(WORDS) else {
        return Vec::new();
    };
    let explained: BTreeMap<&str, usize> = words
        .lines()
        .filter_map(|(number, line)| Some((line.split('\t').next()?, number)))
        .collect();
    let mut findings = Vec::new();
    let given = Regex::new(
        r#"(?:new|invalid|refused|disproved)\(\s*(?:(?:ProblemKind::)?[A-Za-z]+,\s*)?"([a-z0-9]+(?:-[a-z0-9]+)*)","#,
    )
    .expect("a constant pattern");
    for file in tree.rust().filter(|file| is_ours(file)) {
        for (line, code) in codes(file, &given) {
            if !explained.contains_key(code.as_str()) {
                findings.push(file.finding(line, format!("{code} has no line in {WORDS}")));
            }
        }
    }
    let said: BTreeSet<&str> = tree.rust().flat_map(|file| file.text.split('"')).collect();
    let unsaid = explained.iter().filter(|(code, _)| !said.contains(**code));
    findings.extend(unsaid.map(|(code, number)| words.finding(*number, format!("no code is {code}"))));
    findings
}

fn is_ours(file: &File) -> bool {
    !ELSEWHERE.iter().any(|room| file.path.starts_with(room)) && !file.path.contains("/tests")
}

/// Returns the codes that a file gives to problems, by the functions that accept one, with their lines.
fn codes(file: &File, given: &Regex) -> Vec<(usize, String)> {
    let product = file.text.split("#[cfg(test)]").next().unwrap_or_default();
    given
        .captures_iter(product)
        .filter_map(|found| found.get(1))
        .filter(|code| code.as_str().contains('-') || SINGLE.contains(&code.as_str()))
        .map(|code| {
            let line = product.get(..code.start()).unwrap_or_default().lines().count();
            (line, code.as_str().to_owned())
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(words: &str, code: &str) -> Vec<String> {
        let tree = Tree::of(&[(WORDS, words), ("api/http/src/x.rs", code)]);
        check(&tree).into_iter().map(|finding| finding.what).collect()
    }

    #[test]
    fn a_code_that_is_explained_passes() {
        let code = "Problem::new(\n    ProblemKind::Busy,\n    \"too-much\",\n    \"x\")";
        assert_eq!(found("too-much\tx\ty\n", code), Vec::<String>::new());
    }

    #[test]
    fn a_code_without_words_and_words_without_a_code_are_found() {
        let code = "refused(\"too-much\", \"x\"); Header::new(\"plain\", 1)";
        assert_eq!(found("too-little\tx\ty\n", code).len(), 2);
    }
}
