//! Check 27: no comment contains code that is never run. An example that must work is a test; an example of a
//! user's file names its language. So nothing is left for `cargo test --doc`, which would build every crate a
//! second time to find that out.

use super::tree::{Finding, Tree};

/// The line that opens and closes a block in a comment.
const FENCE: &str = "```";

pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in tree.files.iter().filter(|file| file.path.ends_with(".rs")) {
        let (mut is_open, mut before) = (false, None);
        for (number, line) in file.lines() {
            let said = documented(line);
            let tag = said.and_then(|text| text.trim_start().strip_prefix(FENCE));
            let is_code = match (tag, said) {
                (Some(tag), _) => !is_open && is_run(tag.trim()),
                (None, Some(text)) => !is_open && is_set_in(text, before),
                (None, None) => false,
            };
            if is_code {
                let what = "code in a comment that is never run; make it a test, or name its language";
                findings.push(file.finding(number, what));
            }
            is_open = is_open != tag.is_some();
            before = said;
        }
    }
    findings
}

/// Returns the text of a line of documentation.
fn documented(line: &str) -> Option<&str> {
    let line = line.trim_start();
    line.strip_prefix("///").or_else(|| line.strip_prefix("//!"))
}

/// Returns true if a line is indented as far as a block of code, after an empty line or as the first one.
fn is_set_in(text: &str, before: Option<&str>) -> bool {
    text.starts_with("     ")
        && !text.trim().is_empty()
        && before.is_none_or(|before| before.trim().is_empty())
}

/// Returns true if rustdoc would run the block as a test.
fn is_run(tag: &str) -> bool {
    let known = ["rust", "no_run", "should_panic", "compile_fail", "ignore"];
    tag.is_empty()
        || tag
            .split(',')
            .any(|word| known.contains(&word.trim()) || word.starts_with("edition"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_that_rustdoc_would_run_is_found_and_other_languages_are_not() {
        let fence = FENCE;
        let text = format!(
            "//! {fence}yaml\n//! a: 1\n//! {fence}\n/// {fence}\n/// x();\n/// {fence}\nfn x() {{}}\n\
             /// {fence}rust,no_run\n/// {fence}\n// {fence}\n\
             /// Says:\n///\n///     y();\n/// Says\n///     more.\n"
        );
        let tree = Tree::of(&[("a/src/lib.rs", &text)]);
        let lines: Vec<usize> = check(&tree).into_iter().map(|finding| finding.line).collect();
        assert_eq!(lines, [4, 8, 13]);
    }
}
