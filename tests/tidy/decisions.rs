//! Check 31: each cited number of a decision is a record or is in the table of merged records. Each row of
//! that table leads to a record. A record is short, and the list has it by its title.

use super::tree::{File, Finding, Tree};
use regex::Regex;
use std::collections::BTreeSet;
use std::sync::LazyLock;

const FOLDER: &str = "docs/decisions/";
const LIST: &str = "docs/decisions/README.md";

/// The most lines of a record (issue 52, A5); measurements belong in `docs/reference/benchmarks.md`.
const LINES_MAX: usize = 60;

/// `decision` or `decisions` and the numbers after it, also on the next line of a comment or in a link.
static CITED: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)\bdecisions?[\s/*#]*\[?(0\d{3}(?:(?:, | and )0\d{3})*)\b").expect("a constant pattern")
});

/// Records cite one another by the number alone.
static BARE: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"(?:^|[^0-9.,-])(0\d{3})\b").expect("a constant pattern"));

static CODE: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"`[^`]*`").expect("a constant pattern"));

static ROW: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"^\| (\d{4}) \| (.*) \|$").expect("a constant pattern"));

static LINK: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"\[(\d{4})\]\(").expect("a constant pattern"));

/// A cited number and its line.
struct Citation {
    number: String,
    line: usize,
}

pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    let Some(list) = tree.get(LIST) else {
        return Vec::new();
    };
    let mut findings = Vec::new();
    let mut known = BTreeSet::new();
    for record in tree.under(FOLDER) {
        if let Some(number) = number_of(record) {
            findings.extend(faults(record, &number, list));
            known.insert(number);
        }
    }
    findings.extend(add_merged(list, &mut known));
    for file in &tree.files {
        for citation in citations(file) {
            if !known.contains(&citation.number) {
                let number = citation.number;
                let what =
                    format!("cites decision {number}, neither a record nor in the table of merged ones");
                findings.push(file.finding(citation.line, what));
            }
        }
    }
    findings
}

/// Returns the number at the beginning of a record's file name; `None` for the list.
fn number_of(file: &File) -> Option<String> {
    let number = file.path.strip_prefix(FOLDER)?.get(..4)?;
    let is_number = number.chars().all(|character| character.is_ascii_digit());
    is_number.then(|| number.to_owned())
}

/// Returns what is wrong with a record itself.
fn faults(record: &File, number: &str, list: &File) -> Vec<Finding> {
    let mut findings = Vec::new();
    let lines = record.text.lines().count();
    if lines > LINES_MAX {
        findings.push(record.finding(LINES_MAX, format!("{lines} lines, at most {LINES_MAX}")));
    }
    let title = record.text.lines().next().unwrap_or("").trim_start_matches("# ");
    if !title.starts_with(number) {
        findings.push(record.finding(1, format!("the title does not begin with {number}")));
    }
    let name = record.path.trim_start_matches(FOLDER);
    if !list.text.contains(&format!("[{title}]({name})")) {
        findings.push(list.finding(1, format!("does not list {name} by its title")));
    }
    findings
}

/// Adds the numbers of the table to the known ones; each row must lead to records only.
fn add_merged(list: &File, known: &mut BTreeSet<String>) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut merged = Vec::new();
    for (line, text) in list.lines() {
        let Some(row) = ROW.captures(text) else { continue };
        let number = row[1].to_owned();
        let targets: Vec<String> = LINK
            .captures_iter(&row[2])
            .map(|link| link[1].to_owned())
            .collect();
        if targets.is_empty() || targets.iter().any(|target| !known.contains(target)) {
            findings.push(list.finding(line, format!("{number} does not lead to a record")));
        }
        if known.contains(&number) {
            findings.push(list.finding(
                line,
                format!("{number} is a record and in the table of merged ones"),
            ));
        }
        merged.push(number);
    }
    known.extend(merged);
    findings
}

fn citations(file: &File) -> Vec<Citation> {
    if file.path.starts_with(FOLDER) {
        let lines = file.lines().flat_map(|(line, text)| {
            let prose = CODE.replace_all(text, " ");
            let numbers: Vec<String> = BARE
                .captures_iter(&prose)
                .map(|found| found[1].to_owned())
                .collect();
            numbers.into_iter().map(move |number| Citation { number, line })
        });
        return lines.collect();
    }
    let mut citations = Vec::new();
    for found in CITED.captures_iter(&file.text) {
        let numbers = found[1].replace(" and ", ", ");
        let start = found.get(0).map_or(0, |whole| whole.start());
        let before = file.text.get(..start).unwrap_or("");
        let line = before.matches('\n').count() + 1;
        citations.extend(numbers.split(", ").map(|number| Citation {
            number: number.to_owned(),
            line,
        }));
    }
    citations
}

#[cfg(test)]
mod tests {
    use super::*;

    const RECORD: &str = "docs/decisions/0001-events-are-json.md";
    const TITLED: &str = "# 0001 Events are JSON\n";
    const LISTED: &str = "- [0001 Events are JSON](0001-events-are-json.md)\n\n| Number | Now in |\n| --- | --- |\n\
                          | 0002 | [0001](0001-events-are-json.md) |\n";
    /// Neither a record nor merged. It is not written after the word, so that this file does not find itself.
    const UNKNOWN: &str = "0999";

    fn found(list: &str, record: &str, code: &str) -> Vec<String> {
        let tree = Tree::of(&[(LIST, list), (RECORD, record), ("a/src/lib.rs", code)]);
        let findings = check(&tree).into_iter();
        findings
            .map(|finding| format!("{}: {}", finding.line, finding.what))
            .collect()
    }

    #[test]
    fn a_record_and_a_merged_number_may_be_cited() {
        let code = "// decision 0001, decisions\n// 0002 and 0001, not 0600\n";
        assert_eq!(found(LISTED, TITLED, code), Vec::<String>::new());
    }

    #[test]
    fn a_number_without_a_record_is_found_in_code_and_in_records() {
        let what = format!("cites decision {UNKNOWN}, neither a record nor in the table of merged ones");
        let code = format!("\n// decisions 0001, {UNKNOWN}\n");
        assert_eq!(found(LISTED, TITLED, &code), [format!("2: {what}")]);
        let record = format!("{TITLED}\nSee ({UNKNOWN}), mode `0600`, 0.0525.\n");
        assert_eq!(found(LISTED, &record, ""), [format!("3: {what}")]);
    }

    #[test]
    fn a_row_that_leads_nowhere_and_one_of_a_record_are_found() {
        let list = LISTED.replace("[0001](0001-events-are-json.md) |", "deleted |");
        assert_eq!(found(&list, TITLED, ""), ["5: 0002 does not lead to a record"]);
        let list = LISTED.replace("| 0002", "| 0001");
        assert_eq!(
            found(&list, TITLED, ""),
            ["5: 0001 is a record and in the table of merged ones"]
        );
    }

    #[test]
    fn a_long_record_and_a_record_with_another_title_are_found() {
        let long = format!("{TITLED}{}", "x\n".repeat(LINES_MAX));
        assert_eq!(found(LISTED, &long, ""), ["60: 61 lines, at most 60"]);
        assert_eq!(
            found(LISTED, "# 0001 Another\n", ""),
            ["1: does not list 0001-events-are-json.md by its title"]
        );
        assert!(
            found(LISTED, "# Events\n", "").contains(&"1: the title does not begin with 0001".to_owned())
        );
    }
}
