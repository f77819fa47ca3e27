//! Compliance rule: a person with several ids is not called if any of them forbids it. A statement under one
//! id is a statement of the person.
//!
//! Source: consent and objection belong to the person, not to a record (PIPL articles 13, 15 and 44, GDPR
//! articles 7 and 21), as far as known. Caps and preferred times of the other ids are checked by their own
//! rules.

use super::facts::CustomerFacts;
use super::facts::{ConsentFacts, JoinedFacts, MERGED_PERSON, SuppressionEnd};
use super::verdict::{Decision, Rule, to_fact_map};
use crate::time::Timestamp;
use std::collections::BTreeMap;

/// Milliseconds after which a dial refused for a legal hold is judged again: a hold has no known end.
const ASK_HELD_AGAIN_MS: u64 = 24 * 3_600_000;

pub(super) struct MergedPerson;

impl Rule<CustomerFacts<'_>> for MergedPerson {
    fn id(&self) -> &'static str {
        MERGED_PERSON
    }

    fn effective_from(&self) -> &'static str {
        "2026-11-23"
    }

    fn source(&self) -> &'static str {
        "PIPL articles 13, 15 and 44; GDPR articles 7 and 21: of the person, under whatever id"
    }

    fn decide(&self, facts: &CustomerFacts<'_>, now: Timestamp) -> (Decision, BTreeMap<String, String>) {
        let mut binding = (Decision::Allow, to_fact_map([]));
        for other in facts.joined {
            let (decision, because) = of_other(facts, other, now);
            if is_stricter(decision, binding.0) {
                let seen = [
                    ("merged_with", other.customer.to_string()),
                    ("because", because.to_owned()),
                ];
                binding = (decision, to_fact_map(seen));
            }
        }
        binding
    }
}

fn of_other(facts: &CustomerFacts<'_>, other: &JoinedFacts, now: Timestamp) -> (Decision, &'static str) {
    if other.erasing {
        return (Decision::Forbid, "erased");
    }
    let scope = &facts.campaign.plan.purpose;
    if is_withdrawn(facts.consent, other.consents.get(scope)) {
        return (Decision::Forbid, "withdrawn");
    }
    match other.silenced {
        Some(SuppressionEnd::ForGood) => return (Decision::Forbid, "suppressed"),
        Some(SuppressionEnd::Until(until)) if now < until => {
            return (Decision::DeferUntil(until), "suppressed");
        }
        Some(SuppressionEnd::Until(_)) | None => {}
    }
    match other.held {
        true => (Decision::DeferUntil(now.plus_ms(ASK_HELD_AGAIN_MS)), "held"),
        false => (Decision::Allow, "nothing"),
    }
}

/// Returns true if consent was withdrawn under the other id and not given again later under either of the
/// two ids.
fn is_withdrawn(own: Option<&ConsentFacts>, other: Option<&ConsentFacts>) -> bool {
    let Some(withdrawn_at) = other.and_then(|other| other.withdrawn_at) else {
        return false;
    };
    let given_later = |consent: Option<&ConsentFacts>| {
        let given_at = consent.and_then(|consent| consent.given_at);
        given_at.is_some_and(|given_at| given_at > withdrawn_at)
    };
    !given_later(own) && !given_later(other)
}

fn is_stricter(one: Decision, other: Decision) -> bool {
    match (one, other) {
        (Decision::Allow, _) | (_, Decision::Forbid) => false,
        (Decision::Forbid, Decision::Allow | Decision::DeferUntil(_))
        | (Decision::DeferUntil(_), Decision::Allow) => true,
        (Decision::DeferUntil(one), Decision::DeferUntil(other)) => one > other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calling_plan::Preset;
    use crate::compliance::ContactHistory;
    use crate::compliance::testing::{campaign_facts, customer_facts, instant};

    const NOW: &str = "2026-03-02T10:00:00+08:00";
    const LATER: &str = "2026-03-02T10:00:00.000001+08:00";

    fn other() -> JoinedFacts {
        JoinedFacts {
            customer: "99112233445566778899aabbccddeeff".parse().unwrap(),
            consents: BTreeMap::new(),
            history: ContactHistory::default(),
            caps: Vec::new(),
            preferred: Vec::new(),
            erasing: false,
            held: false,
            silenced: None,
        }
    }

    fn decided(joined: &[JoinedFacts], consent: Option<&ConsentFacts>) -> Decision {
        let campaign = campaign_facts(Preset::CnService);
        let history = ContactHistory::default();
        let mut facts = customer_facts(&campaign, &history);
        facts.joined = joined;
        facts.consent = consent;
        MergedPerson.decide(&facts, instant(NOW)).0
    }

    #[test]
    fn what_another_id_forbids_is_forbidden_and_the_strictest_of_all_ids_binds() {
        let until = |at: &str| {
            let mut other = other();
            other.note_number(false, Some(SuppressionEnd::Until(instant(at))));
            other
        };
        let mut opted_out = until(LATER);
        opted_out.note_number(true, None);
        let erasing = JoinedFacts {
            erasing: true,
            ..other()
        };
        let held = JoinedFacts {
            held: true,
            ..other()
        };
        assert_eq!(decided(&[other()], None), Decision::Allow);
        assert_eq!(decided(&[until(NOW)], None), Decision::Allow);
        let soon = Decision::DeferUntil(instant(LATER));
        assert_eq!(decided(&[until(LATER)], None), soon);
        let tomorrow = Decision::DeferUntil(instant("2026-03-03T10:00:00+08:00"));
        assert_eq!(decided(&[until(LATER), held.clone()], None), tomorrow);
        assert_eq!(decided(&[held.clone(), until(LATER)], None), tomorrow);
        assert_eq!(decided(&[opted_out], None), Decision::Forbid);
        assert_eq!(decided(&[held, erasing], None), Decision::Forbid);
    }

    #[test]
    fn a_withdrawal_under_one_id_binds_until_a_later_consent_under_either() {
        let purpose = campaign_facts(Preset::CnService).plan.purpose;
        let said = |given: Option<&str>, withdrawn: Option<&str>| ConsentFacts {
            given_at: given.map(instant),
            until: None,
            has_evidence: true,
            withdrawn_at: withdrawn.map(instant),
        };
        let with = |consent: ConsentFacts| JoinedFacts {
            consents: BTreeMap::from([(purpose.clone(), consent)]),
            ..other()
        };
        let withdrawn = with(said(None, Some(NOW)));
        for (joined, own, allowed) in [
            (withdrawn.clone(), None, false),
            (withdrawn.clone(), Some(said(Some(NOW), None)), false),
            (withdrawn, Some(said(Some(LATER), None)), true),
            (with(said(Some(NOW), Some(NOW))), None, false),
            (with(said(Some(LATER), Some(NOW))), None, true),
            (with(said(Some(NOW), None)), None, true),
        ] {
            let decision = decided(std::slice::from_ref(&joined), own.as_ref());
            assert_eq!(decision == Decision::Allow, allowed, "{joined:?} {own:?}");
        }
    }
}
