//! Starts processes and their peers for end-to-end tests and proofs; contains the proofs themselves.
//!
//! Everything here uses the built `ledgerline` binary from outside: its command line, its HTTP routes, its
//! data directory and the carrier's CDR file. No other crate imports this one.

pub mod answering_carrier;
pub mod api_description;
pub mod busy_carrier;
pub mod carrier;
pub mod day_report;
pub mod direct_log;
pub mod encoder;
pub mod faulty_proxy;
pub mod file_changes;
pub mod generated_log;
pub mod history;
pub mod mariadb;
pub mod page_blocks;
pub mod passing_time;
pub mod postgres;
pub mod program;
pub mod prove;
pub mod search;
pub mod server;
pub mod server_tokens;
mod server_waits;
pub mod session;
mod socket;
mod split_mix;
mod text_campaign;
pub mod timestamp_authority;
pub mod watched_value;
pub mod webhook_receiver;
pub mod wire;

use std::io::Write;

/// Prints a line `SKIPPED …` with what was not tested here, and why. These lines are counted.
pub fn say_skipped(what: &str, why: &str) {
    // If standard output is closed, there is no reader for the line.
    drop(writeln!(std::io::stdout(), "SKIPPED {what}: {why}"));
}
