//! Check 16: code contains no tabs, trailing blanks, control characters or overlong lines.

use super::tree::{Finding, Tree};

/// The longest line of code; string data, links and tables may be longer.
const LINE_CHARACTERS_MAX: usize = 110;

pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in tree.rust() {
        for (number, line) in file.lines() {
            if line.contains('\t') {
                findings.push(file.finding(number, "a tab"));
            }
            if line.ends_with(' ') {
                findings.push(file.finding(number, "a trailing blank"));
            }
            if line
                .chars()
                .any(|character| character.is_control() && character != '\t')
            {
                findings.push(file.finding(number, "a control character"));
            }
            let data = line.contains('"') || line.contains("://") || line.contains('|');
            if line.chars().count() > LINE_CHARACTERS_MAX && !data {
                findings.push(file.finding(number, "a line over 110 characters"));
            }
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_of_unclean_text_is_found() {
        let long = format!("{}\n", "x".repeat(LINE_CHARACTERS_MAX + 1));
        let tree = Tree::of(&[
            ("a.rs", "\tx\n"),
            ("b.rs", "x \n"),
            ("c.rs", &long),
            ("d.rs", "x\n"),
        ]);
        assert_eq!(check(&tree).len(), 3);
    }
}
