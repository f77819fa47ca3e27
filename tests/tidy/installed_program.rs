//! Check 28: the installed program uses nothing that only a build for tests has: no module and no crate
//! behind a feature that it lacks, and no feature that an external crate has only beside the KurrentDB
//! client.
//!
//! `make test` builds everything once, with the features of tests. There, this check verifies by the text
//! alone that the program builds without them; `make check` and `make demo` build it without them.

use super::tree::{File, Finding, Tree};
use regex::Regex;

/// Features of our crates that the installed program lacks.
const LACKS: [&str; 2] = ["testing", "kurrent"];

/// What external crates have only beside the KurrentDB client, or beside what tests use, as code would name
/// it.
const BORROWED: &[&str] = &[
    "futures_util::channel",
    "futures::channel",
    "hyper_util::client::proxy",
    "Uuid::new_v4",
    "aws_lc_rs",
    ".enable_http2",
    "transport::Channel",
    "transport::Endpoint",
    "tower::balance",
    "tower::buffer",
    "tower::discover",
    "tower::load",
    "tower::make",
    "tower::ready_cache",
    "tower::retry",
    "tower::timeout",
];

/// A module or a crate that the installed program lacks, and how code names it.
struct TestOnlyItem {
    name: String,
    called: Regex,
    /// The code that names it so; `None` is all code.
    only: Option<String>,
}

/// What the tree has behind features and tests.
#[derive(Default)]
struct TestOnlyCode {
    lacking: Vec<TestOnlyItem>,
    /// The folders of the modules that are built only with features: they may use one another.
    within: Vec<String>,
}

pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    let mut behind = TestOnlyCode::default();
    let module = Regex::new(r"^\s*(?:pub(?:\(\w+\))? )?mod (\w+);").expect("a pattern");
    for file in tree.rust().filter(|file| file.text.contains("#[cfg(")) {
        behind.modules(tree, file, &module);
    }
    for manifest in tree.under("").filter(|file| file.path.ends_with("/Cargo.toml")) {
        behind.crates(manifest);
    }
    let product = tree.rust().filter(|file| behind.is_product(&file.path));
    let mut findings = Vec::new();
    for file in product {
        for (number, line) in statements(file) {
            let borrowed = BORROWED.iter().find(|word| line.contains(**word));
            let lacks = behind.lacking.iter().find(|one| one.is_in(&file.path, &line));
            if let Some(one) = lacks.filter(|_| !requires_a_feature(file, number)) {
                let what = format!("`{}` is not in the program that is installed", one.name);
                findings.push(file.finding(number, what));
            } else if let Some(word) = borrowed {
                findings.push(file.finding(
                    number,
                    format!("{word} is there beside the KurrentDB client only"),
                ));
            }
        }
    }
    findings
}

/// Returns the lines before a file's tests, without comments; an import over several lines is one of them.
fn statements(file: &File) -> Vec<(usize, String)> {
    let mut found: Vec<(usize, String)> = Vec::new();
    let mut is_open = false;
    for (number, line) in file.lines().take(file.lines_before_tests()) {
        let line = line.split("//").next().unwrap_or(line);
        match found.last_mut().filter(|_| is_open) {
            Some((_, import)) => import.push_str(line.trim()),
            None => found.push((number, line.to_owned())),
        }
        let begins = line.trim_start().starts_with("use ") || line.trim_start().starts_with("pub use ");
        is_open = (is_open || begins) && !line.contains(';');
    }
    found
}

impl TestOnlyItem {
    fn is_in(&self, path: &str, line: &str) -> bool {
        let reaches = self.only.as_ref().is_none_or(|folder| path.starts_with(folder));
        reaches && line.contains("::") && line.contains(&self.name) && self.called.is_match(line)
    }
}

/// Returns true if the attribute above, or the one above the module that contains the line, requires a
/// feature or tests.
fn requires_a_feature(file: &File, number: usize) -> bool {
    let before: Vec<&str> = file.text.lines().take(number - 1).collect();
    let attribute = |line: &&&str| line.trim_start().starts_with("#[");
    let demands = |line: &str| line.trim_start().starts_with("#[cfg(") && !line.contains("not(");
    let directly = before
        .iter()
        .rev()
        .take_while(attribute)
        .any(|line| demands(line));
    let block = before
        .iter()
        .rposition(|line| line.starts_with("mod ") && line.ends_with('{'));
    let within = block.filter(|at| !before.iter().skip(*at).any(|line| *line == "}"));
    let above = within
        .and_then(|at| at.checked_sub(1))
        .and_then(|at| before.get(at));
    directly || above.is_some_and(|line| demands(line))
}

impl TestOnlyCode {
    fn is_product(&self, path: &str) -> bool {
        let of_tests = ["/tests/", "/examples/"];
        let is_test = path.starts_with("tests/") || of_tests.iter().any(|part| path.contains(part));
        let is_within = |folder: &String| {
            let rest = path.strip_prefix(folder.as_str());
            rest.is_some_and(|rest| rest.starts_with('/') || rest == ".rs")
        };
        !is_test && !self.within.iter().any(is_within)
    }

