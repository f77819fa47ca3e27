//! The proofs: each uses the real binary, prints one JSON line, and fails on any violation.
//!
//! `make test` runs `short`, which prints what the short form of each proof is; `make prove-…` runs the long
//! form.

mod access;
mod api;
mod as_of;
mod audit;
mod cases;
mod chart;
mod clients;
mod clock;
mod config;
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
mod metrics;
mod night;
mod nlu;
mod oidc;
pub mod outage;
mod past_calls;
mod paused;
mod private;
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

use crate::passing_time::HUNG_AFTER;
use serde_json::{Value, json};
use std::time::Duration;

/// The result of a proof: the line that it prints, and whether everything holds.
pub struct Proof {
    pub line: Value,
    pub holds: bool,
}

/// The extent of a proof.
///
/// The short form runs in `make test` beside other work on a shared machine: it judges order and counts, and
/// only reports times. Limits on elapsed time are judged by the long form (decision 0217).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    Short,
    Long,
}

impl Form {
    /// Returns whether limits on elapsed time are part of the verdict.
    const fn judges_time(self) -> bool {
        matches!(self, Self::Long)
    }

    /// Returns how long to wait for something that has a time limit: the limit if it is judged, otherwise
    /// long enough for any loaded machine, so that only a hung program fails.
    fn waits(self, limit: Duration) -> Duration {
        match self {
            Self::Short => limit.max(HUNG_AFTER),
            Self::Long => limit,
        }
    }
}

/// Returns the result of a proof that cannot run here; it is printed on a line of its own and counted.
fn skipped(name: &str, reason: &str) -> Proof {
    Proof {
        line: json!({"proof": name, "skipped": reason}),
        holds: true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_long_form_judges_time_and_waits_no_longer_than_the_limit() {
        let limit = Duration::from_secs(1);
        assert!(Form::Long.judges_time() && !Form::Short.judges_time());
        assert_eq!(Form::Long.waits(limit), limit);
        assert_eq!(Form::Short.waits(limit), HUNG_AFTER);
        assert_eq!(Form::Short.waits(HUNG_AFTER * 2), HUNG_AFTER * 2);
    }
}
