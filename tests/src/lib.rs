//! Starts processes and their peers for end-to-end tests and proofs; contains the proofs themselves.
//!
//! Everything here uses the built `ledgerline` binary from outside: its command line, its HTTP routes, its
//! data directory and the carrier's CDR file. No other crate imports this one.

pub mod answering_carrier;
pub mod busy_carrier;
pub mod carrier;
pub mod cutting;
pub mod day_report;
pub mod described;
pub mod door;
pub mod encoder;
pub mod file_changes;
mod following;
pub mod history;
pub mod made_up_log;
pub mod mariadb;
pub mod opened;
pub mod passing_time;
pub mod postgres;
pub mod program;
pub mod prove;
pub mod search;
pub mod server;
pub mod session;
mod socket;
pub mod stamping;
mod texting;
pub mod told;
pub mod watched;
pub mod wire;

use std::io::Write;

/// Prints a line `SKIPPED …` with what was not tested here, and why. These lines are counted.
pub fn say_skipped(what: &str, why: &str) {
    // If standard output is closed, there is no reader for the line.
    drop(writeln!(std::io::stdout(), "SKIPPED {what}: {why}"));
}
