//! A line of `--help` that says whether a command needs a running server or the directory, and why.
//!
//! Most commands work with both and have no line. A test walks the commands as clap knows them and finds each
//! one that is missing in the tables, and each entry that is no longer true.

/// Reason of commands that verify the log: their result does not depend on trusting a server.
const PROOF: &str = "reads the log itself and trusts no server; a server may be running";
/// Reason of commands that read log and rows directly.
const READS: &str = "reads log and rows directly, without keys, also from a copy; a server may be running";
/// Reason of commands that copy or change files that only the owner of the directory may use.
const FILES: &str =
    "works on files that only the owner of the directory may read; the API does not expose them";

/// Commands that work on the directory or the log and never ask a server, each with the reason.
const DIRECTORY_ONLY: &[(&str, &str)] = &[
    ("demo", "is a server of its own"),
    ("serve", "is the server"),
    ("call export", PROOF),
    ("keys rotate", FILES),
    ("keys backup", FILES),
    ("keys restore", FILES),
    ("events read", PROOF),
    ("events graph", PROOF),
    ("audit verify", PROOF),
    ("audit prove", PROOF),
    ("audit checkpoint", PROOF),
    ("backup create", FILES),
    ("backup restore", FILES),
    ("backup recordings", FILES),
    ("projections status", READS),
    ("projections verify", PROOF),
    ("metrics", READS),
    ("reconcile", PROOF),
    ("report pdca", READS),
    ("report daily", READS),
    ("report costs", READS),
    ("report plan", READS),
    ("report check", PROOF),
    ("sample check", PROOF),
    ("trunk call", "is a server of its own, for one call"),
];

/// Commands that need a running server, each with the reason.
const SERVER_ONLY: &[(&str, &str)] = &[
    (
        "events tail",
        "follows new events of a server; `events read` shows stored events",
    ),
    (
        "live",
        "shows what a server is doing now; a directory holds no such state",
    ),
    ("ready", "asks the server whether it can take work"),
    ("clock measure", "checks the clock that a server uses for dialing"),
];

/// Returns the help line of a command; `None` if it works with a server and with a directory.
pub(super) fn line(path: &str) -> Option<String> {
    let of = |table: &[(&str, &'static str)]| {
        let found = table.iter().find(|(command, _)| *command == path);
        found.map(|(_, why)| *why)
    };
    if let Some(why) = of(DIRECTORY_ONLY) {
        return Some(format!("Needs the directory or the log: it {why}."));
    }
    of(SERVER_ONLY).map(|why| format!("Needs a running server: it {why}."))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Cli;
    use clap::{Command, CommandFactory};

    /// Collects each command with whether it takes `--server`, `--data` and `--keys`.
    fn asks(command: &Command, above: &str, found: &mut Vec<(String, bool, bool, bool)>) {
        for below in command.get_subcommands() {
            let path = format!("{above} {}", below.get_name()).trim_start().to_owned();
            if below.has_subcommands() {
                asks(below, &path, found);
                continue;
            }
            let has = |name: &str| below.get_arguments().any(|arg| arg.get_long() == Some(name));
            found.push((path, has("server"), has("data"), has("keys")));
        }
    }

    #[test]
    fn a_command_asks_a_server_or_a_directory_alike_or_says_why_not() {
        let mut found = Vec::new();
        asks(&Cli::command(), "", &mut found);
        for (path, server, data, keys) in &found {
            let said = line(path);
            let expected = match (server, data) {
                // Without a server, the directory is opened with its keys.
                (true, true) if *keys => None,
                (true, true) => Some("Needs a running server"),
                (false, true) => Some("Needs the directory"),
                (true, false) => Some("no command names a server alone: give it --data too"),
                (false, false) => None,
            };
            match (said, expected) {
                (None, None) => {}
                (Some(said), Some(expected)) if said.starts_with(expected) => {}
                (said, expected) => panic!("{path}: says {said:?}, and is one of {expected:?}"),
            }
        }
        for (path, _) in DIRECTORY_ONLY.iter().chain(SERVER_ONLY) {
            assert!(
                found.iter().any(|(known, ..)| known == path),
                "{path} is no command"
            );
        }
    }
}
