//! Check 25: each text of a refusal has its Chinese: each sentence of the domain's errors, and each that a
//! crate gives to a problem, is in the table by which responses have both languages.

use super::tree::{File, Finding, Tree};
use regex::Regex;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

const TABLE: &str = "api/http/src/details.tsv";
const CHINESE: &str = "web/src/locales/zh-CN.json";

/// The folders with errors that become responses of the server.
const ROOMS: [&str; 7] = [
    "domain/src/",
    "values/src/",
    "projections/src/",
    "api/application/src/",
    "api/evidence/src/",
    "api/http/src/",
    "api/intake/src/",
];

/// Texts that are never sent in a response, and why.
const UNCHECKED: [(&str, &str); 17] = [
    (
        "api/application/src/webhooks/text.rs",
        "no sentence: an event's text for a chat",
    ),
    ("projections/src/own_checkpoints.rs", "printed by a command"),
    ("domain/src/past_call.rs", "what an id is made of"),
    (
        "projections/src/postgres/connect",
        "the database's own words, for the server's log",
    ),
    (
        "projections/src/rebuild/",
        "a rebuild's own, printed by its command",
    ),
    (
        "domain/src/record/stored_event.rs",
        "a fault: the log has the details",
    ),
    (
        "domain/src/record/record_error.rs",
        "a fault: the log has the details",
    ),
    (
        "domain/src/ports/vault.rs",
        "a fault, or the key store's own words behind it",
    ),
    (
        "domain/src/ports/recording.rs",
        "a line's own, for the server's log",
    ),
    (
        "domain/src/ports/event_store.rs",
        "a fault, or the store's own words behind it",
    ),
    ("domain/src/ports/line.rs", "a line's own, for the server's log"),
    ("projections/src/error.rs", "two of its sentences are faults"),
    (
        "projections/src/synthetic/",
        "rows that are made up for measurements",
    ),
    (
        "api/application/src/access/provider_service.rs",
        "the provider's own words, for the server's log",
    ),
    (
        "api/application/src/alerts/",
        "an alert's detail has its Chinese beside it",
    ),
    (
        "api/application/src/inquiries/query_guard.rs",
        "the client has gone",
    ),
    (
        "api/http/src/running_server.rs",
        "printed by the command that starts a server",
    ),
];

/// A sentence in a file, without the values in it.
struct QuotedSentence {
    line: usize,
    sentence: String,
}

pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    let Some(table) = tree.get(TABLE) else {
        return Vec::new();
    };
    let known: BTreeMap<String, usize> = table
        .lines()
        .filter_map(|(number, line)| Some((named_away(line.split('\t').next()?), number)))
        .collect();
    let mut findings = Vec::new();
    for file in tree.rust().filter(|file| is_checked(file)) {
        let unknown = said(file)
            .into_iter()
            .filter(|said| !known.contains_key(&said.sentence));
        findings.extend(unknown.map(|said| {
            file.finding(
                said.line,
                format!("`{}` has no Chinese in {TABLE}", said.sentence),
            )
        }));
    }
    findings.extend(never_said(tree, table));
    findings.extend(rules_named_otherwise(tree, table));
    findings
}

fn is_checked(file: &File) -> bool {
    let is_beside = ["tests.rs", "contract.rs"]
        .iter()
        .any(|end| file.path.ends_with(end));
    let is_unchecked = UNCHECKED.iter().any(|(place, _)| file.path.starts_with(place));
    let is_ours = ROOMS.iter().any(|room| file.path.starts_with(room));
    is_ours && !is_beside && !is_unchecked && !file.path.contains("/test")
}

/// Returns each sentence of an error, a problem or a wrong member, before the file's tests.
fn said(file: &File) -> Vec<QuotedSentence> {
    let product = file.text.split("#[cfg(test)]").next().unwrap_or_default();
    static BEFORE: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(
        r#"(?:#\[error\(\s*|(?:new|invalid|refused|disproved)\(\s*(?:(?:ProblemKind::)?[A-Za-z]+,\s*)?"[a-z0-9-]+",\s*(?:format!\(\s*)?|Problem::(?:unavailable|missing)\(\s*(?:format!\(\s*)?|\bdetail:\s*(?:format!\(\s*)?|let (?:detail|why|text|hint) =\s*(?:format!\(\s*)?)""#,
    )
    .expect("a constant pattern")
    });
    let found = BEFORE.find_iter(product).filter_map(|found| {
        let sentence = values_away(&literal(product.get(found.end()..)?));
        let line = product.get(..found.end()).unwrap_or_default().lines().count();
        Some(QuotedSentence { line, sentence })
    });
    // One that has no word of its own is another's sentence.
    found
        .filter(|said| said.sentence.replace("{}", "").chars().any(char::is_alphabetic))
        .collect()
}

