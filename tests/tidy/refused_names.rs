//! Check 32: no type and no module has a name of the list `refused_names.tsv`: participles, pronouns and
//! everyday words that do not say what the item holds (issue 52, A2). The check reads the list; it does not
//! judge grammar.

use super::tree::{File, Finding, Tree};
use regex::Regex;
use std::collections::BTreeSet;
use std::sync::LazyLock;

/// The list: kind (`type` or `module`) and name, separated by a tab.
const REFUSED: &str = include_str!("refused_names.tsv");

static TYPE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^\s*(?:pub(?:\([^)]*\))?\s+)?(?:unsafe\s+)?(?:struct|enum|trait|union)\s+(\w+)")
        .expect("it is a regex")
});

/// A type alias of a module; associated types are indented and have no visibility.
static ALIAS: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^(?:pub(?:\([^)]*\))?\s+)?type\s+(\w+)|^\s+pub(?:\([^)]*\))?\s+type\s+(\w+)")
        .expect("it is a regex")
});

static MODULE: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"^\s*(?:pub(?:\([^)]*\))?\s+)?mod\s+(\w+)\s*[;{]").expect("it is a regex"));

struct RefusedNames {
    types: BTreeSet<&'static str>,
    modules: BTreeSet<&'static str>,
}

static NAMES: LazyLock<RefusedNames> = LazyLock::new(|| RefusedNames {
    types: names_of("type"),
    modules: names_of("module"),
});

fn names_of(kind: &str) -> BTreeSet<&'static str> {
    let rows = REFUSED.lines().filter_map(|line| line.split_once('\t'));
    rows.filter(|(of, _)| *of == kind).map(|(_, name)| name).collect()
}

pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    tree.rust()
        .filter(|file| !file.is_generated())
        .flat_map(refused_names)
        .collect()
}

fn refused_names(file: &File) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (number, line) in file.lines() {
        let defined = TYPE.captures(line).or_else(|| ALIAS.captures(line));
        let name = defined.and_then(|found| found.get(1).or_else(|| found.get(2)));
        if let Some(name) = name.filter(|name| NAMES.types.contains(name.as_str())) {
            let what = format!("type `{}`: name it after what it holds", name.as_str());
            findings.push(file.finding(number, what));
        }
        let module = MODULE.captures(line).and_then(|found| found.get(1));
        if let Some(name) = module.filter(|name| NAMES.modules.contains(name.as_str())) {
            let what = format!("module `{}`: name it after what it contains", name.as_str());
            findings.push(file.finding(number, what));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> usize {
        check(&Tree::of(&[("a/src/b.rs", text)])).len()
    }

    #[test]
    fn a_type_or_module_with_a_listed_name_is_found_at_every_visibility() {
        assert_eq!(found("struct Asked;"), 1);
        assert_eq!(found("pub(crate) enum Found {}"), 1);
        assert_eq!(found("    pub trait Told {}"), 1);
        assert_eq!(found("type Because = u8;"), 1);
        assert_eq!(found("pub mod answering;"), 1);
        assert_eq!(found("mod whom {"), 1);
    }

    #[test]
    fn other_items_may_have_these_names() {
        assert_eq!(found("    type Found = u8;"), 0, "an associated type");
        assert_eq!(found("enum CallEvent { Asked, Found }"), 0, "variants");
        assert_eq!(found("struct AskedQuestion;\nmod routing;"), 0);
        assert_eq!(found("fn asked() { let told = 1; }"), 0);
    }

    #[test]
    fn the_list_has_both_kinds_without_duplicates() {
        let rows = REFUSED.lines().count();
        assert_eq!(NAMES.types.len() + NAMES.modules.len(), rows);
        assert!(NAMES.types.len() >= 300 && NAMES.modules.len() >= 100);
    }
}
