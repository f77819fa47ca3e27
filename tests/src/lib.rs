//! Starting processes and peers for the stories and proofs, and the proofs themselves.
//!
//! Everything here works on the built `ledgerline` binary from outside: its command line, its HTTP routes,
//! its data directory and the carrier's own CDR. Nothing imports this crate.

pub mod carrier;
pub mod history;
pub mod opened;
pub mod postgres;
pub mod program;
pub mod prove;
pub mod search;
pub mod server;
