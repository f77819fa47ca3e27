//! Check 23: the console in the tree was built from its sources, both languages have the same texts, and no
//! shown word is outside of them.

use super::tree::{File, Finding, Tree};
use regex::Regex;
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// The files that the built console depends on, as in `web/scripts/source-hash.mjs`.
const SOURCES: [&str; 7] = [
    "index.html",
    "package-lock.json",
    "package.json",
    "scripts",
    "src",
    "tsconfig.json",
    "vite.config.ts",
];

/// The most lines of one file of the console's sources, as for our own.
const LINES_MAX: usize = 400;

/// The most bytes of compressed scripts that a browser loads until the first page is shown.
const FIRST_MAX: u64 = 350_000;

/// The list of these scripts, which the build writes (`web/vite.config.ts`).
const FIRST: &str = "web/dist/FIRST";

const HASH: &str = "web/dist/SOURCE_HASH";
const CHINESE: &str = "web/src/locales/zh-CN.json";
const ENGLISH: &str = "web/src/locales/en.json";

fn files_below(path: &Path, found: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(path) else {
        found.push(path.to_owned());
        return;
    };
    for entry in entries.flatten() {
        files_below(&entry.path(), found);
    }
}

/// Returns the SHA-256 over each file's path, length and bytes.
fn hash_of(root: &Path) -> String {
    let mut files = Vec::new();
    for source in SOURCES {
        files_below(&root.join(source), &mut files);
    }
    let mut named: Vec<_> = files
        .iter()
        .filter_map(|file| {
            Some((
                file.strip_prefix(root).ok()?.to_str()?.to_owned(),
                fs::read(file).ok()?,
            ))
        })
        .collect();
    named.sort();
    let mut hash = Sha256::new();
    for (path, bytes) in named {
        hash.update(format!("{path}\0{}\0", bytes.len()));
        hash.update(bytes);
    }
    let digest = hash.finalize();
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Collects the name of each text in a catalogue, such as `menu.home`.
fn names(value: &Value, before: &str, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                names(value, &format!("{before}.{name}"), found);
            }
        }
        _ => drop(found.insert(before.trim_start_matches('.').to_owned())),
    }
}

fn names_of(file: &File) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let catalogue = serde_json::from_str(&file.text).unwrap_or_default();
    names(&catalogue, "", &mut found);
    found
}

fn words(tree: &Tree) -> Vec<Finding> {
    let (Some(chinese), Some(english)) = (tree.get(CHINESE), tree.get(ENGLISH)) else {
        return Vec::new();
    };
    let (zh, en) = (names_of(chinese), names_of(english));
    let lacks = |file: &File, missing: &String| {
        file.finding(1, format!("lacks {missing}, which the other language has"))
    };
    let mut findings: Vec<_> = en.difference(&zh).map(|one| lacks(chinese, one)).collect();
    findings.extend(zh.difference(&en).map(|one| lacks(english, one)));
    // Names that are composed (`status.${status}`) are checked in a browser: `make prove-words`.
    let asked = Regex::new(r"\bt\(\s*'([A-Za-z0-9_.-]+)'").expect("a pattern");
    for file in sources(tree) {
        for (number, line) in file.lines() {
            for name in asked.captures_iter(line) {
                if !en.contains(&name[1]) {
                    findings.push(file.finding(number, format!("no catalogue has {}", &name[1])));
                }
            }
        }
    }
    findings
}

/// Checks that every event kind of a golden file has a text by its name: it is shown in timelines, stories of
/// calls and search results.
fn unnamed_kinds(tree: &Tree) -> Vec<Finding> {
    let Some(english) = tree.get(ENGLISH) else {
        return Vec::new();
    };
    let named = names_of(english);
    let kinds: BTreeSet<String> = tree.files.iter().filter_map(|file| kind_of(&file.path)).collect();
    let is_unnamed = |kind: &&String| {
        let words = [format!("event.{kind}"), format!("kind.{kind}")];
        words.iter().all(|word| !named.contains(word))
    };
    let finding = |kind: &String| english.finding(1, format!("has no word for the event {kind}"));
    kinds.iter().filter(is_unnamed).map(finding).collect()
}

/// Returns `call.answered` for `fixtures/events/call/call.answered.v1.json`.
fn kind_of(path: &str) -> Option<String> {
    let name = path.strip_prefix("fixtures/events/")?.split('/').nth(1)?;
    let mut parts = name.split('.');
    Some(format!("{}.{}", parts.next()?, parts.next()?))
}

