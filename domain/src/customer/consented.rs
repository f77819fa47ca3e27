//! What an event says of consent, as the person's state keeps it: the later of two counts, and for which
//! scope a grant looked.

use crate::compliance::{ConsentFacts, Verdict};
use crate::time::Timestamp;

/// The later of two consents for one scope counts.
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

/// For which scope the rules looked at consent when they granted; `None` of a grant without that verdict.
pub(super) fn scope_of(verdicts: &[Verdict]) -> Option<String> {
    let of_consent = verdicts.iter().find(|verdict| verdict.rule == "consent");
    of_consent.and_then(|verdict| verdict.facts.get("scope").cloned())
}
