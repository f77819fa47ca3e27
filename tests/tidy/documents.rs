//! Check 12: links and paths in documents exist, each document has one title, the drawn tree matches the
//! disk, the index lists every page, and the two pages that every developer reads stay short.

use super::tree::{File, Finding, Tree};
use regex::Regex;
use std::collections::BTreeSet;

/// Documents that name paths of earlier versions.
const NAME_OLD_PATHS: &[&str] = &["CHANGELOG.md", "docs/renames.md"];

/// Pages that every developer reads completely, with the most lines that each may have.
const LINES_MAX: &[(&str, usize)] = &[("docs/ARCHITECTURE.md", 250), ("docs/house.md", 200)];

/// The folders with which a path in a document begins.
const ROOMS: &[&str] = &[
    "actors",
    "api",
    "bench",
    "derive",
    "docs",
    "domain",
    "fixtures",
    "http_client",
    "media",
    "pacing",
    "packaging",
    "projections",
    "simulation",
    "store",
    "tests",
    "tls",
    "understanding",
    "values",
    "verify",
    "web",
];

fn prose(file: &File) -> impl Iterator<Item = (usize, &str)> {
    let mut fenced = false;
    file.lines().filter(move |(_, line)| {
        let fence = line.trim_start().starts_with("```");
        fenced ^= fence;
        !fenced && !fence
    })
}

pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    let link = Regex::new(r"\]\(([^)#\s]+)[^)]*\)").expect("a constant pattern");
    let rooms = ROOMS.join("|");
    let span = Regex::new(&format!("`((?:{rooms})/[A-Za-z0-9_./-]+)`")).expect("a constant pattern");
    let mut findings = Vec::new();
    for file in tree.files.iter().filter(|file| file.path.ends_with(".md")) {
        let folder = file.path.rsplit_once('/').map_or("", |(folder, _)| folder);
        let mut titles = 0;
        for (number, line) in prose(file) {
            titles += usize::from(line.starts_with("# "));
            for found in link.captures_iter(line).map(|found| found[1].to_owned()) {
                if !found.contains("://")
                    && !found.starts_with("mailto:")
                    && !tree.exists(&resolve(folder, &found))
                {
                    findings.push(file.finding(number, format!("link to {found}, which is not there")));
                }
            }
            let missing = span
                .captures_iter(line)
                .map(|found| found[1].to_owned())
                .find(|path| !tree.exists(path));
            if let Some(missing) = missing.filter(|_| !NAME_OLD_PATHS.contains(&file.path.as_str())) {
                findings.push(file.finding(number, format!("names {missing}, which is not there")));
            }
        }
        if titles != 1 {
            findings.push(file.finding(1, format!("{titles} first-level titles; one each")));
        }
    }
    findings.extend(drawn_tree(tree));
    findings.extend(unlisted_pages(tree));
    findings.extend(long_pages(tree));
    findings
}

/// Checks that `docs/index.md` links every page of `docs/`; decision records have their own index.
fn unlisted_pages(tree: &Tree) -> Vec<Finding> {
    let Some(index) = tree.get("docs/index.md") else {
        return Vec::new();
    };
    let pages = tree
        .under("docs/")
        .filter(|file| file.path.ends_with(".md") && !file.path.starts_with("docs/decisions/"));
    pages
        .filter(|file| file.path != index.path)
        .filter(|file| {
            let link = format!("]({})", file.path.trim_start_matches("docs/"));
            !index.text.contains(&link)
        })
        .map(|file| index.finding(1, format!("has no link to {}", file.path)))
        .collect()
}

/// Finds pages that are longer than their limit.
fn long_pages(tree: &Tree) -> Vec<Finding> {
    let pages = LINES_MAX
        .iter()
        .filter_map(|(path, most)| Some((tree.get(path)?, *most)));
    pages
        .filter(|(file, most)| file.text.lines().count() > *most)
        .map(|(file, most)| file.finding(most + 1, format!("has more than {most} lines")))
        .collect()
}

fn resolve(folder: &str, link: &str) -> String {
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in link.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            other => parts.push(other),
        }
    }
    parts.join("/")
}

