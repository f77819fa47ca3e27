//! Check 4: files stay small: 400 lines before the tests, 600 for suites, 40 for `main.rs`.

use super::tree::{File, Finding, Tree};

/// Files over the limit, with the number that they may not exceed. Numbers may only fall.
const EXCEPTIONS: &[(&str, usize)] = &[];

fn bound(file: &File) -> usize {
    if let Some((_, lines)) = EXCEPTIONS.iter().find(|(path, _)| *path == file.path) {
        return *lines;
    }
    if file.path == "api/cli/src/main.rs" {
        return 40;
    }
    let suite = file.path.ends_with("tests.rs") || file.path.ends_with("contract.rs");
    if suite { 600 } else { 400 }
}

pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    tree.rust()
        .filter(|file| file.lines_before_tests() > bound(file))
        .map(|file| {
            let what = format!(
                "{} lines before its tests, at most {}; split by subject",
                file.lines_before_tests(),
                bound(file)
            );
            file.finding(bound(file), what)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_permitted_line_passes_and_the_first_forbidden_fails() {
        let four_hundred = "x\n".repeat(400);
        let one_more = "x\n".repeat(401);
        assert!(check(&Tree::of(&[("a/src/b.rs", &four_hundred)])).is_empty());
        assert_eq!(check(&Tree::of(&[("a/src/b.rs", &one_more)])).len(), 1);
        let tests_do_not_count = format!("{four_hundred}#[cfg(test)]\nmod tests {{}}\n");
        assert!(check(&Tree::of(&[("a/src/b.rs", &tests_do_not_count)])).is_empty());
    }
}