    /// Collects the modules that this file has only with tests, or with a feature that the installed program
    /// lacks.
    fn modules(&mut self, tree: &Tree, file: &File, module: &Regex) {
        let Some((root, inner)) = file.path.split_once("/src/") else {
            return;
        };
        let of_crate = root.rsplit('/').next().unwrap_or(root);
        let folder = inner.rsplit_once('/').map_or("", |(folder, _)| folder);
        let stem = match file.stem() {
            "lib" | "mod" | "main" => "",
            stem => stem,
        };
        let parts: Vec<&str> = folder
            .split('/')
            .chain([stem])
            .filter(|part| !part.is_empty())
            .collect();
        let mut above = "";
        for line in file.text.lines() {
            if let Some(named) = module.captures(line).filter(|_| above.contains("#[cfg(")) {
                let path = [parts.as_slice(), &[&named[1]]].concat();
                let beside = [folder.split('/').collect::<Vec<_>>().as_slice(), &[&named[1]]].concat();
                for place in [&path, &beside] {
                    self.within
                        .push(format!("{root}/src/{}", place.join("/")).replace("//", "/"));
                }
                if tree.exists(&format!("{root}/Cargo.toml")) && is_lacked(above) {
                    self.lacks(root, of_crate, &path);
                }
            }
            if !line.trim_start().starts_with("#[expect(") && !line.trim_start().starts_with("//") {
                above = if line.contains("not(") { "" } else { line };
            }
        }
    }

    fn lacks(&mut self, root: &str, of_crate: &str, path: &[&str]) {
        let name = path.last().map_or("", |name| *name).to_owned();
        let path = path.join("::");
        // By its path, or as one of a group that is imported at once.
        let named = |from: &str| format!(r"\b{from}::(?:{path}\b|\{{[^;]*\b{path}\b)");
        let from_elsewhere = (named(of_crate), None);
        let from_within = (named("crate"), Some(format!("{root}/src/")));
        for (called, only) in [from_elsewhere, from_within] {
            let called = Regex::new(&called).expect("a path");
            let name = name.clone();
            self.lacking.push(TestOnlyItem { name, called, only });
        }
    }

    /// Collects the external crates that one of ours has only with such a feature: `testing = ["dep:name"]`.
    fn crates(&mut self, manifest: &File) {
        let root = manifest.path.trim_end_matches("Cargo.toml");
        let lists = manifest.text.lines().filter(|line| {
            let feature = line.split('=').next().unwrap_or("").trim();
            LACKS.contains(&feature)
        });
        for name in lists
            .flat_map(|line| line.split('"'))
            .filter_map(|word| word.strip_prefix("dep:"))
        {
            let name = name.replace('-', "_");
            self.lacking.push(TestOnlyItem {
                called: Regex::new(&format!(r"\b{name}::")).expect("a name"),
                only: Some(format!("{root}src/")),
                name,
            });
        }
    }
}

/// Returns true if an attribute requires a feature that the installed program lacks.
fn is_lacked(attribute: &str) -> bool {
    LACKS
        .iter()
        .any(|lacks| attribute.contains(&format!("feature = \"{lacks}\"")))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIB: &str = "#[cfg(any(test, feature = \"testing\"))]\npub mod testing;\nmod a;\n";
    const MANIFEST: &str = "[features]\ntesting = [\"dep:rcgen\"]\n";

    fn found(path: &str, text: &str) -> usize {
        let tree = Tree::of(&[
            ("api/x/Cargo.toml", MANIFEST),
            ("api/y/Cargo.toml", ""),
            ("api/x/src/lib.rs", LIB),
            ("api/y/src/lib.rs", "#[cfg(test)]\nmod b_tests;\n"),
            (path, text),
        ]);
        check(&tree).len()
    }

    #[test]
    fn an_item_that_requires_a_feature_is_named_by_tests_alone() {
        assert_eq!(found("api/y/src/a.rs", "use x::testing::Double;\n"), 1);
        assert_eq!(found("api/x/src/a.rs", "use crate::testing::Double;\n"), 1);
        assert_eq!(found("api/y/src/a.rs", "use crate::testing::Double;\n"), 0);
        let in_a_group = "use x::{\n    other::A,\n    testing::Double,\n};\n";
        assert_eq!(found("api/y/src/a.rs", in_a_group), 1);
        assert_eq!(
            found("api/y/src/a.rs", "use x::{other::A};\nuse y::testing;\n"),
            0
        );
        assert_eq!(found("api/y/src/b_tests.rs", "use x::testing::Double;\n"), 0);
        assert_eq!(
            found("api/x/src/testing/a.rs", "use crate::testing::Double;\n"),
            0
        );
        assert_eq!(
            found(
                "api/y/src/a.rs",
                "mod b;\n#[cfg(test)]\nmod tests { use x::testing::A; }\n"
            ),
            0
        );
        let demanded = "#[cfg(feature = \"testing\")]\nuse x::testing::Double;\n";
        assert_eq!(found("api/y/src/a.rs", demanded), 0);
        let otherwise = "#[cfg(not(feature = \"testing\"))]\nmod built {\n    use x::testing::Double;\n}\n";
        assert_eq!(found("api/y/src/a.rs", otherwise), 1);
    }

    #[test]
    fn an_optional_crate_and_a_borrowed_feature_are_found() {
        assert_eq!(
            found("api/x/src/a.rs", "let key = rcgen::KeyPair::generate();\n"),
            1
        );
        assert_eq!(
            found("api/y/src/a.rs", "let key = rcgen::KeyPair::generate();\n"),
            0
        );
        assert_eq!(found("api/y/src/a.rs", "let id = Uuid::new_v4();\n"), 1);
    }
}