/// `ARCHITECTURE.md` draws `crate/` and `  src/folder/` lines; a line may draw several folders, separated by
/// `, `. Each must be on disk, and each crate and each folder in its `src` must be drawn. Files are not
/// drawn; `bench/peers/` contains external crates.
fn drawn_tree(tree: &Tree) -> Vec<Finding> {
    let Some(file) = tree.get("docs/ARCHITECTURE.md") else {
        return Vec::new();
    };
    let drawn = Regex::new(r"^(\s*)([A-Za-z0-9_./-]+(?:, [A-Za-z0-9_./-]+/)*)").expect("a constant pattern");
    let mut findings = Vec::new();
    let mut fenced = false;
    let mut room = String::new();
    let mut seen = Vec::new();
    for (number, line) in file.lines() {
        if line.starts_with("```") {
            fenced = line.starts_with("```tree");
            continue;
        }
        let Some(found) = drawn.captures(line).filter(|_| fenced) else {
            continue;
        };
        for name in found[2].split(", ").map(|name| name.trim_end_matches('/')) {
            let path = if found[1].is_empty() {
                room = name.to_owned();
                room.clone()
            } else {
                format!("{room}/{name}")
            };
            if !tree.exists(&path) {
                findings.push(file.finding(number, format!("draws {path}, which is not on disk")));
            }
            seen.push(path);
        }
    }
    let rooms = tree.paths.iter().filter_map(|path| {
        let (room, inside) = path.split_once("/src/")?;
        let folder = inside.split_once('/').map(|(folder, _)| format!("/src/{folder}"));
        Some(format!("{room}{}", folder.unwrap_or_default()))
    });
    let missing: BTreeSet<String> = rooms
        .filter(|entry| !entry.starts_with("bench/peers/") && !seen.contains(entry))
        .collect();
    findings.extend(
        missing
            .into_iter()
            .map(|entry| file.finding(1, format!("does not draw {entry}"))),
    );
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dead_link_a_lost_path_and_a_second_title_are_found() {
        let tree = Tree::of(&[
            ("README.md", "# A\n[x](docs/none.md) `store/src/none.rs`\n# B\n"),
            ("docs/STYLE.md", "# S\n[up](../README.md)\n"),
        ]);
        assert_eq!(check(&tree).len(), 3);
    }

    #[test]
    fn a_lost_path_is_found_in_every_room() {
        let paths: String = ROOMS.iter().map(|room| format!("`{room}/none`\n")).collect();
        let tree = Tree::of(&[("README.md", &format!("# A\n{paths}"))]);
        assert_eq!(check(&tree).len(), ROOMS.len());
    }

    #[test]
    fn the_drawn_tree_is_held_against_the_disk_both_ways() {
        let drawing =
            "# A\n```tree\nstore/          where\n  src/sqlite/, src/kurrent/   x\n  src/gone/     x\n```\n";
        let tree = Tree::of(&[
            ("docs/ARCHITECTURE.md", drawing),
            ("store/src/lib.rs", ""),
            ("store/src/sqlite/mod.rs", ""),
            ("store/src/kurrent/mod.rs", ""),
            ("store/src/new/mod.rs", ""),
            ("api/http/src/lib.rs", ""),
        ]);
        assert_eq!(check(&tree).len(), 3);
    }

    #[test]
    fn a_page_that_the_index_lacks_is_found() {
        let tree = Tree::of(&[
            ("docs/index.md", "# Index\n[A](reference/a.md)\n"),
            ("docs/reference/a.md", "# A\n"),
            ("docs/reference/b.md", "# B\n"),
            ("docs/decisions/0001-x.md", "# X\n"),
        ]);
        let whats: Vec<String> = check(&tree).into_iter().map(|finding| finding.what).collect();
        assert_eq!(whats, ["has no link to docs/reference/b.md"]);
    }

    #[test]
    fn the_last_permitted_line_of_a_page_passes_and_the_next_fails() {
        let page = |lines: usize| format!("# House\n{}", "x\n".repeat(lines - 1));
        let found = |lines: usize| check(&Tree::of(&[("docs/house.md", &page(lines))])).len();
        assert_eq!((found(200), found(201)), (0, 1));
    }
}
