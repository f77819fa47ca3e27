//! Check 8: identifiers use the glossary's words, and what the house names stands on both sides.

use super::tree::{File, Finding, Tree};
use regex::Regex;
use std::collections::{BTreeMap, BTreeSet};

/// Glossary rows whose concept arrives with a later issue. The list may only shrink.
const NOT_BUILT_YET: &[&str] = &[];

/// Words in code style that are right in one place: (word, path part).
const RIGHT_HERE: &[(&str, &str)] = &[
    ("operator", "api/application/src/segment"),
    // 运营人员, the role: how an opt-out reached us.
    ("operator", "domain/src/number/"),
    ("operator", "api/evidence/src/compliance_report/"),
    ("operator", "api/http/src/tests/report_schedule.rs"),
    ("operator", "api/http/src/routes/numbers/orders.rs"),
    ("operator", "simulation/src/"),
    ("operator", "values/src/permission/"),
    ("operator", "domain/src/user/"),
    ("operator", "api/application/src/access/"),
    // `+` and `and`, as the SQL parser calls them.
    ("operator", "projections/src/ask/"),
    ("operator", "projections/src/segments/"),
    ("operator", "domain/src/segment/"),
    // google.rpc, the package of the protocol's own errors.
    ("rpc", "api/kurrent_endpoint/"),
];

/// One row of a glossary table.
struct Row<'a> {
    term: &'a str,
    not: &'a str,
}

fn rows(glossary: &str) -> Vec<Row<'_>> {
    glossary
        .lines()
        .filter(|line| line.starts_with("| ") && !line.starts_with("| Term") && !line.starts_with("| ---"))
        .filter_map(|line| {
            let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
            Some(Row {
                term: cells.first()?,
                not: cells.get(4)?,
            })
        })
        .collect()
}

fn forbidden(glossary: &str) -> BTreeSet<String> {
    rows(glossary)
        .iter()
        .flat_map(|row| row.not.split('`').skip(1).step_by(2))
        .map(str::to_owned)
        .collect()
}

/// `snake_case` and `CamelCase` alike as lower words joined by `_`, with `_` at both ends.
fn split(identifier: &str) -> String {
    let mut words = String::from("_");
    let mut before_lower = false;
    for character in identifier.chars() {
        if character.is_uppercase() && before_lower {
            words.push('_');
        }
        before_lower = character.is_lowercase() || character.is_ascii_digit();
        words.extend(character.to_lowercase());
    }
    words.push('_');
    words
}

/// Code without comments and string data, so that only identifiers remain.
fn code_of(line: &str) -> String {
    let line = line.split("//").next().unwrap_or("");
    line.split('"').step_by(2).collect::<Vec<_>>().join(" ")
}

pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    let Some(glossary) = tree.get("docs/GLOSSARY.md") else {
        return Vec::new();
    };
    let words: Vec<(String, String)> = forbidden(&glossary.text)
        .into_iter()
        .map(|word| (format!("_{word}_"), word))
        .collect();
    // The same names stand in many places: each is cut once.
    let mut named: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    let identifier = Regex::new(r"[A-Za-z_][A-Za-z0-9_]*").expect("a constant pattern");
    let mut findings = Vec::new();
    for file in tree.rust().filter(|file| !file.path.starts_with("tests/tidy/")) {
        for (number, line) in file.lines() {
            let code = code_of(line);
            for found in identifier.find_iter(&code) {
                if !named.contains_key(found.as_str()) {
                    named.insert(found.as_str().to_owned(), those_in(found.as_str(), &words));
                }
                let hits = named.get(found.as_str()).into_iter().flatten();
                if let Some(word) = hits.copied().find(|word| !is_right_here(word, file)) {
                    findings.push(file.finding(
                        number,
                        format!("`{}` uses `{word}`; see the glossary", found.as_str()),
                    ));
                }
            }
        }
    }
    findings.extend(both_sides(tree, glossary));
    findings
}

/// The forbidden words of a name.
fn those_in<'a>(name: &str, words: &'a [(String, String)]) -> Vec<&'a str> {
    let split = split(name);
    let held = words.iter().filter(|(within, _)| split.contains(within.as_str()));
    held.map(|(_, word)| word.as_str()).collect()
}

fn is_right_here(word: &str, file: &File) -> bool {
    RIGHT_HERE
        .iter()
        .any(|(right, part)| *right == word && file.path.contains(part))
}

/// Each aggregate and each compliance rule has its row.
fn both_sides(tree: &Tree, glossary: &File) -> Vec<Finding> {
    let terms: String = rows(&glossary.text)
        .iter()
        .map(|row| format!("_{}_", row.term.replace([' ', '-'], "_")))
        .collect();
    let aggregates = tree
        .under("domain/src/")
        .filter(|file| file.path.ends_with("/event.rs"))
        .filter_map(|file| file.path.split('/').nth(2));
    let rules = tree
        .under("domain/src/compliance/")
        .filter(|file| file.text.contains("impl Rule for"))
        .map(File::stem);
    aggregates
        .chain(rules)
        .filter(|name| !terms.contains(&format!("_{name}_")) && !NOT_BUILT_YET.contains(name))
        .map(|name| glossary.finding(1, format!("has no row for `{name}`")))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const GLOSSARY: &str = "| lead | x | y | z | — |\n| opt-out | x | y | z | `unsubscribe`, `picked_up` |\n";

    #[test]
    fn whole_words_are_found_in_both_cases_but_not_in_strings_or_parts() {
        let tree = Tree::of(&[
            ("docs/GLOSSARY.md", GLOSSARY),
            (
                "a.rs",
                "fn unsubscribe_now() {}\nstruct CallPickedUp;\nlet x = \"unsubscribe\"; // unsubscribe\nfn unsubscribed() {}\n",
            ),
        ]);
        assert_eq!(
            check(&tree)
                .iter()
                .map(|finding| finding.line)
                .collect::<Vec<_>>(),
            [1, 2]
        );
    }

    #[test]
    fn an_aggregate_without_a_row_is_found() {
        let tree = Tree::of(&[("docs/GLOSSARY.md", GLOSSARY), ("domain/src/thing/event.rs", "")]);
        assert_eq!(check(&tree).len(), 1);
    }
}
