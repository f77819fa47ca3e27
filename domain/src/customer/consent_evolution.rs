//! How consent events change the person's state: the later of two consents counts. Also the consent scope of
//! a grant.

use crate::compliance::{ConsentFacts, Verdict};
use crate::time::Timestamp;

/// Stores a consent in the facts of its scope, unless the consent stored there was given later.
pub(super) fn note(
    consent: &mut ConsentFacts,
    given_at: Timestamp,
    until: Option<Timestamp>,
    has_evidence: bool,
) {
    if consent.given_at.is_none_or(|held| given_at >= held) {
        consent.given_at = Some(given_at);
        consent.until = until;
        consent.has_evidence = has_evidence;
    }
}

/// Returns the scope for which a grant's verdicts checked consent; `None` if they have no verdict about
/// consent.
pub(super) fn scope_of(verdicts: &[Verdict]) -> Option<String> {
    let of_consent = verdicts.iter().find(|verdict| verdict.rule == "consent");
    of_consent.and_then(|verdict| verdict.facts.get("scope").cloned())
}
