//! Check 7: every source file is reached by a `mod` or a target, every fixture and decision by a text.

use super::tree::{Finding, Tree};

pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in tree.rust().filter(|file| !is_root(tree, &file.path)) {
        let (folder, name) = file.path.rsplit_once('/').unwrap_or(("", &file.path));
        let (parent_folder, module) = if name == "mod.rs" {
            folder.rsplit_once('/').unwrap_or(("", folder))
        } else {
            (folder, name.trim_end_matches(".rs"))
        };
        let declared = [format!("mod {module};"), format!("mod {module} {{")];
        let parents = ["mod.rs", "lib.rs", "main.rs"].map(|parent| format!("{parent_folder}/{parent}"));
        let named = parents
            .iter()
            .filter_map(|parent| tree.get(parent))
            .any(|parent| declared.iter().any(|line| parent.text.contains(line)));
        if !named {
            findings.push(file.finding(1, "no `mod` and no target names this file"));
        }
    }
    findings.extend(unnamed_fixtures(tree));
    findings.extend(unnamed_decisions(tree));
    findings
}

fn is_root(tree: &Tree, path: &str) -> bool {
    let crate_root =
        path.ends_with("/src/lib.rs") || path.ends_with("/src/main.rs") || path.contains("/src/bin/");
    // The crate that a file belongs to is at the root or in a folder of crates.
    let member = path
        .match_indices('/')
        .map(|(end, _)| path.get(..end).unwrap_or(path))
        .rfind(|folder| tree.get(&format!("{folder}/Cargo.toml")).is_some());
    let below = member.map_or(path, |member| path.get(member.len() + 1..).unwrap_or(path));
    let integration = below.starts_with("tests/") && below.matches('/').count() == 1;
    let example = below.starts_with("examples/");
    let target = member
        .and_then(|member| tree.get(&format!("{member}/Cargo.toml")))
        .is_some_and(|manifest| manifest.text.contains(&format!("path = \"{below}\"")));
    crate_root || integration || example || target
}

fn unnamed_fixtures(tree: &Tree) -> Vec<Finding> {
    let provenance = tree
        .get("fixtures/PROVENANCE.md")
        .map_or("", |file| file.text.as_str());
    tree.paths
        .iter()
        .filter(|path| path.starts_with("fixtures/") && *path != "fixtures/PROVENANCE.md")
        .filter(|path| {
            let below = path.trim_start_matches("fixtures/");
            let folder = below.split('/').next().unwrap_or("");
            let by_name = provenance.contains(below) || provenance.contains(&format!("`{folder}/`"));
            !by_name && !tree.rust().any(|file| file.text.contains(below))
        })
        .map(|path| Finding {
            path: path.clone(),
            line: 1,
            what: "neither a test nor PROVENANCE.md names this fixture".into(),
        })
        .collect()
}

fn unnamed_decisions(tree: &Tree) -> Vec<Finding> {
    let decisions = tree
        .paths
        .iter()
        .filter(|path| path.starts_with("docs/decisions/"));
    decisions
        .filter(|path| {
            let name = path.rsplit('/').next().unwrap_or("");
            !tree
                .files
                .iter()
                .any(|file| file.path != **path && file.path.ends_with(".md") && file.text.contains(name))
        })
        .map(|path| Finding {
            path: path.clone(),
            line: 1,
            what: "no document names this decision".into(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unnamed_file_fixture_and_decision_are_found() {
        let tree = Tree::of(&[
            ("a/src/lib.rs", "mod named;\nmod folder;\n"),
            ("a/src/named.rs", ""),
            ("a/src/lost.rs", ""),
            ("a/src/folder/mod.rs", "mod inner;\n"),
            ("a/src/folder/inner.rs", ""),
            ("fixtures/flows/x.yaml", ""),
            ("docs/decisions/0001-x.md", ""),
        ]);
        let paths: Vec<String> = check(&tree).into_iter().map(|finding| finding.path).collect();
        assert_eq!(
            paths,
            [
                "a/src/lost.rs",
                "fixtures/flows/x.yaml",
                "docs/decisions/0001-x.md"
            ]
        );
    }
}
