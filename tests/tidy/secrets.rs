//! Check 14: no machine path, key-like string, foreign host or real phone number in any tracked file.

use super::tree::{Finding, Tree};
use regex::Regex;

/// Hosts that may be named: loopback, RFC 2606/6761 names, literals of the requirements, documentation sites.
const HOSTS: &[&str] = &[
    "localhost",
    // The placeholder of a host in a form.
    "HOST",
    "example.com",
    "example.org",
    "example.net",
    "example",
    "invalid",
    "test",
    "sip.provider.com",
    "www.rfc-editor.org",
    "datatracker.ietf.org",
    "www.apache.org",
    "json-schema.org",
    "spec.openapis.org",
    "www.w3.org",
    "docs.rs",
    "cloudevents.io",
    "github.com",
    "c2sp.org",
    "keepachangelog.com",
    "semver.org",
    "www.conventionalcommits.org",
    "rustup.rs",
    "www.sqlite.org",
    "www.itu.int",
];

/// Numbers that may be named besides generated ones: the requirements' own and the fictional US range.
const PHONES: &[&str] = &["13800138000", "13800138001", "13800138002"];

/// Returns true for data that is generated or comes with its own provenance.
fn is_data(path: &str) -> bool {
    path == "Cargo.lock"
        || path.starts_with("fixtures/")
        || path.starts_with("tests/tidy/")
        || path == "LICENSE"
        || path.starts_with("api/kurrent_endpoint/protos/")
        || path.ends_with("/package-lock.json")
}

pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    let machine =
        Regex::new(r#"(^|[\s"'`(=])/(home|root|work|Users|mnt)/[A-Za-z0-9_]"#).expect("a constant pattern");
    let key = Regex::new(
        r"-----BEGIN [A-Z ]*PRIVATE KEY|\bAKIA[0-9A-Z]{16}\b|\bghp_[A-Za-z0-9]{30}|\bsk-[A-Za-z0-9]{32}",
    )
    .expect("a constant pattern");
    let host = Regex::new(r"\b(?:https?|wss?|sips?|postgres)://(?:[^@/\s]*@)?([A-Za-z0-9.-]+)")
        .expect("a constant pattern");
    let phone =
        Regex::new(r"(?:^|[^0-9a-fA-F.])(1[3-9]\d{9})(?:$|[^0-9a-fA-F.])").expect("a constant pattern");
    let mut findings = Vec::new();
    for file in tree.files.iter().filter(|file| !is_data(&file.path)) {
        for (number, line) in file.lines() {
            if machine.is_match(line) {
                findings.push(file.finding(number, "an absolute path of one machine"));
            }
            if key.is_match(line) {
                findings.push(file.finding(number, "looks like a key"));
            }
            for found in host.captures_iter(line).map(|found| found[1].to_owned()) {
                if !is_known_host(&found) {
                    findings
                        .push(file.finding(number, format!("names the host {found}; use one of RFC 2606")));
                }
            }
            for found in phone.captures_iter(line).map(|found| found[1].to_owned()) {
                if !PHONES.contains(&found.as_str()) && !is_made_up(&found) {
                    findings.push(
                        file.finding(number, format!("names the phone number {found}; use 13800138000")),
                    );
                }
            }
        }
    }
    findings
}

fn is_known_host(host: &str) -> bool {
    let address = host.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    address
        || HOSTS
            .iter()
            .any(|known| host == *known || host.ends_with(&format!(".{known}")))
}

/// Returns true for numbers that are invented by their form: one digit repeated, or 138 0013 xxxx.
fn is_made_up(phone: &str) -> bool {
    phone.starts_with("1380013")
        || phone
            .as_bytes()
            .get(3..)
            .is_some_and(|rest| rest.windows(2).all(|pair| pair.first() == pair.last()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_a_host_and_a_phone_are_found_and_the_permitted_ones_are_not() {
        let path = concat!("see /ho", "me/someone/x\n");
        let tree = Tree::of(&[
            ("a.md", path),
            ("b.md", "https://real-company.cn/x and https://db.example.com/x\n"),
            ("c.rs", concat!("\"1391", "2345678\" \"13800138000\"\n")),
        ]);
        assert_eq!(check(&tree).len(), 3);
    }
}
