//! An engine of speech that does not answer, in words: the same in readiness, in the alert and in why-not.

use actors::OpenCircuit;

/// English; `projections::alert_words` has the Chinese of it.
pub fn engine_down_in_words(open: &OpenCircuit) -> String {
    format!(
        "{} has not answered since {} ({}): campaigns that need it start no calls until a probe is answered",
        open.engine, open.since, open.reason
    )
}
