//! Check 10: each backend in `store/`, each line and each speech provider runs its contract suite.

use super::tree::{Finding, Tree};

/// Folders of implementations, and the files in them that are not implementations.
const ROOMS: &[(&str, &[&str])] = &[
    ("media/src/lines/", &["mod.rs", "contract.rs"]),
    ("media/speech/src/", &["mod.rs", "contract.rs", "cache.rs"]),
];

pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (folder, apart) in ROOMS {
        for file in tree.under(folder).filter(|file| file.is_rust()) {
            let name = file.path.rsplit('/').next().unwrap_or("");
            let implements =
                file.text.contains("impl Line for") || file.text.contains("impl Synthesizer for");
            if implements && !apart.contains(&name) && !file.text.contains("contract::") {
                findings.push(file.finding(1, "does not run its contract suite"));
            }
            // Engines of a recognizer run it in the tests of their folder, each with its double.
            let folder = file.path.rsplit_once('/').map_or("", |(folder, _)| folder);
            let runs = || tree.under(folder).any(|one| one.text.contains("contract::"));
            if file.text.contains("impl Engine for") && !runs() {
                findings.push(file.finding(
                    1,
                    "is an engine in a folder that does not run the recognizers' contract",
                ));
            }
        }
    }
    for file in tree
        .under("store/src/")
        .filter(|file| file.text.contains("impl EventStore for"))
    {
        let folder = file.path.rsplit_once('/').map_or("", |(folder, _)| folder);
        let own_folder = folder != "store/src";
        let runs = tree
            .under(if own_folder { folder } else { &file.path })
            .chain(tree.under("store/tests/"))
            .any(|one| one.text.contains("contract::"));
        if !runs && !file.path.ends_with("contract.rs") {
            findings.push(file.finding(1, "does not run the store contract"));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_backend_that_skips_its_suite_is_found() {
        let tree = Tree::of(&[
            (
                "store/src/memory.rs",
                "impl EventStore for Memory {}\ncontract::run();\n",
            ),
            ("store/src/other/mod.rs", "impl EventStore for Other {}\n"),
            ("media/src/lines/fast.rs", "impl Line for Fast {}\n"),
        ]);
        assert_eq!(check(&tree).len(), 2);
    }
}
