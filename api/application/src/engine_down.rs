//! The sentence that reports a speech engine that does not answer: for readiness, the alert and why-not.

use actors::OpenCircuit;

/// Returns the English sentence that a speech engine does not answer, with the time since when and the
/// reason. Its Chinese is in `projections::alert_words`.
pub fn engine_down_in_words(open: &OpenCircuit) -> String {
    format!(
        "{} has not answered since {} ({}): campaigns that need it start no calls until a probe is answered",
        open.engine, open.since, open.reason
    )
}
