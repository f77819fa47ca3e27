//! Whom a command asks, as its `--help` says it: a running server or a directory alike, or why only one.
//!
//! One table of the commands that cannot ask both; a test walks the commands as clap knows them and finds
//! each one that is missing here, and each line that is true no more.

/// What reads a log as it lies, and so is believed without believing a server.
const PROOF: &str = "reads the log itself and not what a server says of it; a server may run on it";
/// What reads rows and log beside whoever writes them.
const READS: &str =
    "reads log and rows as they lie, without keys, also from a copy; a server may run on them";
/// What takes files away that only their owner may.
const FILES: &str = "works on files that belong to whoever has the directory: no route gives them away";

/// Commands that ask no server, and why.
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
    (
        "doctor",
        "looks at the machine and the directory as they are, also where no server starts",
    ),
    ("trunk call", "is a server of its own, for one call"),
];

/// Commands that ask a server alone, and why.
const SERVER_ONLY: &[(&str, &str)] = &[
    (
        "events tail",
        "follows what a server writes; `events read` shows what is there",
    ),
    (
        "live",
        "shows what a server does at this moment; a directory remembers no moment",
    ),
    ("clock measure", "compares the clock by which a server dials"),
];

/// The line of a command's help; none where it asks a server or a directory alike.
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

    /// Whether each command takes `--server`, `--data` and `--keys`.
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
                // A directory can be opened with its keys where no server holds it.
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
