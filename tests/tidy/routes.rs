//! Check 11: each file in `routes/` that has endpoints is joined in `mod.rs`; its one list is used for the
//! boxed groups of the router and for the published description. No file builds a response by hand.

use super::tree::{Finding, Tree};

const FOLDER: &str = "api/http/src/routes/";

pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    let joined = tree
        .get("api/http/src/routes/mod.rs")
        .map_or("", |file| file.text.as_str());
    let described = tree
        .get("api/http/src/openapi.rs")
        .map_or("", |file| file.text.as_str());
    let mut findings = Vec::new();
    let groups = tree
        .under(FOLDER)
        .filter(|file| file.text.contains("fn endpoints()") && !file.path.ends_with("mod.rs"));
    for file in groups {
        if !joined.contains(&format!("{}::endpoints()", file.stem())) {
            findings.push(file.finding(1, "is not joined in routes/mod.rs"));
        }
    }
    for file in tree
        .under(FOLDER)
        .filter(|file| file.is_rust() && file.text.contains("warp::path"))
    {
        findings.push(file.finding(
            1,
            "routes by itself; list an Endpoint, so that it is boxed and described",
        ));
    }
    for file in tree.under(FOLDER).filter(|file| file.is_rust()) {
        let before_tests = file.lines_before_tests();
        let is_test = file.path.ends_with("tests.rs") || file.path.ends_with("testing.rs");
        for (number, line) in file.lines().take(before_tests) {
            if !is_test && line.contains("json!(") {
                findings.push(file.finding(
                    number,
                    "builds a reply by hand; return a type, so that it is described",
                ));
            }
        }
    }
    if !joined.contains(".boxed()") {
        findings.push(Finding {
            path: FOLDER.to_owned(),
            line: 1,
            what: "mod.rs boxes no group".to_owned(),
        });
    }
    if !described.contains("endpoints") {
        findings.push(Finding {
            path: FOLDER.to_owned(),
            line: 1,
            what: "openapi.rs does not read the list".to_owned(),
        });
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_route_that_is_joined_nowhere_is_found() {
        let tree = Tree::of(&[
            ("api/http/src/routes/mod.rs", "calls::endpoints() .boxed()"),
            ("api/http/src/openapi.rs", "endpoints"),
            ("api/http/src/routes/calls.rs", "fn endpoints()"),
            ("api/http/src/routes/lost.rs", "fn endpoints()"),
            ("api/http/src/routes/own.rs", "warp::path(\"x\")"),
        ]);
        assert_eq!(check(&tree).len(), 2);
    }

    #[test]
    fn a_reply_built_by_hand_is_found_but_not_in_tests() {
        let tree = Tree::of(&[
            ("api/http/src/routes/mod.rs", "calls::endpoints() .boxed()"),
            ("api/http/src/openapi.rs", "endpoints"),
            (
                "api/http/src/routes/calls.rs",
                "fn endpoints()\njson!({})\n#[cfg(test)]\njson!({})",
            ),
        ]);
        assert_eq!(check(&tree).len(), 1);
    }
}