/// The code in which rules and commands name the facts they decided by, and the programs' texts for these.
const FACTS_IN: [&str; 10] = [
    "domain/src/compliance/",
    "domain/src/quota/account.rs",
    "domain/src/best_times/hour_choice.rs",
    "domain/src/customer/why_not.rs",
    "domain/src/customer/callbacks.rs",
    "domain/src/customer/call_now.rs",
    "domain/src/customer/cut_off.rs",
    "domain/src/customer/grant_dial.rs",
    "domain/src/fact_words.rs",
    "api/application/src/why_not/facts.rs",
];

/// Checks that every fact which a rule decides by has a text, which is shown beside its verdicts.
fn unnamed_facts(tree: &Tree) -> Vec<Finding> {
    let Some(english) = tree.get(ENGLISH) else {
        return Vec::new();
    };
    let named = names_of(english);
    // A pair that begins with a name, one that is inserted into a map, one that is passed on, and a name in a
    // constant.
    let fact = Regex::new(
        r#"(?:(?:^|[\s\[(])\(|insert\()"([a-z_]+)"(?:\.to_owned\(\))?, |, "([a-z_]+)", \w+\.|const (?:PRESET|HELD_MS): &str = "([a-z_]+)""#,
    )
    .expect("a pattern");
    let is_of_facts = |file: &&File| {
        let is_beside = ["/verdict_text.rs", "_tests.rs"]
            .iter()
            .any(|end| file.path.ends_with(end));
        !is_beside && FACTS_IN.iter().any(|place| file.path.starts_with(place))
    };
    // The assumptions of a question about a later time are named among the facts, and have texts of their
    // own.
    let groups = ["fact", "customer.assumedOf"];
    let mut findings = Vec::new();
    for file in tree.files.iter().filter(is_of_facts) {
        let unnamed = facts_of(file, &fact).into_iter().filter(|(_, name)| {
            groups
                .iter()
                .all(|group| !named.contains(&format!("{group}.{name}")))
        });
        findings.extend(unnamed.map(|(number, name)| {
            file.finding(number, format!("the console has no word for the fact {name}"))
        }));
    }
    findings
}

/// Returns the names of facts before a file's tests, and before a table of their values, with their lines.
fn facts_of<'a>(file: &'a File, fact: &Regex) -> Vec<(usize, &'a str)> {
    let lines = file.lines().take(file.lines_before_tests());
    let lines = lines.take_while(|(_, line)| !line.contains(" VALUES: "));
    let names = lines.flat_map(|(number, line)| {
        let found = fact.captures_iter(line);
        let names = found.filter_map(|found| found.iter().skip(1).flatten().next());
        names.map(|name| (number, name.as_str())).collect::<Vec<_>>()
    });
    names.collect()
}

fn sources(tree: &Tree) -> impl Iterator<Item = &File> {
    let is_source = |path: &str| path.ends_with(".ts") || path.ends_with(".tsx");
    let ours = move |file: &&File| file.path.starts_with("web/src/") && is_source(&file.path);
    tree.files.iter().filter(ours)
}

/// Finds shown texts that are written in the code: letters between tags, and any Chinese.
fn loose_words(tree: &Tree) -> Vec<Finding> {
    let between = Regex::new(r">\s*([A-Za-z][A-Za-z ,.]*[A-Za-z])\s*</").expect("a pattern");
    let mut findings = Vec::new();
    for file in sources(tree) {
        if file.text.lines().count() > LINES_MAX {
            findings.push(file.finding(LINES_MAX, format!("over {LINES_MAX} lines; split by subject")));
        }
        for (number, line) in file
            .lines()
            .filter(|(_, line)| !line.trim_start().starts_with("//"))
        {
            let shown = between.captures(line).filter(|found| &found[1] != "ledgerline");
            if shown.is_some()
                || line
                    .chars()
                    .any(|letter| ('\u{4e00}'..='\u{9fff}').contains(&letter))
            {
                findings.push(file.finding(number, "a word outside of the catalogues in web/src/locales"));
            }
        }
    }
    findings
}

