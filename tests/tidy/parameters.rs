//! Check 19: each parameter of a function is a parameter of its own; none are packed into a tuple.
//!
//! `fn dial(leg: u8, (host, port): (&str, u16))` has three parameters and names two. Values that belong
//! together are a struct with a name; the rest are parameters of their own, up to clippy's limit. Closures
//! may destructure the items of an iterator, and a trait's implementation keeps the trait's signature.

use super::tree::{File, Finding, Tree};
use regex::Regex;

pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    let function = Regex::new(r"\bfn\s+\w+").expect("a constant pattern");
    let mut findings = Vec::new();
    for file in tree.rust().filter(|file| !is_test(&file.path)) {
        let text = production(file);
        for found in function.find_iter(&text) {
            let Some(inside) = parameters(text.get(found.end()..).unwrap_or("")) else {
                continue;
            };
            if is_packed(inside) && !is_of_a_trait(&text, found.start()) {
                let line = text.get(..found.start()).unwrap_or("").matches('\n').count() + 1;
                let what = format!(
                    "`{}` takes a tuple apart in its parameters; each its own, or a struct with a name",
                    found.as_str()
                );
                findings.push(file.finding(line, what));
            }
        }
    }
    findings
}

fn is_test(path: &str) -> bool {
    path.ends_with("tests.rs")
}

/// Returns the lines before a file's tests, without comments; the line numbers stay the same.
fn production(file: &File) -> String {
    let lines = file.lines().take(file.lines_before_tests());
    let code: Vec<&str> = lines
        .map(|(_, line)| line.split("//").next().unwrap_or(line))
        .collect();
    code.join("\n")
}

/// Returns the text between the parentheses after a function's name and its generics.
fn parameters(after: &str) -> Option<&str> {
    let (mut angles, mut parentheses, mut begin, mut before) = (0_u32, 0_u32, 0, ' ');
    for (index, sign) in after.char_indices() {
        match sign {
            '<' if parentheses == 0 => angles += 1,
            // Not the arrow of a bound such as `Fn(u8) -> u8`.
            '>' if parentheses == 0 && before != '-' => angles = angles.saturating_sub(1),
            '(' if angles == 0 => {
                if parentheses == 0 {
                    begin = index + 1;
                }
                parentheses += 1;
            }
            ')' if angles == 0 && parentheses == 1 => return after.get(begin..index),
            ')' if angles == 0 => parentheses = parentheses.saturating_sub(1),
            // In prose: not a function.
            '{' | '}' | ';' | '"' if parentheses == 0 => return None,
            _ => {}
        }
        before = sign;
    }
    None
}

/// Returns true if one of the parameters is a pattern in parentheses. A unit is none.
fn is_packed(inside: &str) -> bool {
    let (mut depth, mut begins, mut before) = (0_u32, true, ' ');
    let mut rest = inside.chars().filter(|sign| !sign.is_whitespace()).peekable();
    while let Some(sign) = rest.next() {
        if begins && sign == '(' && rest.peek() != Some(&')') {
            return true;
        }
        // `&(a, b): &(A, B)` is one too.
        begins = (begins && sign == '&') || (depth == 0 && sign == ',');
        match sign {
            '(' | '[' | '{' | '<' => depth += 1,
            '>' if before == '-' => {}
            ')' | ']' | '}' | '>' => depth = depth.saturating_sub(1),
            _ => {}
        }
        before = sign;
    }
    false
}

/// Returns true if the function at `at` is in an `impl … for …`: its block is opened by the nearest line
/// above that begins further left, except for the end of a header of several lines.
fn is_of_a_trait(text: &str, at: usize) -> bool {
    let indent = |line: &str| line.len() - line.trim_start().len();
    let begin = text.get(..at).and_then(|before| before.rfind('\n'));
    let Some((above, own)) = begin.and_then(|begin| text.get(..at)?.split_at_checked(begin)) else {
        return false;
    };
    let own = indent(own.trim_start_matches('\n'));
    let mut lines: Vec<&str> = above.lines().collect();
    while let Some(line) = lines.pop() {
        let words = line.trim_start();
        if words.is_empty()
            || indent(line) >= own
            || ["where", "{", ">"].iter().any(|end| words.starts_with(end))
        {
            continue;
        }
        let from: usize = lines.iter().map(|line| line.len() + 1).sum();
        let header = text.get(from..at).and_then(|rest| rest.split('{').next());
        // Not the `for<'a>` of a bound.
        return words.starts_with("impl") && header.is_some_and(|header| header.contains(" for "));
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<usize> {
        let tree = Tree::of(&[("a/src/b.rs", text)]);
        check(&tree).iter().map(|finding| finding.line).collect()
    }

    #[test]
    fn parameters_in_a_tuple_are_found_and_a_parameter_that_is_a_pair_is_not() {
        assert_eq!(lines("fn a(leg: u8, (host, port): (&str, u16)) {}\n"), [1]);
        assert_eq!(
            lines("\npub(crate) async fn a(\n    &(x, y): &(u8, u8),\n) {}\n"),
            [2]
        );
        assert_eq!(
            lines("fn a(ports: (u16, u16), Wanted { of, at }: Wanted) {}\n"),
            [0; 0]
        );
        assert_eq!(
            lines("fn a((): (), &x: &u8, Place(x, y): Place) -> (u8, u8) {}\n"),
            [0; 0]
        );
    }

    #[test]
    fn generics_with_bounds_stand_before_the_parameters() {
        assert_eq!(
            lines("fn a<F: Fn((u8, u8)) -> u8>(f: F, (x, y): (u8, u8)) {}\n"),
            [1]
        );
        assert_eq!(
            lines("fn a<F: Fn((u8, u8)) -> u8, const N: usize>(f: F) {}\n"),
            [0; 0]
        );
        assert_eq!(
            lines("fn a(f: Box<dyn Fn(u8, (u8, u8)) -> u8, (u8, u8)>, x: u8) {}\n"),
            [0; 0]
        );
    }

    #[test]
    fn closures_implementations_tests_and_comments_are_free() {
        assert_eq!(lines("fn a() {\n    let f = |(x, y): (u8, u8)| x;\n}\n"), [0; 0]);
        let kept = "impl<'a> Take<'a>\n    for Mine<'a>\n{\n    fn a((x, y): (u8, u8)) {\n    }\n}\n";
        assert_eq!(lines(kept), [0; 0]);
        let own = "impl<T> Mine<T>\nwhere\n    T: for<'a> Fn(&'a u8),\n{\n    fn a((x, y): (u8, u8)) {}\n}\n";
        assert_eq!(lines(own), [5]);
        let behind = format!("{kept}\nfn b((x, y): (u8, u8)) {{}}\n");
        assert_eq!(lines(&behind), [8]);
        let within = "impl Take for Mine {\n    fn a() {\n        fn b((x, y): (u8, u8)) {}\n    }\n}\n";
        assert_eq!(lines(within), [3], "its own signature");
        assert_eq!(lines("// fn a((x, y): (u8, u8)) in prose\n"), [0; 0]);
        assert_eq!(
            lines("#[cfg(test)]\nmod tests {\n    fn a((x, y): (u8, u8)) {}\n}\n"),
            [0; 0]
        );
        let tree = Tree::of(&[("a/src/b/tests.rs", "fn a((x, y): (u8, u8)) {}\n")]);
        assert_eq!(check(&tree), []);
    }
}
