//! Evidence that outsiders can check: signed reports, samples, bug bundles, causation graphs, and comparisons
//! of our records with a carrier's.
//!
//! Everything here is computed from the log by published rules, so that a reader can repeat it and does not
//! have to trust the process that answers.

pub mod audit_search;
pub mod breach_worksheet;
pub mod bundle;
pub mod causes;
pub mod compliance_report;
pub mod dry_run;
pub mod event_bundles;
mod html;
pub mod inspection;
pub mod log_walk;
pub mod mining;
pub mod pdca;
pub mod policies;
pub mod preflight;
pub mod reconcile;
pub mod replaying;
pub mod sampling;