/// Returns a string's value, from the character after its first quote.
fn literal(text: &str) -> String {
    let mut value = String::new();
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        match (letter, letters.peek()) {
            ('"', _) => break,
            ('\\', Some('\n')) => while letters.next_if(|next| next.is_whitespace()).is_some() {},
            ('\\', Some(_)) => value.extend(letters.next()),
            _ => value.push(letter),
        }
    }
    value
}

/// Returns the sentence with `{}` for `{name}`, and written braces as they are shown.
fn values_away(sentence: &str) -> String {
    static PLACEHOLDERS: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"\{\{|\}\}|\{[^{}]*\}").expect("a constant pattern"));
    let shown = PLACEHOLDERS.replace_all(sentence, |found: &regex::Captures<'_>| match &found[0] {
        "{{" => "{",
        "}}" => "}",
        _ => "{}",
    });
    shown.into_owned()
}

/// Returns a line of the table without the names of its values.
fn named_away(line: &str) -> String {
    static NAMES: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"\{\w+\}").expect("a constant pattern"));
    NAMES.replace_all(line, "{}").into_owned()
}

/// Finds lines of the table that no source contains: not as a sentence of a crate, not as a string, and,
/// where a word of the table is in it, not its beginning.
fn never_said(tree: &Tree, table: &File) -> Vec<Finding> {
    /// So many characters distinguish a piece from others, and may end where a nested word begins.
    const BEGINNING_CHARS: usize = 24;
    let rooms: Vec<&File> = tree
        .rust()
        .filter(|file| !file.path.starts_with("tests/"))
        .collect();
    let sentences: BTreeSet<String> = rooms
        .iter()
        .flat_map(|file| said(file))
        .map(|said| said.sentence)
        .collect();
    let strings: BTreeSet<&str> = rooms.iter().flat_map(|file| file.text.split('"')).collect();
    let is_unsaid = |line: &(usize, &str)| {
        let sentence = line.1.split('\t').next().unwrap_or_default();
        let named = named_away(sentence);
        if sentences.contains(&named) || strings.contains(sentence) {
            return false;
        }
        let longest = named
            .split("{}")
            .max_by_key(|piece| piece.len())
            .unwrap_or_default();
        let beginning: String = longest.chars().take(BEGINNING_CHARS).collect();
        !rooms.iter().any(|file| file.text.contains(&beginning))
    };
    let unsaid = table.lines().filter(is_unsaid);
    unsaid
        .map(|(number, _)| table.finding(number, "no source says this"))
        .collect()
}

/// Finds rules that a sentence names differently from the console.
fn rules_named_otherwise(tree: &Tree, table: &File) -> Vec<Finding> {
    let catalogue = tree
        .get(CHINESE)
        .and_then(|file| serde_json::from_str(&file.text).ok());
    let catalogue: serde_json::Value = catalogue.unwrap_or_default();
    let said: BTreeMap<&str, &str> = table
        .lines()
        .filter_map(|(_, line)| line.split_once('\t'))
        .collect();
    let rules = catalogue.get("rule").and_then(serde_json::Value::as_object);
    let rules = rules.into_iter().flatten();
    let otherwise = rules.filter(|(rule, word)| said.get(rule.as_str()).copied() != word.as_str());
    otherwise
        .map(|(rule, word)| table.finding(1, format!("the rule {rule} is {word} in {CHINESE}, and here too")))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(table: &str, code: &str) -> Vec<String> {
        let tree = Tree::of(&[(TABLE, table), ("domain/src/x/refusal.rs", code)]);
        check(&tree).into_iter().map(|finding| finding.what).collect()
    }

    #[test]
    fn a_refusal_with_its_sentence_in_the_table_passes() {
        let code = "#[error(\n    \"it has {bytes} bytes, \\\n     more than {}\", MAX)]\n\
                    #[error(\"{0}\")]\n#[error(\"{{{{{name}}}}} is empty\")]";
        let table = "it has {bytes} bytes, more than {max}\tx\n{{{name}}} is empty\tx\n";
        assert_eq!(found(table, code), Vec::<String>::new());
    }

    #[test]
    fn a_refusal_without_chinese_and_a_line_that_nothing_says_are_found() {
        let code = "#[error(\"it has {bytes} bytes\")]\nProblem::missing(\"this thing\")\n\
                    #[cfg(test)]\nProblem::missing(\"that thing\")";
        let findings = found("it weighs {bytes} bytes\tx\nthat other thing\tx\n", code);
        assert_eq!(
            findings,
            [
                format!("`it has {{}} bytes` has no Chinese in {TABLE}"),
                format!("`this thing` has no Chinese in {TABLE}"),
                "no source says this".to_owned(),
                "no source says this".to_owned(),
            ]
        );
    }

    #[test]
    fn a_rule_is_called_as_the_console_calls_it() {
        let tree = Tree::of(&[
            (TABLE, "hours\t时间\n"),
            (CHINESE, r#"{"rule":{"hours":"时段"}}"#),
        ]);
        assert_eq!(rules_named_otherwise(&tree, tree.get(TABLE).unwrap()).len(), 1);
    }
}
