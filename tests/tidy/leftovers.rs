//! Check 6: no unfinished marks, ignored tests or commented-out code.

use super::tree::{Finding, Tree};
use regex::Regex;

pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    // Composed of parts, so that this file does not find itself.
    let marks = Regex::new(concat!(
        r"\b(TO",
        "DO|FIX",
        "ME|XX",
        "X|HA",
        r"CK)\b|#\[igno",
        "re"
    ))
    .expect("a constant pattern");
    let code =
        Regex::new(r"^\s*// (let (mut )?\w+( =|:)|(pub )?(async )?fn \w+\(|use \w+::|\}\s*$|\w+\(.*\);\s*$)")
            .expect("a constant pattern");
    let mut findings = Vec::new();
    for file in tree.rust() {
        for (number, line) in file.lines() {
            if marks.is_match(line) && !line.contains("decision ") {
                findings.push(file.finding(number, "unfinished mark without an owner and a decision number"));
            }
            if code.is_match(line) {
                findings.push(file.finding(number, "commented-out code; the history keeps it"));
            }
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_and_dead_code_are_found_and_prose_is_not() {
        let mark = concat!("// TO", "DO: later\n");
        let tree = Tree::of(&[
            ("a.rs", mark),
            (
                "b.rs",
                "    // let x = 1;\n    // let the caller decide what to do\n",
            ),
        ]);
        assert_eq!(check(&tree).len(), 2);
    }
}
