//! Check 22: a story waits for a signal, or follows what it waits for, and never sleeps, in any language.
//! Only at listed places does it work at a fixed rate, or try again as often as a busy server requests.

use super::tree::{Finding, Tree};

/// The names of sleeping functions: no code calls them. Written in two pieces, for a search of the tree.
const SLEEPS: &[&str] = &[
    concat!("thread::", "sleep"),
    concat!("time::", "sleep"),
    "park_timeout",
    "recv_timeout",
];

/// Functions that wait for a change, up to a time, and one that sets the system's timer: one file each.
const BOUNDED: &[(&str, &str)] = &[
    ("wait_timeout", "tests/src/watched_value.rs"),
    ("timerfd_", "tests/src/passing_time.rs"),
];

/// Helpers that check repeatedly, under the names that such helpers usually have.
const POLLS: &[&str] = &[
    "fn wait_for",
    "fn pause",
    "fn poll",
    "fn retry",
    "fn eventually",
    "fn let_pass",
];

/// The folders of tests and proofs in other languages, and the names of sleeping functions there.
const SCRIPT_FOLDERS: &[&str] = &["tests/clients/", "packaging/", "clients/", "examples/"];
const SCRIPT_SLEEPS: &[&str] = &[
    concat!("time.", "sleep("),
    concat!("Thread.", "sleep("),
    concat!("set", "Timeout("),
    concat!("set", "Interval("),
];

/// The file of the helpers that work at a fixed rate, try again or ask repeatedly, and the places that use
/// them: no signal exists there.
const HELPERS_IN: &str = "tests/src/passing_time.rs";
const HELPERS: [&str; 3] = ["at_each_beat(", "come_again(", "ask_on("];
const ALLOWED: &[(&str, &str)] = &[
    // A load of so many per second, or a measurement that is repeated while something else continues.
    ("tests/src/prove/crash.rs", "at_each_beat("),
    ("tests/src/prove/outage.rs", "at_each_beat("),
    ("tests/src/prove/full_disk.rs", "at_each_beat("),
    ("tests/src/prove/hostile/import.rs", "at_each_beat("),
    ("tests/src/prove/hostile/questions.rs", "at_each_beat("),
    ("tests/src/prove/hostile/sip.rs", "at_each_beat("),
    ("tests/src/prove/imports/mod.rs", "at_each_beat("),
    ("tests/src/prove/metrics/scenes.rs", "at_each_beat("),
    ("tests/src/prove/paused/engines.rs", "at_each_beat("),
    // Refused temporarily by a busy server, with the time after which to try again.
    ("tests/src/prove/hostile/exports.rs", "come_again("),
    ("tests/src/prove/oidc/forger.rs", "come_again("),
    // Prometheus evaluates its rules each second without a signal; only its next answer shows the state.
    ("tests/src/prove/metrics/prometheus.rs", "come_again("),
    ("tests/src/prove/subscribers/mod.rs", "come_again("),
    // Over in a moment, and only the next answer shows it: a connection of a database that was killed, a
    // command after an outage, the server's own daily run, datagrams of strangers that have not arrived yet.
    ("tests/e2e/hostile_datagrams_are_counted.rs", "ask_on("),
    ("tests/e2e/retention.rs", "ask_on("),
    ("tests/src/prove/access/mod.rs", "ask_on("),
    ("tests/src/prove/kurrent/store.rs", "ask_on("),
    // A reason that pauses dialing is computed for each answer, and no event announces it.
    ("tests/src/prove/paused/outputs.rs", "ask_on("),
    ("tests/src/prove/paused/scene.rs", "ask_on("),
    ("tests/src/prove/paused/machine.rs", "ask_on("),
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
    for file in SCRIPT_FOLDERS.iter().flat_map(|folder| tree.under(folder)) {
        for (number, line) in file.lines().filter(|_| is_script(&file.path)) {
            if SCRIPT_SLEEPS.iter().any(|sleep| line.contains(sleep)) {
                findings.push(file.finding(number, "a sleep; wait for the line or the event itself"));
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

fn is_script(path: &str) -> bool {
    [".py", ".ts", ".mjs", ".java"]
        .iter()
        .any(|end| path.ends_with(end))
}

fn wrong(path: &str, line: &str) -> Option<&'static str> {
    let has = |words: &[&str]| words.iter().any(|word| line.contains(word));
    let is_out_of_place = |(word, place): &(&str, &str)| line.contains(word) && path != *place;
    if has(SLEEPS) || BOUNDED.iter().any(is_out_of_place) {
        return Some("a sleep; follow a line, an event or a file, or use tests/src/passing_time.rs");
    }
    if has(POLLS) {
        return Some("a helper that checks repeatedly; follow what signals the change");
    }
    let used = HELPERS.iter().find(|helper| line.contains(**helper))?;
    let is_allowed = path == HELPERS_IN || ALLOWED.contains(&(path, used));
    (!is_allowed).then_some("asks again; follow a line, an event or a file, or say here why no signal exists")
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
