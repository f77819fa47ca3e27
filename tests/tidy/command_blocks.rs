//! Check 12, its second half: paths of the tree and targets of `make` in blocks of pages exist, and the page
//! for troubleshooting names every reason for a pause of dialing and every alerting rule.
//!
//! A story compares commands and options with the program; it needs the program.

use super::tree::{File, Finding, Tree};
use ::tests::page_blocks::blocks;
use regex::Regex;
use std::collections::BTreeSet;

/// Folders of the tree with which a path in a block begins. Others, such as `./data`, are of the reader.
const FOLDERS: &str = "docs|packaging|tests|fixtures|web|verify|bench|examples";

/// Files that the packages install: packaging/ must name them. Others in /etc/ledgerline, such as a password
/// of a trunk, are the reader's.
const INSTALLED: &str =
    r"/(?:etc/ledgerline/[a-z-]+\.toml|usr/(?:lib/systemd/system|share/doc/ledgerline)/[\w./-]*\w)";

/// The pages for troubleshooting, in English and in Chinese.
const TROUBLESHOOTING: [&str; 2] = [
    "docs/how-to/troubleshooting.md",
    "docs/how-to/troubleshooting.zh-CN.md",
];

/// The file that declares the reasons for a pause of dialing.
const REASONS: &str = "domain/src/dialing_pause.rs";

pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = paths(tree);
    let mut wanted = BTreeSet::new();
    wanted.extend(tree.get(REASONS).into_iter().flat_map(reasons));
    wanted.extend(tree.under("docs/").filter(|file| is_rules(file)).flat_map(alerts));
    for page in TROUBLESHOOTING.iter().filter_map(|page| tree.get(page)) {
        let missing = wanted
            .iter()
            .filter(|name| !page.text.contains(&format!("`{name}`")));
        findings.extend(missing.map(|name| page.finding(1, format!("does not name {name}"))));
    }
    findings
}

/// Finds paths of the tree, files of the packages and targets of `make` in blocks that do not exist.
fn paths(tree: &Tree) -> Vec<Finding> {
    let path = Regex::new(&format!(
        r"(?:^|[\s=:(])((?:{FOLDERS})/[A-Za-z0-9_./-]*[A-Za-z0-9_-])"
    ))
    .expect("a constant");
    let installed = Regex::new(INSTALLED).expect("a constant");
    let target = Regex::new(r"(?:^|[\s;])make ([a-z][a-z-]*)").expect("a constant");
    let makefile = tree.get("Makefile").map_or("", |file| file.text.as_str());
    let has_target = |name: &str| {
        let rules = makefile
            .lines()
            .filter(|line| !line.starts_with(['\t', ' ', '.', '#']));
        let mut heads = rules.filter_map(|line| line.split_once(':'));
        heads.any(|(names, _)| names.split_whitespace().any(|one| one == name))
    };
    let packaged = |name: &str| {
        tree.under("packaging/")
            .any(|file| file.text.contains(name.trim_start_matches('/')))
    };
    let mut findings = Vec::new();
    for file in tree
        .files
        .iter()
        .filter(|file| file.path.ends_with(".md") && file.path != "CHANGELOG.md")
    {
        for (number, line) in blocks(&file.text).into_iter().flat_map(|block| block.lines) {
            let mut missing: Vec<String> = Vec::new();
            let found = |pattern: &Regex| -> Vec<String> {
                let names = pattern
                    .captures_iter(line)
                    .filter_map(|found| found.iter().flatten().last());
                names.map(|name| name.as_str().to_owned()).collect()
            };
            missing.extend(found(&path).into_iter().filter(|name| !tree.exists(name)));
            missing.extend(found(&installed).into_iter().filter(|name| !packaged(name)));
            let targets = found(&target).into_iter().filter(|name| !has_target(name));
            missing.extend(targets.map(|name| format!("make {name}")));
            findings.extend(
                missing
                    .iter()
                    .map(|name| file.finding(number, format!("a block names {name}, which is not there"))),
            );
        }
    }
    findings
}

/// Returns the codes of the reasons for a pause of dialing.
fn reasons(file: &File) -> Vec<String> {
    let row = Regex::new(r#"^\s+[A-Z][A-Za-z]+ => "([a-z_]+)", [A-Z]"#).expect("a constant");
    let rows = file.lines().filter_map(|(_, line)| row.captures(line));
    rows.map(|found| found[1].to_owned()).collect()
}

fn is_rules(file: &File) -> bool {
    file.path.ends_with(".rules.yaml") || file.path.ends_with(".rules.yml")
}

/// Returns the names of the rules of a Prometheus rules file.
fn alerts(file: &File) -> Vec<String> {
    let rows = file
        .lines()
        .filter_map(|(_, line)| line.trim().strip_prefix("- alert: "));
    rows.map(|name| name.trim().to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_targets_and_installed_files_of_blocks_must_exist() {
        let page = "# A\n```\nmake image prove-x; make none\nhelm install d packaging/helm/none\n\
                    cat docs/a.md ./data/docs/none /etc/ledgerline/ledgerline.toml\n\
                    cat /etc/ledgerline/other.toml /etc/ledgerline/password\n```\nmake nothing\n";
        let tree = Tree::of(&[
            ("docs/a.md", page),
            ("Makefile", ".PHONY: none\nimage dist: build\n\tmake none\n"),
            (
                "packaging/dist.py",
                "CONFIGURATION = \"etc/ledgerline/ledgerline.toml\"\n",
            ),
        ]);
        let whats: Vec<String> = check(&tree).into_iter().map(|finding| finding.what).collect();
        assert_eq!(
            whats,
            [
                "a block names make none, which is not there",
                "a block names packaging/helm/none, which is not there",
                "a block names /etc/ledgerline/other.toml, which is not there",
            ]
        );
    }

    #[test]
    fn the_page_for_troubleshooting_names_each_reason_and_each_rule() {
        let tree = Tree::of(&[
            (TROUBLESHOOTING[0], "# T\n`no_trunk` `Away`\n"),
            (TROUBLESHOOTING[1], "# T\n`no_trunk`\n"),
            (
                REASONS,
                "    NoTrunk => \"no_trunk\", Installation,\n    StandBy => \"stand_by\", Installation,\n",
            ),
            ("docs/how-to/x.rules.yaml", "      - alert: Away\n"),
        ]);
        let whats: Vec<String> = check(&tree).into_iter().map(|finding| finding.what).collect();
        assert_eq!(
            whats,
            [
                "does not name stand_by",
                "does not name Away",
                "does not name stand_by"
            ]
        );
    }
}
