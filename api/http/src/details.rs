//! Chinese translations of problem details, from a table of English sentences.
//!
//! A line of `details.tsv` has an English sentence with `{names}` in place of values, and its Chinese. There
//! `{name}` inserts the value unchanged, and `{name!}` inserts its translation if the value is itself a
//! sentence or word of the table: a reason in a reason, a rule, a status. A detail that is not in the table
//! stays in English only. Tidy check 25 requires a line for each refusal of the domain and each sentence in a
//! problem.

use domain::problem::{MemberError, Problem};
use std::collections::BTreeMap;
use std::sync::LazyLock;

const TABLE: &str = include_str!("details.tsv");

/// Maximum nesting of sentences: a list's error in a campaign's in a member's.
const NESTED_MAX: usize = 3;

/// The separator of several errors in one detail.
const BETWEEN: &str = "; ";

/// An English sentence with values, and its Chinese.
#[derive(Debug)]
struct SentencePattern {
    /// The text between the values; one more than there are names.
    literals: Vec<&'static str>,
    names: Vec<&'static str>,
    zh: &'static str,
}

#[derive(Debug, Default)]
struct Table {
    whole: BTreeMap<&'static str, &'static str>,
    /// Sentences with values. Those with the most literal text come first, so that specific sentences match
    /// before general ones.
    patterns: Vec<SentencePattern>,
}

static LINES: LazyLock<Table> = LazyLock::new(|| {
    let mut table = Table::default();
    for (en, zh) in TABLE.lines().filter_map(|line| line.split_once('\t')) {
        let (literals, names) = taken_apart(en);
        if names.is_empty() {
            table.whole.insert(en, zh);
        } else {
            table.patterns.push(SentencePattern { literals, names, zh });
        }
    }
    table
        .patterns
        .sort_by_key(|line| std::cmp::Reverse(line.literals.iter().map(|one| one.len()).sum::<usize>()));
    table
});

/// Returns a problem's detail in Chinese; `None` if the table does not have it.
pub(crate) fn in_chinese(problem: &Problem) -> Option<String> {
    if let Some(said) = translated(&problem.detail, NESTED_MAX) {
        return Some(said);
    }
    // The detail of invalid members lists all of them in one line.
    let members = problem.errors.iter().map(|error| {
        let said = member_in_chinese(error);
        format!("{} {}", error.pointer, said.as_ref().unwrap_or(&error.detail))
    });
    let is_any_known = problem
        .errors
        .iter()
        .any(|error| member_in_chinese(error).is_some());
    is_any_known.then(|| members.collect::<Vec<_>>().join("；"))
}

/// Returns the Chinese text of an error in one member of a request body; `None` if the table does not have
/// it.
pub(crate) fn member_in_chinese(error: &MemberError) -> Option<String> {
    translated(&error.detail, NESTED_MAX)
}

fn translated(text: &str, nested_max: usize) -> Option<String> {
    let table = &*LINES;
    if let Some(zh) = table.whole.get(text) {
        return Some((*zh).to_owned());
    }
    let found = table
        .patterns
        .iter()
        .find_map(|line| Some((line, line.values(text)?)));
    if let Some((line, values)) = found {
        return Some(line.filled(&values, nested_max));
    }
    let parts: Vec<&str> = text.split(BETWEEN).collect();
    let nested_max = nested_max.checked_sub(1).filter(|_| parts.len() > 1)?;
    let said: Option<Vec<_>> = parts.iter().map(|part| translated(part, nested_max)).collect();
    said.map(|said| said.join("；"))
}

impl SentencePattern {
    /// Returns the values of this sentence in a text; `None` if the text is another sentence.
    fn values<'a>(&self, text: &'a str) -> Option<Vec<&'a str>> {
        let (first, further) = self.literals.split_first()?;
        let (last, between) = further.split_last()?;
        let mut rest = text.strip_prefix(first)?.strip_suffix(last)?;
        let mut values = Vec::new();
        for literal in between {
            let (value, behind) = rest.split_once(literal)?;
            values.push(value);
            rest = behind;
        }
        values.push(rest);
        Some(values)
    }

    fn filled(&self, values: &[&str], nested_max: usize) -> String {
        let mut said = self.zh.to_owned();
        for (name, value) in self.names.iter().zip(values) {
            let nested = nested_max.checked_sub(1).and_then(|max| translated(value, max));
            said = said.replace(&format!("{{{name}!}}"), nested.as_deref().unwrap_or(value));
            said = said.replace(&format!("{{{name}}}"), value);
        }
        said
    }
}

