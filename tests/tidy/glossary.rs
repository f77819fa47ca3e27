//! Check 26: where an English text of the console or a label uses a term of the glossary, its Chinese text
//! contains the preferred Chinese term or a Chinese synonym. Each term has one preferred Chinese term.

use super::tree::{File, Finding, Tree};
use regex::Regex;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

const GLOSSARY: &str = "docs/GLOSSARY.md";
const CHINESE: &str = "web/src/locales/zh-CN.json";
const ENGLISH: &str = "web/src/locales/en.json";

/// Cells of a row: term, preferred Chinese term, meaning, name in code, synonyms in both languages.
const ROW_CELLS: usize = 5;

/// Files with labels that the console shows unchanged: pairs of Chinese and English.
const LABELS: [&str; 2] = ["domain/src/setting/name.rs", "values/src/permission/mod.rs"];

/// Terms that are also ordinary English words, with the other meaning. The check skips them.
const PLAIN: [(&str, &str); 25] = [
    ("access", "also the right to come in at all"),
    ("answered", "inquiries, wishes and messages are answered too"),
    ("call", "also what one does: 拨打, 外呼"),
    ("case", "also one of a count"),
    ("conversation", "spoken ones are 对话"),
    ("draft", "of a wording it is 文案草稿, and also what a model does"),
    (
        "fact",
        "the glossary's is of a knowledge base; rules go by facts too",
    ),
    ("hold", "also to keep or to contain"),
    ("line", "also a row of text, and the line of time"),
    ("message", "a flow's, a person's, or what is written to us"),
    ("model", "also the one that writes or assists"),
    ("number", "also a count"),
    ("objection", "of a knowledge base, or of a number"),
    ("offer", "also a verb; a preview offer is another concept"),
    ("refusal", "a rule's, or what a callee says"),
    ("replay", "deliveries are sent again too"),
    ("report", "a signed one, or a saved one"),
    ("settled", "labels and merges are settled too"),
    ("switch", "also a verb"),
    ("target", "also where something is sent"),
    ("term", "also a word"),
    ("user", "also any reader of a page"),
    ("view", "also a look at something"),
    ("wording", "a flow's, a summary's or an answer's"),
    ("label", "also the name of a thing"),
];

/// Exceptions (text, term, reason): the term has another meaning there, or the Chinese sentence omits it.
const ELSEWHERE: [(&str, &str, &str); 11] = [
    (
        "call.near",
        "cursor",
        "the position on the time line, not a page's cursor",
    ),
    ("compliance.outcome", "outcome", "of a complaint: 处理结果"),
    ("customers.noneNext", "agent", "the name of a column"),
    ("customers.noneNext", "team", "the name of a column"),
    (
        "customer.assumedOf.promoted",
        "stage",
        "进入下一阶段 is the glossary's word for a promotion",
    ),
    ("disposition.screened", "assistant", "the callee's own, 来电筛查"),
    ("factValue.worked_for_a_holiday", "holiday", "调休上班 says it"),
    ("flows.back", "turn", "one step back in a rehearsal"),
    ("proof.events", "checkpoint", "the log's, 日志检查点"),
    ("wizard.fileHint", "turn", "a verb"),
    ("wizard.segmentHint", "customer", "SQL"),
];

/// A Chinese and an English text with the same meaning, and their place.
struct TranslatedText {
    path: String,
    line: usize,
    name: String,
    zh: String,
    en: String,
}

pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    let Some(glossary) = tree.get(GLOSSARY) else {
        return Vec::new();
    };
    let terms: Vec<(String, Regex, BTreeSet<String>)> = terms_of(glossary)
        .into_iter()
        .filter(|(term, _)| !PLAIN.iter().any(|(plain, _)| plain == term))
        .map(|(term, words)| {
            let pattern = format!(r"(?i)\b{}(?:s|es)?\b", regex::escape(&term));
            (term, Regex::new(&pattern).expect("an escaped term"), words)
        })
        .collect();
    let mut findings = several_preferred(glossary);
    for said in catalogues(tree).into_iter().chain(labels(tree)) {
        for (term, pattern, words) in &terms {
            let is_elsewhere = ELSEWHERE
                .iter()
                .any(|(name, other, _)| *name == said.name && other == term);
            let is_used = words.iter().any(|word| said.zh.contains(word));
            if is_used || is_elsewhere || !pattern.is_match(&said.en) {
                continue;
            }
            let words = words.iter().cloned().collect::<Vec<_>>().join(", ");
            findings.push(Finding {
                path: said.path.clone(),
                line: said.line,
                what: format!(
                    "{}: {term} is {words} in the glossary, and here {}",
                    said.name, said.zh
                ),
            });
        }
    }
    findings
}

/// Returns the cells of a row of concepts; `None` for other lines, and for the head of a table.
fn cells_of(line: &str) -> Option<Vec<&str>> {
    let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
    let is_head = cells
        .first()
        .is_some_and(|cell| *cell == "Term" || *cell == "---");
    (cells.len() == ROW_CELLS && !is_head).then_some(cells)
}

