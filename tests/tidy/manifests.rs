//! Checks 1 and 13: dependencies within each crate's row, and one place for lints and versions.

use super::tree::{File, Finding, Tree};

/// Returns the names of one list of the rooms table, such as `name = { workspace = ["a"], outside = ["b"] }`.
fn row_list(row: &str, list: &str) -> Vec<String> {
    let Some((_, rest)) = row.split_once(&format!("{list} = [")) else {
        return Vec::new();
    };
    let inside = rest.split(']').next().unwrap_or("");
    inside
        .split(',')
        .map(|name| name.trim().trim_matches('"').to_owned())
        .filter(|name| !name.is_empty())
        .collect()
}

/// Returns the dependency names of a manifest with their lines, from all dependency sections.
fn dependency_lines(manifest: &File) -> Vec<(usize, String, String)> {
    let mut inside = false;
    let mut found = Vec::new();
    for (number, line) in manifest.lines() {
        if line.starts_with('[') {
            inside = line.ends_with("dependencies]");
        } else if inside && line.contains('=') && !line.starts_with('#') {
            let name = line.split(['=', '.']).next().unwrap_or("").trim().to_owned();
            found.push((number, name, line.to_owned()));
        }
    }
    found
}

pub(crate) fn dependencies(tree: &Tree) -> Vec<Finding> {
    let Some(root) = tree.get("Cargo.toml") else {
        return Vec::new();
    };
    let members: Vec<&str> = members(root);
    let mut findings = Vec::new();
    for member in &members {
        let Some(manifest) = tree.get(&format!("{member}/Cargo.toml")) else {
            continue;
        };
        let name = member.rsplit('/').next().unwrap_or(member);
        let prefix = format!("{name} = {{ workspace");
        let Some(row) = root.text.lines().find(|line| line.starts_with(&prefix)) else {
            findings.push(manifest.finding(1, "has no row in [workspace.metadata.rooms]"));
            continue;
        };
        let mut allowed = row_list(row, "workspace");
        allowed.extend(row_list(row, "outside"));
        for (line, name, _) in dependency_lines(manifest) {
            if !allowed.contains(&name) {
                findings
                    .push(manifest.finding(line, format!("depends on {name}, which its row does not allow")));
            }
        }
    }
    findings
}

fn members(root: &File) -> Vec<&str> {
    let list = root.text.split_once("members = [").map_or("", |(_, rest)| rest);
    let list = list.split(']').next().unwrap_or("");
    list.split('"').skip(1).step_by(2).collect()
}

pub(crate) fn one_home(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    let Some(root) = tree.get("Cargo.toml") else {
        return findings;
    };
    for member in members(root) {
        let Some(manifest) = tree.get(&format!("{member}/Cargo.toml")) else {
            continue;
        };
        if !manifest.text.contains("[lints]\nworkspace = true") {
            findings.push(manifest.finding(1, "has no `[lints] workspace = true`"));
        }
        for (line, _, text) in dependency_lines(manifest) {
            if text.contains("version")
                || text
                    .split('=')
                    .nth(1)
                    .is_some_and(|value| value.trim().starts_with('"'))
            {
                findings
                    .push(manifest.finding(line, "names a version; versions are in the root manifest only"));
            }
        }
    }
    for path in tree
        .paths
        .iter()
        .filter(|path| path.ends_with("clippy.toml") && *path != "clippy.toml")
    {
        findings.push(Finding {
            path: path.clone(),
            line: 1,
            what: "replaces the root clippy.toml for its crate".into(),
        });
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROOT: &str = "members = [\"a\", \"b\"]\na = { workspace = [], outside = [\"serde\"] }\nb = { workspace = [\"a\"], outside = [] }\n";

    #[test]
    fn a_dependency_outside_the_row_is_found() {
        let tree = Tree::of(&[
            ("Cargo.toml", ROOT),
            (
                "a/Cargo.toml",
                "[lints]\nworkspace = true\n[dependencies]\nserde.workspace = true\nb.workspace = true\n",
            ),
        ]);
        let found = dependencies(&tree);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].line, 5);
        assert!(one_home(&tree).is_empty());
    }

    #[test]
    fn a_version_in_a_member_and_a_second_clippy_file_are_found() {
        let tree = Tree::of(&[
            ("Cargo.toml", ROOT),
            ("a/Cargo.toml", "[dependencies]\nserde = \"1\"\n"),
            ("a/clippy.toml", ""),
        ]);
        assert_eq!(one_home(&tree).len(), 3);
    }
}
