//! Check 8: identifiers contain no word that the glossary refuses, each refused word has a reason, and each
//! aggregate and each compliance rule has a row in the glossary.

use super::tree::{File, Finding, Tree};
use regex::Regex;
use std::collections::BTreeMap;

/// Refused words that are correct in one place: (word, path part).
const RIGHT_HERE: &[(&str, &str)] = &[
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

/// One concept of the glossary: a row of five cells.
struct Concept<'a> {
    term: &'a str,
    synonyms: &'a str,
}

/// One refused word of the glossary: a row of three cells.
struct RefusedWord<'a> {
    line: usize,
    word: &'a str,
    reason: &'a str,
}

/// Returns the cells of a table row; `None` for prose and for the head of a table.
fn cells_of(line: &str) -> Option<Vec<&str>> {
    let heads = ["| Term", "| Word", "| ---"];
    let is_row = line.starts_with("| ") && !heads.iter().any(|head| line.starts_with(head));
    is_row.then(|| line.trim_matches('|').split('|').map(str::trim).collect())
}

fn concepts(glossary: &File) -> Vec<Concept<'_>> {
    let rows = glossary.lines().filter_map(|(_, text)| cells_of(text));
    let concepts = rows.filter_map(|cells| match cells.as_slice() {
        [term, _, _, _, synonyms] => Some(Concept { term, synonyms }),
        _ => None,
    });
    concepts.collect()
}

fn refused_words(glossary: &File) -> Vec<RefusedWord<'_>> {
    let rows = glossary
        .lines()
        .filter_map(|(line, text)| Some((line, cells_of(text)?)));
    let words = rows.filter_map(|(line, cells)| match cells.as_slice() {
        [word, _, reason] => Some(RefusedWord {
            line,
            word: word.trim_matches('`'),
            reason,
        }),
        _ => None,
    });
    words.collect()
}

/// Returns `snake_case` and `CamelCase` alike as lower-case words joined by `_`, with `_` at both ends.
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

/// Returns a line of code without comments and string data, so that only identifiers remain.
fn code_of(line: &str) -> String {
    let line = line.split("//").next().unwrap_or("");
    line.split('"').step_by(2).collect::<Vec<_>>().join(" ")
}

pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    let Some(glossary) = tree.get("docs/GLOSSARY.md") else {
        return Vec::new();
    };
    let refused = refused_words(glossary);
    let words: Vec<(String, String)> = refused
        .iter()
        .map(|row| (format!("_{}_", row.word), row.word.to_owned()))
        .collect();
    // A name occurs in many places; it is split once.
    let mut named: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    let identifier = Regex::new(r"[A-Za-z_][A-Za-z0-9_]*").expect("a constant pattern");
    let mut findings = without_reason(glossary, &refused);
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
    findings.extend(without_row(tree, glossary));
    findings
}

/// Returns the refused words of a name.
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

/// Finds refused words without a reason.
fn without_reason(glossary: &File, refused: &[RefusedWord<'_>]) -> Vec<Finding> {
    let unexplained = refused.iter().filter(|row| row.reason.is_empty());
    let findings =
        unexplained.map(|row| glossary.finding(row.line, format!("refuses `{}` without a reason", row.word)));
    findings.collect()
}

/// Finds aggregates and compliance rules without a row. Terms and synonyms count.
fn without_row(tree: &Tree, glossary: &File) -> Vec<Finding> {
    let mut names = String::new();
    for concept in concepts(glossary) {
        for name in concept.synonyms.split(',').chain([concept.term]) {
            names.push('_');
            names.push_str(&name.trim().replace([' ', '-'], "_"));
            names.push('_');
        }
    }
    let aggregates = tree
        .under("domain/src/")
        .filter(|file| file.path.ends_with("/event.rs"))
        .filter_map(|file| file.path.split('/').nth(2));
    let rules = tree
        .under("domain/src/compliance/")
        .filter(|file| file.text.contains("impl Rule<"))
        .map(File::stem);
    aggregates
        .chain(rules)
        .filter(|name| !names.contains(&format!("_{name}_")))
        .map(|name| glossary.finding(1, format!("has no row for `{name}`")))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const GLOSSARY: &str = "| opt-out | x | y | z | unsubscribe, white list |\n\
                            | `unsubscribe` | opt-out | a test |\n\
                            | `picked_up` | answered | a test |\n";

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
    fn a_refused_word_without_a_reason_is_found() {
        let glossary = "| `picked_up` | answered |  |\n";
        assert_eq!(check(&Tree::of(&[("docs/GLOSSARY.md", glossary)])).len(), 1);
    }

    #[test]
    fn an_aggregate_and_a_rule_without_a_row_are_found() {
        let rule = "impl Rule<Facts> for One {}\n";
        let tree = Tree::of(&[
            ("docs/GLOSSARY.md", GLOSSARY),
            ("domain/src/thing/event.rs", ""),
            ("domain/src/compliance/white_list.rs", rule),
            ("domain/src/compliance/unnamed.rs", rule),
        ]);
        let found: Vec<String> = check(&tree).into_iter().map(|finding| finding.what).collect();
        assert_eq!(found, ["has no row for `thing`", "has no row for `unnamed`"]);
    }
}
