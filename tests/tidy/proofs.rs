//! Check 24: each proof is in the list of `prove`, in `Makefile`, in the tables of both pages of proofs, and
//! in the closing line of `make test`. A name there without a target in `Makefile` is a finding. A table
//! under a heading of the third level, as that of limits which left `make test`, names proofs and does not
//! list them.

use super::tree::{File, Finding, Tree};
use regex::Regex;
use std::collections::BTreeSet;

/// The list of `prove`.
const LIST: &str = "tests/src/prove/table.rs";
const MAKEFILE: &str = "Makefile";
/// The pages that list the proofs, in English and in Chinese.
const PAGES: [&str; 2] = ["docs/proofs.md", "docs/proofs.zh-CN.md"];
const STEPS: &str = "tests/steps.sh";

/// Run by `prove-stores`: it needs a client that the default build leaves out.
const WITHIN_ANOTHER: &[&str] = &["kurrent"];

pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    let pages: Option<Vec<&File>> = PAGES.iter().map(|page| tree.get(page)).collect();
    let (Some(list), Some(makefile), Some(pages), Some(steps)) =
        (tree.get(LIST), tree.get(MAKEFILE), pages, tree.get(STEPS))
    else {
        return Vec::new();
    };
    let targets = targets(makefile);
    let phony = named(makefile.lines().filter(|(_, line)| line.starts_with(".PHONY:")));
    let announced = named(
        steps
            .lines()
            .filter(|(_, line)| line.contains("the long forms are")),
    );
    let mut findings = Vec::new();
    let mut lacks = |file: &File, known: &BTreeSet<String>, wanted: &BTreeSet<String>, place: &str| {
        let missing = wanted.difference(known);
        findings.extend(missing.map(|name| file.finding(1, format!("prove-{name} is not in {place}"))));
    };
    lacks(makefile, &targets, &listed(list), "its rules");
    lacks(makefile, &phony, &targets, ".PHONY");
    lacks(makefile, &targets, &phony, "its rules, only in .PHONY");
    let own_row: BTreeSet<String> = targets
        .iter()
        .filter(|name| !WITHIN_ANOTHER.contains(&name.as_str()))
        .cloned()
        .collect();
    for page in pages {
        let rows = named(page.lines().filter(|(_, line)| line.starts_with('|')));
        lacks(page, &named(list_rows(page).into_iter()), &own_row, "its tables");
        lacks(
            makefile,
            &targets,
            &rows,
            &format!("its rules, only in {}", page.path),
        );
    }
    lacks(steps, &announced, &targets, "its closing line");
    lacks(
        makefile,
        &targets,
        &announced,
        "its rules, only in the closing line of make test",
    );
    findings
}

/// Returns the rows of the tables that list proofs: those of sections, not of their parts.
fn list_rows(page: &File) -> Vec<(usize, &str)> {
    let mut is_part = false;
    let is_list_row = |(_, line): &(usize, &str)| {
        if line.starts_with('#') {
            is_part = line.starts_with("###");
        }
        line.starts_with('|') && !is_part
    };
    page.lines().filter(is_list_row).collect()
}

/// Returns the names between the brackets of `PROOFS`.
fn listed(file: &File) -> BTreeSet<String> {
    let row = Regex::new(r#"^\s*\("([a-z-]+)",$|^\s*\("([a-z-]+)", "#).expect("a constant pattern");
    let rows = file.lines().map(|(_, line)| line);
    let rows = rows
        .skip_while(|line| !line.contains("const PROOFS"))
        .take_while(|line| *line != "];");
    let found = rows.filter_map(|line| row.captures(line));
    found
        .filter_map(|found| found.get(1).or(found.get(2)).map(|name| name.as_str().to_owned()))
        .collect()
}

/// Returns the targets: names before the colon of a rule.
fn targets(file: &File) -> BTreeSet<String> {
    let rules = file.lines().filter(|(_, line)| line.starts_with("prove-"));
    named(rules.map(|(number, line)| (number, line.split(':').next().unwrap_or_default())))
}

/// Returns every `prove-NAME` of some lines.
fn named<'a>(lines: impl Iterator<Item = (usize, &'a str)>) -> BTreeSet<String> {
    let name = Regex::new(r"(?:^|[^a-z-])prove-([a-z-]+)").expect("a constant pattern");
    let found = lines.flat_map(|(_, line)| {
        let names = name.captures_iter(line).map(|found| found[1].to_owned());
        names.collect::<Vec<_>>()
    });
    found.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const LISTED: &str = "pub const PROOFS: &[(&str, Prove)] = &[\n    (\"one\", one::prove),\n    (\"two\", two::prove),\n];\n(\"three\", x)\n";

    fn found(makefile: &str, page: &str, steps: &str) -> Vec<String> {
        found_in(makefile, [page, page], steps)
    }

    fn found_in(makefile: &str, [english, chinese]: [&str; 2], steps: &str) -> Vec<String> {
        let tree = Tree::of(&[
            (LIST, LISTED),
            (MAKEFILE, makefile),
            (PAGES[0], english),
            (PAGES[1], chinese),
            (STEPS, steps),
        ]);
        check(&tree).into_iter().map(|finding| finding.what).collect()
    }

    const MAKE: &str = ".PHONY: test prove-one prove-two\nprove-one prove-two: build\n\t@prove\n";
    const SHOWN: &str = "text on prove-nothing\n| first | `make prove-one`, `prove-two` |\n";
    const CLOSING_LINE: &str = "echo \"the long forms are: make prove-one prove-two\"\n";

    #[test]
    fn what_is_everywhere_is_right() {
        assert_eq!(found(MAKE, SHOWN, CLOSING_LINE), Vec::<String>::new());
    }

    #[test]
    fn what_is_missing_or_only_named_is_found() {
        let without = |text: &str| text.replace("prove-two", "");
        assert_eq!(
            found_in(MAKE, [SHOWN, &without(SHOWN)], CLOSING_LINE),
            ["prove-two is not in its tables"]
        );
        assert_eq!(
            found_in(
                MAKE,
                [&SHOWN.replace("prove-two", "prove-four, prove-two"), SHOWN],
                CLOSING_LINE
            ),
            ["prove-four is not in its rules, only in docs/proofs.md"]
        );
        assert_eq!(
            found(MAKE, SHOWN, &without(CLOSING_LINE)),
            ["prove-two is not in its closing line"]
        );
        let left = format!("{}\n### Limits\n| 1 s | `make prove-two` |\n", without(SHOWN));
        assert_eq!(
            found_in(MAKE, [SHOWN, &left], CLOSING_LINE),
            ["prove-two is not in its tables"]
        );
        let unknown = format!("{SHOWN}\n### Limits\n| 1 s | `make prove-four` |\n");
        assert_eq!(
            found_in(MAKE, [&unknown, SHOWN], CLOSING_LINE),
            ["prove-four is not in its rules, only in docs/proofs.md"]
        );
        assert!(
            found(&without(MAKE), SHOWN, CLOSING_LINE).contains(&"prove-two is not in its rules".to_owned())
        );
        let closing_line = CLOSING_LINE.replace("prove-two", "prove-two prove-four");
        assert_eq!(
            found(MAKE, SHOWN, &closing_line),
            ["prove-four is not in its rules, only in the closing line of make test"]
        );
    }
}
