//! Starting processes and peers for the stories and proofs, and the proofs themselves.
//!
//! Everything here works on the built `ledgerline` binary from outside: its command line, its HTTP routes,
//! its data directory and the carrier's own CDR. Nothing imports this crate.

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

/// Says on a line of its own that something was not tried here, and why: such lines are counted.
pub fn say_skipped(what: &str, why: &str) {
    // Nobody can be told that standard output is gone.
    drop(writeln!(std::io::stdout(), "SKIPPED {what}: {why}"));
}
