//! Check 15: each constant that is a limit has a comment above it that says why it has this value.

use super::tree::{Finding, Tree};
use regex::Regex;

pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    let limit = Regex::new(r"^\s*(pub(\([a-z]+\))? )?const [A-Z0-9_]+(_MAX|_MS|_BYTES): ")
        .expect("a constant pattern");
    let mut findings = Vec::new();
    for file in tree.rust() {
        let mut before = "";
        for (number, line) in file.lines() {
            if limit.is_match(line) && !before.trim_start().starts_with("//") {
                findings.push(file.finding(number, "a limit without a comment above it"));
            }
            before = line;
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bare_limit_is_found() {
        let tree = Tree::of(&[(
            "a.rs",
            "/// From RFC 3261.\nconst A_MS: u64 = 1;\nconst B_MAX: u64 = 1;\n",
        )]);
        assert_eq!(check(&tree).len(), 1);
    }
}
