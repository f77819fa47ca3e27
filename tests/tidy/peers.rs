//! Check 3: peers do not import peers: aggregates, rules, views, routes; `sip` and `rtp` name no runtime.

use super::tree::{Finding, Tree};
use std::collections::BTreeSet;

/// Folders with members that must not name one another, with the path prefix that an import would have.
const PEER_FOLDERS: &[(&str, &str)] = &[
    ("projections/src/views/", "views"),
    ("api/http/src/routes/", "routes"),
    ("domain/src/compliance/", "compliance"),
];

/// Names that are not peers in those folders: the folder's own entry and what all of its members share.
const SHARED: &[&str] = &[
    "mod",
    "permit",
    "preset",
    "testing",
    "zones",
    "facts",
    "call_counts",
    "verdict",
    "contact_history",
];

fn aggregates(tree: &Tree) -> BTreeSet<String> {
    tree.under("domain/src/")
        .filter(|file| file.path.ends_with("/event.rs"))
        .filter_map(|file| file.path.split('/').nth(2).map(str::to_owned))
        .collect()
}

pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = aggregate_imports(tree);
    for (folder, name) in PEER_FOLDERS {
        findings.extend(folder_imports(tree, folder, name));
    }
    for file in tree.rust().filter(|file| {
        (file.path.starts_with("media/src/sip/") || file.path.starts_with("media/src/rtp/"))
            && !file.path.ends_with("tests.rs")
    }) {
        for (number, line) in file.lines().take(file.lines_before_tests()) {
            if ["tokio", "actix", "crate::lines", "std::net::UdpSocket"]
                .iter()
                .any(|word| line.contains(word))
            {
                findings.push(file.finding(number, "protocol code names a runtime, a socket or a line"));
            }
        }
    }
    findings
}

fn aggregate_imports(tree: &Tree) -> Vec<Finding> {
    let names = aggregates(tree);
    let mut findings = Vec::new();
    for file in tree.under("domain/src/") {
        let Some(own) = file.path.split('/').nth(2).filter(|own| names.contains(*own)) else {
            continue;
        };
        for (number, line) in file.lines() {
            let foreign = names
                .iter()
                .find(|name| *name != own && line.contains(&format!("crate::{name}::")));
            if let Some(foreign) = foreign {
                findings.push(file.finding(
                    number,
                    format!("aggregate {own} imports {foreign}; share a value instead"),
                ));
            }
        }
    }
    findings
}

/// Returns the last part of a folder's path: in `routes`, only files with endpoints are peers.
fn folder_name(folder: &str) -> &str {
    folder.trim_end_matches('/').rsplit('/').next().unwrap_or(folder)
}

fn folder_imports(tree: &Tree, folder: &str, name: &str) -> Vec<Finding> {
    let direct = |path: &str| path.strip_prefix(folder).is_some_and(|rest| !rest.contains('/'));
    let peers: Vec<&str> = tree
        .rust()
        .filter(|file| direct(&file.path) && !SHARED.contains(&file.stem()))
        .filter(|file| *folder_name(folder) != *"routes" || file.text.contains("fn endpoints()"))
        .map(super::tree::File::stem)
        .collect();
    let mut findings = Vec::new();
    for file in tree
        .under(folder)
        .filter(|file| file.is_rust() && !SHARED.contains(&file.stem()))
    {
        for (number, line) in file.lines().take(file.lines_before_tests()) {
            let foreign = peers.iter().find(|peer| {
                **peer != file.stem()
                    && (line.contains(&format!("super::{peer}::"))
                        || line.contains(&format!("{name}::{peer}::")))
            });
            if let Some(foreign) = foreign {
                findings.push(file.finding(number, format!("imports its peer {foreign}")));
            }
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_aggregate_a_view_and_a_protocol_file_that_reach_out_are_found() {
        let tree = Tree::of(&[
            ("domain/src/call/event.rs", ""),
            (
                "domain/src/customer/event.rs",
                "use crate::call::event::CallEvent;\n",
            ),
            ("projections/src/views/a.rs", "use super::b::Rows;\n"),
            ("projections/src/views/b.rs", ""),
            ("media/src/sip/dialog.rs", "use tokio::time;\n"),
        ]);
        assert_eq!(check(&tree).len(), 3);
    }
}
