//! Check 30: texts name the actor. Words that hide it are counted per 1,000 words in comments, texts of the
//! program, console catalogues and documents; each tree has a limit, which only falls.

use super::tree::{File, Finding, Tree};
use regex::Regex;
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// Words for an actor that has a name, and archaic ones.
static HIDING: LazyLock<Regex> = LazyLock::new(|| {
    let words = "whoever|whom|whose|somebody|someone|nobody|no one|anybody|anew|stands|told|informed of";
    Regex::new(&format!(r"(?i)\b({words})\b")).expect("it is a regex")
});

static WORD: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"[A-Za-z][A-Za-z']*").expect("it is a regex"));

/// Code within a text: names of code are not prose.
static CODE: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"`[^`]*`").expect("it is a regex"));

static LITERAL: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r#""((?:[^"\\]|\\.)*)""#).expect("it is a regex"));

/// The limit of a tree without its own row, in hundredths of a word per 1,000 (issue 52, A2).
const GOAL: usize = 50;

/// A tree of any size may have so many of these words.
const ALLOWED: usize = 2;

/// Limits of trees that are not rewritten yet, in hundredths of a word per 1,000. They only fall.
const LIMITS: &[(&str, usize)] = &[];

/// Files that quote examples of bad style.
const QUOTING: &[&str] = &[
    "docs/STYLE.md",
    "docs/GLOSSARY.md",
    "docs/renames.md",
    "tests/tidy/plain_language.rs",
];

/// Documents that are counted together, by the beginning of their path; the first that fits.
const DOCUMENTS: &[&str] = &[
    "docs/decisions/",
    "docs/reference/",
    "docs/",
    "CHANGELOG.md",
    "README",
    "",
];

#[derive(Default)]
struct Count {
    words: usize,
    hiding: usize,
    /// The first places, which the finding names.
    places: Vec<String>,
}

impl Count {
    fn add(&mut self, path: &str, line: usize, text: &str) {
        let text = CODE.replace_all(text, " ");
        self.words += WORD.find_iter(&text).count();
        for found in HIDING.find_iter(&text) {
            self.hiding += 1;
            if self.places.len() < 3 {
                self.places.push(format!("{path}:{line} \"{}\"", found.as_str()));
            }
        }
    }

    /// Returns the rate in hundredths of a word per 1,000.
    fn rate(&self) -> usize {
        (self.hiding * 100_000).div_ceil(self.words.max(1))
    }
}

pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    let crates: Vec<&str> = crates(tree);
    let mut counts: BTreeMap<String, Count> = BTreeMap::new();
    for file in &tree.files {
        if let Some(name) = tree_of(file, &crates) {
            count(file, counts.entry(name).or_default());
        }
    }
    let over = counts.iter().filter_map(|(name, count)| {
        let own = LIMITS.iter().find(|(tree, _)| tree == name);
        let limit = own.map_or(GOAL, |(_, limit)| *limit);
        let is_over = count.hiding > ALLOWED && count.rate() > limit;
        is_over.then(|| Finding {
            path: name.clone(),
            line: 1,
            what: format!(
                "{} of {} words hide who acts, {}.{:02} per 1,000, over {}.{:02}: name the actor ({})",
                count.hiding,
                count.words,
                count.rate() / 100,
                count.rate() % 100,
                limit / 100,
                limit % 100,
                count.places.join(", ")
            ),
        })
    });
    over.collect()
}

/// Returns the directories of crates, the longest first.
fn crates(tree: &Tree) -> Vec<&str> {
    let manifests = tree
        .paths
        .iter()
        .filter_map(|path| path.strip_suffix("/Cargo.toml"));
    let mut crates: Vec<&str> = manifests.collect();
    crates.sort_by_key(|path| std::cmp::Reverse(path.len()));
    crates
}

/// Returns the tree that a file is counted in; `None` for files without our own text.
fn tree_of(file: &File, crates: &[&str]) -> Option<String> {
    let path = file.path.as_str();
    if QUOTING.contains(&path)
        || path.starts_with("fixtures/")
        || path.starts_with("web/dist/")
        || path.starts_with("web/made/")
        || file.is_generated()
    {
        return None;
    }
    if path.ends_with(".md") {
        let name = DOCUMENTS.iter().find(|begin| path.starts_with(**begin))?;
        return Some(if name.is_empty() {
            "documents".to_owned()
        } else {
            (*name).to_owned()
        });
    }
    if path == "web/src/locales/en.json" {
        return Some("console catalogue".to_owned());
    }
    if path.starts_with("web/") {
        return (path.ends_with(".ts") || path.ends_with(".tsx")).then(|| "web".to_owned());
    }
    let is_text = file.is_rust() || path.ends_with(".tsv");
    let owner = crates
        .iter()
        .find(|folder| path.starts_with(&format!("{folder}/")));
    owner.filter(|_| is_text).map(|folder| (*folder).to_owned())
}

fn count(file: &File, count: &mut Count) {
    let is_code = file.is_rust() || file.path.ends_with(".ts") || file.path.ends_with(".tsx");
    let mut is_quoted = false;
    for (number, line) in file.lines() {
        if !is_code {
            is_quoted ^= file.path.ends_with(".md") && line.trim_start().starts_with("```");
            if !is_quoted {
                count.add(&file.path, number, line);
            }
            continue;
        }
        let line = line.trim_start();
        if let Some(comment) = line.strip_prefix("//").or_else(|| line.strip_prefix("* ")) {
            count.add(&file.path, number, comment);
            continue;
        }
        for literal in LITERAL.captures_iter(line).filter_map(|found| found.get(1)) {
            if literal.as_str().trim().contains(' ') {
                count.add(&file.path, number, literal.as_str());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(path: &str, text: &str) -> usize {
        check(&Tree::of(&[(path, text), ("a/Cargo.toml", "")])).len()
    }

    #[test]
    fn words_that_hide_the_actor_are_counted_in_comments_and_texts_and_not_in_code() {
        let hiding = "/// Whoever asks is told by somebody whom nobody knows.\n";
        assert_eq!(found("a/src/b.rs", hiding), 1);
        assert_eq!(
            found("a/src/b.rs", "const TEXT: &str = \"somebody told nobody\";"),
            1
        );
        assert_eq!(
            found("a/src/b.rs", "fn somebody() { told(); nobody(); whom(); }"),
            0
        );
        assert_eq!(found("a/src/b.rs", "/// `somebody` `told` `nobody`"), 0);
        assert_eq!(found("a/src/b.rs", "/// Somebody is told."), 0, "two are allowed");
        assert_eq!(found("docs/reference/a.md", "Nobody told somebody."), 1);
        assert_eq!(found("docs/reference/a.md", "```\nNobody told somebody.\n```"), 0);
        assert_eq!(found("docs/STYLE.md", hiding), 0, "examples are quoted there");
    }

    #[test]
    fn a_large_text_may_have_a_few() {
        let plain = "/// The trunk answers each request of a leg within its limit.\n".repeat(700);
        let three = format!("{plain}/// Somebody told nobody.\n");
        assert_eq!(found("a/src/b.rs", &three), 0);
    }
}
