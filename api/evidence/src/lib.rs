//! What a stranger checks: signed reports, samples, bug bundles, stories of causes, our records beside a
//! carrier's.
//!
//! Everything here is made from the log by rules that anybody can follow again, so that nobody has to
//! believe the process that answers.

pub mod audit_search;
pub mod bundle;
pub mod causes;
pub mod compliance_report;
pub mod dry_run;
pub mod html;
pub mod inspection;
pub mod log_walk;
pub mod mining;
pub mod pdca;
pub mod policies;
pub mod preflight;
pub mod proved;
pub mod reconcile;
pub mod replaying;
pub mod sampling;
pub mod seen;
