//! Check 17: only few files of a crate depend on one another in a circle of `use` lines.
//!
//! To change one file of a circle, a person has to understand all of it. Files are modules; a name that a
//! module re-exports (`pub use`) counts for that module. Tests may use anything and are left out.

use super::tree::{File, Finding, Tree};
use std::collections::{BTreeMap, BTreeSet};

/// The most files in a circle.
const FILES_MAX: usize = 8;

/// A module's path from its crate's root.
type ModulePath = Vec<String>;

/// The modules of a crate, and the others that each uses.
type ModuleUses = BTreeMap<ModulePath, BTreeSet<ModulePath>>;

pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    let mut crates: BTreeMap<&str, Vec<(ModulePath, &File)>> = BTreeMap::new();
    for file in tree.rust() {
        let Some((root, inside)) = file.path.split_once("/src/") else {
            continue;
        };
        let path = module(inside);
        if !is_test(&path) {
            crates.entry(root).or_default().push((path, file));
        }
    }
    let mut findings = Vec::new();
    for files in crates.values() {
        let known: BTreeSet<ModulePath> = files.iter().map(|(path, _)| path.clone()).collect();
        let ties: ModuleUses = files
            .iter()
            .map(|(path, file)| (path.clone(), used(&file.text, path, &known)))
            .collect();
        let largest = circles(&ties)
            .into_iter()
            .max_by_key(Vec::len)
            .unwrap_or_default();
        let Some((_, first)) = files.iter().find(|(path, _)| largest.first() == Some(path)) else {
            continue;
        };
        let named: Vec<String> = largest.iter().map(|path| path.join("::")).collect();
        if largest.len() > FILES_MAX {
            let what = format!(
                "{} files use one another in a circle ({}); at most {FILES_MAX}: move what they share below them",
                largest.len(),
                named.join(", ")
            );
            findings.push(first.finding(1, what));
        }
    }
    findings
}

/// Returns the module of a file: `serving/mod.rs` is `serving`, `lib.rs` the root.
fn module(inside: &str) -> ModulePath {
    let mut path: ModulePath = inside
        .trim_end_matches(".rs")
        .split('/')
        .map(str::to_owned)
        .collect();
    if matches!(path.last().map(String::as_str), Some("mod" | "lib" | "main")) {
        path.pop();
    }
    path
}

fn is_test(path: &ModulePath) -> bool {
    path.iter()
        .any(|part| part == "tests" || part == "testing" || part.ends_with("_tests"))
}

/// Returns the modules that the `use` lines of a text name.
fn used(text: &str, own: &ModulePath, known: &BTreeSet<ModulePath>) -> BTreeSet<ModulePath> {
    // Not a `mod tests;` among the others, after which the file's own lines follow.
    let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or(text);
    let code: String = code
        .lines()
        .map(|line| line.split("//").next().unwrap_or(line))
        .collect::<Vec<_>>()
        .join(" ");
    let mut used = BTreeSet::new();
    for rest in code.split(" use ").skip(1) {
        let statement = rest.split(';').next().unwrap_or("");
        for name in expanded(statement) {
            used.extend(resolved(&name, own, known));
        }
    }
    used.remove(own);
    used
}