/// Returns each term with its accepted Chinese words: the preferred term and the Chinese synonyms. A note in
/// brackets after a term is not part of the term.
fn terms_of(glossary: &File) -> BTreeMap<String, BTreeSet<String>> {
    let word = Regex::new(r"\p{Han}+").expect("a constant pattern");
    let note = Regex::new(r"\s*\(.*?\)").expect("a constant pattern");
    let mut terms = BTreeMap::<String, BTreeSet<String>>::new();
    for (_, line) in glossary.lines() {
        let Some(cells) = cells_of(line) else {
            continue;
        };
        let [term, preferred, _, _, synonyms] = cells.as_slice() else {
            continue;
        };
        let words = [*preferred, *synonyms]
            .into_iter()
            .flat_map(|cell| word.find_iter(cell))
            .map(|found| found.as_str().to_owned());
        let term = note.replace_all(term, "").replace('_', " ");
        terms.entry(term).or_default().extend(words);
    }
    terms
}

/// Finds rows without exactly one preferred Chinese term; further terms are synonyms.
fn several_preferred(glossary: &File) -> Vec<Finding> {
    let word = Regex::new(r"\p{Han}+").expect("a constant pattern");
    let mut findings = Vec::new();
    for (line, text) in glossary.lines() {
        let cells = cells_of(text).unwrap_or_default();
        let [term, preferred, ..] = cells.as_slice() else {
            continue;
        };
        let count = word.find_iter(preferred).count();
        if count != 1 {
            findings
                .push(glossary.finding(line, format!("{term} has {count} preferred Chinese terms, not 1")));
        }
    }
    findings
}

/// Returns the texts of both catalogues by name. Equal texts, for example commands to type, are left out.
fn catalogues(tree: &Tree) -> Vec<TranslatedText> {
    let read = |path| {
        let catalogue: Option<Value> = tree
            .get(path)
            .and_then(|file| serde_json::from_str(&file.text).ok());
        let mut found = BTreeMap::new();
        texts(&catalogue.unwrap_or_default(), "", &mut found);
        found
    };
    let (zh, en) = (read(CHINESE), read(ENGLISH));
    let value = Regex::new(r"\{\{.*?\}\}").expect("a constant pattern");
    let said = en.into_iter().filter_map(|(name, en)| {
        let zh = zh.get(&name)?.clone();
        (zh != en).then(|| TranslatedText {
            path: CHINESE.to_owned(),
            line: 1,
            en: value.replace_all(&en, "").into_owned(),
            name,
            zh,
        })
    });
    said.collect()
}

fn texts(value: &Value, before: &str, found: &mut BTreeMap<String, String>) {
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                texts(value, &format!("{before}.{name}"), found);
            }
        }
        Value::String(text) => drop(found.insert(before.trim_start_matches('.').to_owned(), text.clone())),
        _ => {}
    }
}

/// Returns the pairs in a source, Chinese first.
fn labels(tree: &Tree) -> Vec<TranslatedText> {
    let pair = Regex::new(r#"\("([^"]*\p{Han}[^"]*)", "([^"\p{Han}]+)""#).expect("a constant pattern");
    let files = LABELS.iter().filter_map(|path| tree.get(path));
    let said = files.flat_map(|file| {
        let lines = file.lines().flat_map(|(line, text)| {
            pair.captures_iter(text)
                .map(move |found| (line, found[1].to_owned(), found[2].to_owned()))
        });
        let said = lines.map(|(line, zh, en)| TranslatedText {
            path: file.path.clone(),
            line,
            name: en.clone(),
            zh,
            en,
        });
        said.collect::<Vec<_>>()
    });
    said.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = "| Term | 中文 | Meaning | In code | Also called |\n\
                         | --- | --- | --- | --- | --- |\n\
                         | campaign | 外呼任务 | a plan | `Campaign` | task, 任务 |\n\
                         | draft (of a flow) | 草稿 | a form | `Draft` | — |\n";

    fn found(zh: &str, en: &str) -> usize {
        let tree = Tree::of(&[(GLOSSARY, TABLE), (CHINESE, zh), (ENGLISH, en)]);
        check(&tree).len()
    }

    #[test]
    fn a_term_has_its_chinese_term_or_a_synonym() {
        let en = r#"{"a":{"b":"All campaigns","c":"{{campaign}} is gone"}}"#;
        assert_eq!(
            found(r#"{"a":{"b":"全部任务","c":"{{campaign}} 不在了"}}"#, en),
            0
        );
        assert_eq!(
            found(r#"{"a":{"b":"全部项目","c":"{{campaign}} 不在了"}}"#, en),
            1
        );
    }

    #[test]
    fn a_row_has_one_preferred_chinese_term() {
        let row = "| campaign | 外呼任务、任务 | a plan | `Campaign` | task |\n";
        let tree = Tree::of(&[(GLOSSARY, row)]);
        assert_eq!(check(&tree).len(), 1);
    }

    #[test]
    fn a_plain_word_and_a_command_are_no_terms() {
        let en = r#"{"a":"What a model may draft","b":"ledgerline campaign list"}"#;
        assert_eq!(
            found(r#"{"a":"模型可写的","b":"ledgerline campaign list"}"#, en),
            0
        );
    }

    #[test]
    fn labels_of_the_server_are_held_to_it_too() {
        let code = "Self::Read => (\"查看项目\", \"see campaigns\"),\n";
        let tree = Tree::of(&[(GLOSSARY, TABLE), ("values/src/permission/mod.rs", code)]);
        assert_eq!(check(&tree).len(), 1);
    }
}