/// Splits a sentence into its literal parts and the names of its values.
fn taken_apart(sentence: &'static str) -> (Vec<&'static str>, Vec<&'static str>) {
    let (mut literals, mut names) = (Vec::new(), Vec::new());
    let (mut from, mut searched) = (0, 0);
    while let Some(at) = sentence.get(searched..).and_then(|rest| rest.find('{')) {
        let open = searched + at;
        searched = open + 1;
        let inner = sentence.get(searched..).unwrap_or_default();
        let name = inner.split('}').next().filter(|name| is_name(name));
        let Some(name) = name.filter(|name| inner.len() > name.len()) else {
            continue;
        };
        literals.push(sentence.get(from..open).unwrap_or_default());
        names.push(name);
        from = searched + name.len() + 1;
        searched = from;
    }
    literals.push(sentence.get(from..).unwrap_or_default());
    (literals, names)
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|one| one.is_ascii_alphanumeric() || one == '_')
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn translate(detail: &str) -> Option<String> {
        in_chinese(&Problem::refused("refused", detail))
    }

    #[test]
    fn a_sentence_keeps_its_values() {
        assert_eq!(
            translate("the campaign ended at 2026-03-02T10:00:00.000000Z").as_deref(),
            Some("任务已于 2026-03-02T10:00:00.000000Z 到期")
        );
        assert_eq!(
            translate("1 of 2 enrolments are completed").as_deref(),
            Some("2 名名单客户中已完成外呼 1 名")
        );
        assert_eq!(
            translate("{{name}} has no value").as_deref(),
            Some("{{name}} 没有值")
        );
        assert_eq!(translate("not in the table"), None);
    }

    #[test]
    fn a_reason_and_a_rule_in_a_sentence_are_translated_and_a_name_stays_as_it_is() {
        assert_eq!(
            translate("the campaign is paused").as_deref(),
            Some("任务当前为已暂停，不能这样操作")
        );
        assert_eq!(
            translate("no call allowed at 9:00: rule calling_window, and no later time in this campaign")
                .as_deref(),
            Some("9:00 不可呼叫：规则“可外呼时段”，本任务内此后也没有可呼时间")
        );
        assert_eq!(
            translate("not in campaign paused").as_deref(),
            Some("不在任务 paused 中")
        );
        assert_eq!(
            translate("the campaign can never run: a campaign cannot wait for itself").as_deref(),
            Some("任务永远无法运行：任务不能等待自身")
        );
    }

    #[test]
    fn wrong_members_are_translated_one_by_one() {
        let wrong = |detail: &str| MemberError {
            pointer: "/a".to_owned(),
            detail: detail.to_owned(),
        };
        let problem = Problem::members(vec![wrong("is missing"), wrong("is odd")]);
        assert_eq!(in_chinese(&problem).as_deref(), Some("/a 缺少；/a is odd"));
        assert_eq!(in_chinese(&Problem::members(vec![wrong("is odd")])), None);
    }

    #[test]
    fn each_line_has_both_languages_the_same_values_and_its_place_in_the_order() {
        let lines: Vec<&str> = TABLE.lines().collect();
        assert!(lines.is_sorted(), "in the order of their bytes");
        let mut seen = BTreeSet::new();
        for line in &lines {
            let (en, zh) = line.split_once('\t').unwrap();
            let (literals, names) = taken_apart(en);
            assert!(seen.insert(literals.join("{}")), "{en} is here twice");
            let zh: &'static str = zh.to_owned().replace("!}", "}").leak();
            let put: BTreeSet<_> = taken_apart(zh).1.into_iter().collect();
            let wanted: BTreeSet<_> = names.into_iter().collect();
            assert_eq!(put, wanted, "{en}");
        }
        assert_eq!(seen.len(), lines.len());
    }
}
