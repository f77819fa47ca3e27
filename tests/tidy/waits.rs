//! Check 22: a story is told of what it waits for, or follows it; only here and there does it let time pass,
//! or come again as often as a busy server asks for.

use super::tree::{Finding, Tree};

/// What sleeps, and the one file that may; and the one that waits for a change, up to a time.
const SLEEPS: &[&str] = &["thread::sleep", "park_timeout", "recv_timeout", "time::sleep"];
const SLEEPS_IN: &str = "tests/src/passing_time.rs";
const GIVES_UP: &str = "wait_timeout";
const GIVES_UP_IN: &str = "tests/src/watched.rs";

/// Helpers that look again and again, under the names that such helpers get.
const POLLS: &[&str] = &["fn wait_for", "fn pause", "fn poll", "fn retry", "fn eventually"];

/// Who lets time pass, beats or comes again: nothing there can tell when it is time.
const ALLOWED: &[(&str, &str)] = &[
    // Moments drawn at random, at which something is killed.
    ("tests/src/prove/projections.rs", "let_pass("),
    ("tests/src/prove/stores/mod.rs", "let_pass("),
    // A stretch that is the case itself: a stop is held, a receiver is away, an edge of the clock comes.
    ("tests/src/prove/clock/stage.rs", "let_pass("),
    ("tests/src/prove/http/certificates.rs", "let_pass("),
    ("tests/src/prove/stop.rs", "let_pass("),
    ("tests/src/prove/webhooks/mod.rs", "let_pass("),
    ("tests/src/prove/webhooks/receiver.rs", "let_pass("),
    ("tests/src/prove/hostile/exports.rs", "let_pass("),
    // What is on its way when a database stops, and the last checkpoint: of neither is anybody told.
    ("tests/src/prove/stores/under_serve.rs", "let_pass("),
    ("tests/src/prove/tails/made.rs", "let_pass("),
    // A load of so many a second, or a look that measures while something else goes on.
    ("tests/src/prove/crash.rs", "at_each_beat("),
    ("tests/src/prove/full_disk.rs", "at_each_beat("),
    ("tests/src/prove/hostile/import.rs", "at_each_beat("),
    ("tests/src/prove/hostile/questions.rs", "at_each_beat("),
    ("tests/src/prove/hostile/sip.rs", "at_each_beat("),
    // Refused for now, as by a busy server: the next answer alone says whether it is over.
    ("tests/e2e/retention.rs", "come_again("),
    ("tests/src/prove/access/mod.rs", "come_again("),
    ("tests/src/prove/hostile/exports.rs", "come_again("),
    ("tests/src/prove/kurrent/store.rs", "come_again("),
    ("tests/src/prove/oidc/forger.rs", "come_again("),
    ("tests/src/prove/subscribers/mod.rs", "come_again("),
    ("tests/src/prove/webhooks/receiver.rs", "come_again("),
    // Datagrams of strangers are counted, and nobody is told.
    ("tests/e2e/hostile_datagrams_are_counted.rs", "come_again("),
];

/// The helpers of `tests/src/passing_time.rs` that those above may use.
const HELPERS: [&str; 3] = ["let_pass(", "at_each_beat(", "come_again("];

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
    if (has(SLEEPS) && path != SLEEPS_IN) || (has(&[GIVES_UP]) && path != GIVES_UP_IN) {
        return Some("a sleep; follow a line, an event or a file, or use tests/src/passing_time.rs");
    }
    if has(POLLS) {
        return Some("a helper that looks again and again; follow what tells of the change");
    }
    let used = HELPERS.iter().find(|helper| line.contains(**helper))?;
    let is_allowed = path == SLEEPS_IN || ALLOWED.contains(&(path, used));
    (!is_allowed).then_some("time passes; follow a line, an event or a file, or say here why nothing tells")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sleep_a_poll_and_a_helper_out_of_place_are_found() {
        let found = |path: &str, line: &str| wrong(path, line).is_some();
        assert!(found("tests/src/server.rs", "    std::thread::sleep(SOON);"));
        assert!(!found(SLEEPS_IN, "    std::thread::sleep(time);"));
        assert!(found("tests/src/server.rs", "pub fn wait_for<T>("));
        assert!(found(
            "tests/e2e/forgetting.rs",
            "    let_pass(SOON, \"it may be over\");"
        ));
        assert!(!found("tests/src/prove/stop.rs", "    let_pass(HELD, \"held\");"));
        assert!(found("tests/src/prove/stop.rs", "    come_again(HELD, || None)"));
    }
}
