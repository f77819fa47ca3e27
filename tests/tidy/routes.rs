//! Check 11: each file in `routes/` is joined in `mod.rs`, ends its group boxed, and is in the description.

use super::tree::{Finding, Tree};
use regex::Regex;

const FOLDER: &str = "api/src/routes/";

pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    let joined = tree
        .get("api/src/routes/mod.rs")
        .map_or("", |file| file.text.as_str());
    let described = tree
        .get("api/src/openapi.rs")
        .map_or("", |file| file.text.as_str());
    let group = Regex::new(r"warp::path!?\(").expect("a constant pattern");
    let mut findings = Vec::new();
    for file in tree
        .under(FOLDER)
        .filter(|file| file.is_rust() && !file.path.ends_with("mod.rs"))
    {
        if !group.is_match(&file.text) {
            continue;
        }
        if !joined.contains(&format!("{}::", file.stem())) {
            findings.push(file.finding(1, "is not joined in routes/mod.rs"));
        }
        if !file.text.contains(".boxed()") {
            findings.push(file.finding(1, "its group is not boxed; type errors and builds grow"));
        }
        if !described.contains(file.stem()) {
            findings.push(file.finding(1, "does not appear in openapi.rs"));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_route_that_is_joined_nowhere_is_found() {
        let tree = Tree::of(&[
            ("api/src/routes/mod.rs", "calls::routes()"),
            ("api/src/openapi.rs", "calls"),
            ("api/src/routes/calls.rs", "warp::path(\"calls\").boxed()"),
            ("api/src/routes/lost.rs", "warp::path(\"lost\")"),
        ]);
        assert_eq!(check(&tree).len(), 3);
    }
}