/// Returns `a::{b, c::{d, e}}` as `a::b`, `a::c::d`, `a::c::e`.
fn expanded(statement: &str) -> Vec<String> {
    let statement = statement.trim();
    let Some((before, inside)) = statement.split_once('{') else {
        let name = statement.split(" as ").next().unwrap_or(statement);
        return vec![name.trim().to_owned()];
    };
    let inside = inside.trim_end().strip_suffix('}').unwrap_or(inside);
    let (mut names, mut depth, mut one) = (Vec::new(), 0_u32, String::new());
    for sign in inside.chars().chain([',']) {
        match sign {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if sign == ',' && depth == 0 {
            names.push(std::mem::take(&mut one));
        } else {
            one.push(sign);
        }
    }
    let names = names
        .iter()
        .map(|name| name.trim())
        .filter(|name| !name.is_empty());
    let whole = names.flat_map(expanded);
    whole.map(|name| format!("{}{name}", before.trim())).collect()
}

/// Returns the module that contains a name, as seen from `own`: as much of its path as is a file.
fn resolved(name: &str, own: &ModulePath, known: &BTreeSet<ModulePath>) -> Option<ModulePath> {
    let mut parts: Vec<&str> = name.split("::").map(str::trim).collect();
    let first = *parts.first()?;
    let mut at: ModulePath = match first {
        "crate" => Vec::new(),
        "self" | "super" => own.clone(),
        _ => own.iter().cloned().chain([first.to_owned()]).collect(),
    };
    if !matches!(first, "crate" | "self" | "super") && !known.contains(&at) {
        return None;
    }
    let supers = parts.iter().take_while(|part| **part == "super").count();
    at.truncate(at.len().saturating_sub(supers));
    parts.drain(..supers.max(1));
    at.extend(parts.into_iter().map(str::to_owned));
    while !at.is_empty() && !known.contains(&at) {
        at.pop();
    }
    known.contains(&at).then_some(at)
}

/// Returns the sets of modules in which each reaches all others of its set.
fn circles(ties: &ModuleUses) -> Vec<Vec<ModulePath>> {
    let reached: BTreeMap<&ModulePath, BTreeSet<&ModulePath>> =
        ties.keys().map(|path| (path, reach(path, ties))).collect();
    let reaches =
        |from: &ModulePath, to: &ModulePath| reached.get(from).is_some_and(|there| there.contains(to));
    let mut found: Vec<Vec<ModulePath>> = Vec::new();
    for path in ties.keys() {
        if found.iter().any(|circle| circle.contains(path)) || !reaches(path, path) {
            continue;
        }
        let circle = ties
            .keys()
            .filter(|other| reaches(path, other) && reaches(other, path));
        found.push(circle.cloned().collect());
    }
    found
}

fn reach<'a>(from: &ModulePath, ties: &'a ModuleUses) -> BTreeSet<&'a ModulePath> {
    let (mut there, mut next) = (BTreeSet::new(), vec![from]);
    while let Some(path) = next.pop() {
        for used in ties.get(path).into_iter().flatten() {
            if there.insert(used) {
                next.push(used);
            }
        }
    }
    there
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: &str = "use crate::b::B;\n";
    const B: &str = "pub use inner::{Thing, deep::{X, Y}};\n";
    const INNER: &str = "use super::super::a::A;\n";

    fn largest(files: &[(&str, &str)]) -> usize {
        let known: BTreeSet<ModulePath> = files.iter().map(|(name, _)| module(name)).collect();
        let ties = files
            .iter()
            .map(|(name, text)| (module(name), used(&format!("\n{text}"), &module(name), &known)));
        let found = circles(&ties.collect());
        found.iter().map(Vec::len).max().unwrap_or(0)
    }

    #[test]
    fn files_that_use_one_another_there_and_back_are_a_circle() {
        assert_eq!(largest(&[("a.rs", A), ("b/mod.rs", B), ("b/inner.rs", INNER)]), 3);
        assert_eq!(largest(&[("a.rs", A), ("b/mod.rs", B), ("b/inner.rs", "")]), 0);
    }

    #[test]
    fn what_tests_use_ties_nothing() {
        let tested = "\n#[cfg(test)]\nmod tests {\n    use crate::a::A;\n}\n";
        assert_eq!(largest(&[("a.rs", A), ("b/mod.rs", tested)]), 0);
    }

    #[test]
    fn nine_files_in_a_circle_are_too_many_and_eight_are_not() {
        let circle = |count: usize| {
            let texts: Vec<(String, String)> = (0..count)
                .map(|n| {
                    let next = (n + 1) % count;
                    (
                        format!("store/src/m{n}.rs"),
                        format!("//! x\nuse crate::m{next}::X;\n"),
                    )
                })
                .collect();
            let files: Vec<(&str, &str)> = texts
                .iter()
                .map(|(path, text)| (path.as_str(), text.as_str()))
                .collect();
            check(&Tree::of(&files)).len()
        };
        assert_eq!((circle(8), circle(9)), (0, 1));
    }
}