/// Checks what is loaded first, by the sizes of its files; everything that the page itself names is part of
/// it.
fn loaded_first(dist: &Path) -> Vec<Finding> {
    let finding = |what: String| Finding {
        path: FIRST.to_owned(),
        line: 1,
        what,
    };
    let listed = fs::read_to_string(dist.join("FIRST")).unwrap_or_default();
    let page = fs::read_to_string(dist.join("index.html")).unwrap_or_default();
    let script = Regex::new(r#""/(assets/[^"]+\.js)""#).expect("a pattern");
    let named = script.captures_iter(&page).map(|found| found[1].to_owned());
    let left_out = named.filter(|name| !listed.lines().any(|line| line == name));
    let mut findings: Vec<_> = left_out
        .map(|name| finding(format!("lacks {name}, which the page loads")))
        .collect();
    let mut bytes = 0;
    for name in listed.lines() {
        match fs::metadata(dist.join(format!("{name}.gz"))) {
            Ok(file) => bytes += file.len(),
            Err(_) => findings.push(finding(format!("names {name}, which is not there"))),
        }
    }
    if bytes == 0 || bytes > FIRST_MAX {
        findings.push(finding(format!(
            "{bytes} B of compressed scripts are loaded first, of {FIRST_MAX} that are allowed"
        )));
    }
    findings
}

pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = words(tree);
    findings.extend(loose_words(tree));
    findings.extend(unnamed_kinds(tree));
    findings.extend(unnamed_facts(tree));
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../web");
    findings.extend(loaded_first(&root.join("dist")));
    let built = fs::read_to_string(root.join("dist/SOURCE_HASH")).unwrap_or_default();
    if built.trim() != hash_of(&root) {
        findings.push(Finding {
            path: HASH.to_owned(),
            line: 1,
            what: "was not built from the sources in web/: run `make console`".to_owned(),
        });
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_that_one_language_lacks_or_that_is_in_the_code_is_found() {
        let tree = Tree::of(&[
            (CHINESE, r#"{"a":{"b":"一"}}"#),
            (ENGLISH, r#"{"a":{"b":"one","c":"two"}}"#),
            (
                "web/src/pages/X.tsx",
                "<p>Not said</p>\n<b>{t('a.none')}</b>\n// <p>Not shown</p>\n",
            ),
        ]);
        assert_eq!(words(&tree).len(), 2);
        assert_eq!(loose_words(&tree).len(), 1);
    }

    #[test]
    fn a_kind_of_event_without_a_word_is_found() {
        let tree = Tree::of(&[
            (
                ENGLISH,
                r#"{"event":{"call":{"ended":"ended"}},"kind":{"stop":{"lifted":"lifted"}}}"#,
            ),
            ("fixtures/events/call/call.ended.v1.json", ""),
            ("fixtures/events/call/call.ended.v1.cause.json", ""),
            ("fixtures/events/stop/stop.lifted.v1.json", ""),
            ("fixtures/events/stop/stop.engaged.v1.json", ""),
        ]);
        let found: Vec<String> = unnamed_kinds(&tree).into_iter().map(|one| one.what).collect();
        assert_eq!(found, ["has no word for the event stop.engaged"]);
    }

    #[test]
    fn a_fact_of_a_rule_without_a_word_is_found() {
        let rule = "let seen = named([(\"hours\", hours), (\"minutes\", minutes)]);\n\
                    seen.insert(\"seconds\".to_owned(), seconds);\n\
                    let other = map_or(\"other\", |home| home.code);\n\
                    #[cfg(test)]\nlet seen = named([(\"tested\", tested)]);\n";
        let tree = Tree::of(&[
            (ENGLISH, r#"{"fact":{"hours":"hours"}}"#),
            ("domain/src/compliance/hours.rs", rule),
            (
                "domain/src/customer/merging.rs",
                "(\"elsewhere\".to_owned(), one)",
            ),
        ]);
        let found: Vec<String> = unnamed_facts(&tree).into_iter().map(|one| one.what).collect();
        let lacks = |name: &str| format!("the console has no word for the fact {name}");
        assert_eq!(found, [lacks("minutes"), lacks("seconds")]);
    }

    #[test]
    fn too_much_that_is_loaded_first_and_what_is_not_counted_are_found() {
        let folder = tempfile::tempdir().unwrap();
        let put = |name: &str, bytes: &[u8]| fs::write(folder.path().join(name), bytes).unwrap();
        fs::create_dir(folder.path().join("assets")).unwrap();
        put("index.html", br#"<script src="/assets/a.js">"#);
        put("assets/a.js.gz", &[0; 350_000]);
        let found = || {
            loaded_first(folder.path())
                .into_iter()
                .map(|one| one.what)
                .collect::<Vec<_>>()
        };
        assert_eq!(found().len(), 2);
        put("FIRST", b"assets/a.js\n");
        assert_eq!(found(), Vec::<String>::new());
        put("assets/b.js.gz", &[0; 1]);
        put("FIRST", b"assets/a.js\nassets/b.js\n");
        assert_eq!(
            found(),
            ["350001 B of compressed scripts are loaded first, of 350000 that are allowed"]
        );
        put("FIRST", b"assets/c.js\nassets/a.js\n");
        assert_eq!(found(), ["names assets/c.js, which is not there"]);
    }

    #[test]
    fn another_source_is_another_hash() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("src")).unwrap();
        fs::write(folder.path().join("src/a.ts"), "1").unwrap();
        let before = hash_of(folder.path());
        fs::write(folder.path().join("src/a.ts"), "2").unwrap();
        assert_ne!(hash_of(folder.path()), before);
    }
}
