//! The proofs: each uses the real binary, prints one JSON line, and fails on any violation.
//!
//! `make test` runs `short`, which prints what the short form of each proof is; `make prove-…` runs the long
//! form.

mod access;
mod api;
mod as_of;
mod audit;
mod cases;
mod clock;
mod console;
mod console_build;
mod contract;
mod crash;
mod demo;
mod erasure_copies;
mod erasure_keys;
mod erasure_speech;
mod exports;
mod external_programs;
mod flow_simulation;
mod forgetting;
mod full_disk;
mod gates;
mod hostile;
mod http;
mod imports;
mod inspect;
mod keys;
mod kurrent;
mod night;
mod nlu;
mod oidc;
pub mod outage;
mod past_calls;
mod projections;
mod rebuild;
mod reconcile;
mod replay;
mod roles;
mod rules;
mod segments;
mod short_call_customers;
mod sipp;
mod spoken;
mod stop;
mod stopped_holder;
mod stores;
mod subscribers;
mod summary;
pub mod table;
mod tails;
mod two_processes;
mod wall;
mod webhooks;

pub use crash::{BUNDLED_TEXT, quick_campaign, records};

use serde_json::{Value, json};

/// The result of a proof: the line that it prints, and whether everything holds.
pub struct Proof {
    pub line: Value,
    pub holds: bool,
}

/// The extent of a proof.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    Short,
    Long,
}

/// Returns the result of a proof that cannot run here; it is printed on a line of its own and counted.
fn skipped(name: &str, reason: &str) -> Proof {
    Proof {
        line: json!({"proof": name, "skipped": reason}),
        holds: true,
    }
}
