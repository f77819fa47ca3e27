//! Check 5: every Rust file begins with `//!` and a text that says more than its name.

use super::tree::{Finding, Tree};

/// The shortest header that can say something (`docs/house.md`, check 5).
const HEADER_CHARACTERS_MIN: usize = 40;

pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    tree.rust()
        .filter_map(|file| {
            let first = file.text.lines().next().unwrap_or("");
            let Some(words) = first.strip_prefix("//! ") else {
                return Some(
                    file.finding(1, "does not open with `//!`: what it is, promises and leaves out"),
                );
            };
            let name_only = words
                .trim_end_matches('.')
                .eq_ignore_ascii_case(&file.stem().replace('_', " "));
            let short = words.chars().count() < HEADER_CHARACTERS_MIN;
            (short || name_only).then(|| file.finding(1, "its header says too little"))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_and_a_thin_header_are_found() {
        let tree = Tree::of(&[
            ("a/src/a.rs", "use x;\n"),
            ("a/src/b.rs", "//! B.\n"),
            (
                "a/src/c.rs",
                "//! What calls cost and how that is known, per line.\n",
            ),
        ]);
        assert_eq!(check(&tree).len(), 2);
    }
}
