//! Check 22: a story is told of what it waits for, or follows it, and never sleeps; only here and there does
//! it keep a beat, or come again as often as a busy server asks for.

use super::tree::{Finding, Tree};

/// What sleeps: nothing does. Written in two pieces, for whoever searches the tree for them.
const SLEEPS: &[&str] = &[
    concat!("thread::", "sleep"),
    concat!("time::", "sleep"),
    "park_timeout",
    "recv_timeout",
];

/// What waits for a change, up to a time, and what sets the system's timer: one file each.
const BOUNDED: &[(&str, &str)] = &[
    ("wait_timeout", "tests/src/watched.rs"),
    ("timerfd_", "tests/src/passing_time.rs"),
];

/// Helpers that look again and again, under the names that such helpers get.
const POLLS: &[&str] = &[
    "fn wait_for",
    "fn pause",
    "fn poll",
    "fn retry",
    "fn eventually",
    "fn let_pass",
];

/// The helpers of this file, and who beats, comes again or asks on: nothing there can tell when it is time.
const HELPERS_IN: &str = "tests/src/passing_time.rs";
const HELPERS: [&str; 3] = ["at_each_beat(", "come_again(", "ask_on("];
const ALLOWED: &[(&str, &str)] = &[
    // A load of so many a second, or a look that measures while something else goes on.
    ("tests/src/prove/crash.rs", "at_each_beat("),
    ("tests/src/prove/outage.rs", "at_each_beat("),
    ("tests/src/prove/full_disk.rs", "at_each_beat("),
    ("tests/src/prove/hostile/import.rs", "at_each_beat("),
    ("tests/src/prove/hostile/questions.rs", "at_each_beat("),
    ("tests/src/prove/hostile/sip.rs", "at_each_beat("),
    ("tests/src/prove/imports/mod.rs", "at_each_beat("),
    // Refused for now by a busy server, with the time after which to come again.
    ("tests/src/prove/hostile/exports.rs", "come_again("),
    ("tests/src/prove/oidc/forger.rs", "come_again("),
    ("tests/src/prove/subscribers/mod.rs", "come_again("),
    // Over in a moment, and the next answer alone says so: a connection of a database that was killed, a
    // command behind an outage, the server's own look of the day, datagrams of strangers on their way.
    ("tests/e2e/hostile_datagrams_are_counted.rs", "ask_on("),
    ("tests/e2e/retention.rs", "ask_on("),
    ("tests/src/prove/access/mod.rs", "ask_on("),
    ("tests/src/prove/kurrent/store.rs", "ask_on("),
];

pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in tree.under("tests/") {
        let is_rust = file.path.ends_with(".rs") && !file.path.starts_with("tests/tidy/");
        for (number, line) in file.lines().filter(|_| is_rust) {
            if let Some(what) = wrong(&file.path, line) {
                findings.push(file.finding(number, what));
            }
        }
    }
    for (path, helper) in ALLOWED {
        let mut own = tree.under(path);
        if !own.any(|file| file.text.contains(helper)) {
            findings.push(Finding {
                path: (*path).to_owned(),
                line: 1,
                what: format!(
                    "{helper}) is not used here any more; take it off the list of tests/tidy/waits.rs"
                ),
            });
        }
    }
    findings
}

fn wrong(path: &str, line: &str) -> Option<&'static str> {
    let has = |words: &[&str]| words.iter().any(|word| line.contains(word));
    let is_out_of_place = |(word, place): &(&str, &str)| line.contains(word) && path != *place;
    if has(SLEEPS) || BOUNDED.iter().any(is_out_of_place) {
        return Some("a sleep; follow a line, an event or a file, or use tests/src/passing_time.rs");
    }
    if has(POLLS) {
        return Some("a helper that looks again and again; follow what tells of the change");
    }
    let used = HELPERS.iter().find(|helper| line.contains(**helper))?;
    let is_allowed = path == HELPERS_IN || ALLOWED.contains(&(path, used));
    (!is_allowed).then_some("asks again; follow a line, an event or a file, or say here why nothing tells")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sleep_a_poll_and_a_helper_out_of_place_are_found() {
        let found = |path: &str, line: &str| wrong(path, line).is_some();
        let sleep = format!("    std::{}(SOON);", concat!("thread::", "sleep"));
        assert!(found("tests/src/server.rs", &sleep));
        assert!(found(HELPERS_IN, &sleep));
        assert!(found(
            "tests/src/server.rs",
            "    let timer = timerfd_create(clock, flags);"
        ));
        assert!(!found(
            HELPERS_IN,
            "    let timer = timerfd_create(clock, flags);"
        ));
        assert!(found("tests/src/server.rs", "pub fn wait_for<T>("));
        assert!(found("tests/e2e/forgetting.rs", "    ask_on(SOON, || None)"));
        assert!(!found("tests/e2e/retention.rs", "    ask_on(SOON, || None)"));
        assert!(found("tests/src/prove/stop.rs", "    come_again(HELD, || None)"));
    }
}
