//! Compliance rule: consent for the campaign's purpose, with kept evidence, if the preset or the list's basis
//! requires it.
//!
//! Source, as far as known: 2018 plan of 13 departments and MIIT's 2020 draft (marketing in China), PIPL
//! article 15 and GDPR article 7 (withdrawal as easy as giving), FCC 2024 (AI voices). A withdrawal for the
//! purpose forbids under every basis. Consent given before it no longer counts, also if a file brings it in
//! later.

use super::facts::{ConsentFacts, CustomerFacts};
use super::verdict::{Decision, Rule, to_fact_map};
use crate::calling_plan::Basis;
use crate::time::Timestamp;
use std::collections::BTreeMap;

pub(super) struct ConsentGiven;

impl Rule<CustomerFacts<'_>> for ConsentGiven {
    fn id(&self) -> &'static str {
        "consent"
    }

    fn source(&self) -> &'static str {
        "2018 plan of 13 departments; MIIT 2020 draft; PIPL articles 13, 15; GDPR article 7; FCC 2024"
    }

    fn decide(&self, facts: &CustomerFacts<'_>, now: Timestamp) -> (Decision, BTreeMap<String, String>) {
        let plan = &facts.campaign.plan;
        let needed =
            facts.rules(now).needs_consent || facts.basis == Basis::Consent || plan.basis == Basis::Consent;
        let found = consent_state(facts.consent, now);
        let decision = match found {
            CONSENT_GIVEN => Decision::Allow,
            "withdrawn" => Decision::Forbid,
            _ if needed => Decision::Forbid,
            _ => Decision::Allow,
        };
        let seen = to_fact_map([
            ("scope", plan.purpose.clone()),
            ("needed", needed.to_string()),
            ("consent", found.to_owned()),
        ]);
        (decision, seen)
    }
}

/// The state of a consent that permits a call.
pub const CONSENT_GIVEN: &str = "given";

/// Returns the state of a customer's consent at `now`, as in a verdict's facts: `given`, `absent`,
/// `withdrawn`, `given_later`, `expired` or `without_evidence`.
pub fn consent_state(consent: Option<&ConsentFacts>, now: Timestamp) -> &'static str {
    let Some(consent) = consent else {
        return "absent";
    };
    let Some(given_at) = consent.given_at else {
        return if consent.withdrawn_at.is_some() {
            "withdrawn"
        } else {
            "absent"
        };
    };
    if consent
        .withdrawn_at
        .is_some_and(|withdrawn_at| given_at <= withdrawn_at)
    {
        return "withdrawn";
    }
    if given_at > now {
        return "given_later";
    }
    if consent.until.is_some_and(|until| now >= until) {
        return "expired";
    }
    if !consent.has_evidence {
        return "without_evidence";
    }
    CONSENT_GIVEN
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calling_plan::Preset;
    use crate::compliance::ContactHistory;
    use crate::compliance::testing::{campaign_facts, customer_facts, instant};

    const GIVEN: &str = "2026-03-01T10:00:00+08:00";
    const NOW: &str = "2026-03-02T10:00:00+08:00";
    const JUST_BEFORE: &str = "2026-03-02T09:59:59.999999+08:00";
    const JUST_AFTER: &str = "2026-03-02T10:00:00.000001+08:00";

    fn consent(given_at: Option<&str>, until: Option<&str>, withdrawn_at: Option<&str>) -> ConsentFacts {
        ConsentFacts {
            given_at: given_at.map(instant),
            until: until.map(instant),
            has_evidence: true,
            withdrawn_at: withdrawn_at.map(instant),
        }
    }

    /// Checks decision and consent state under a preset that requires consent and one that does not.
    fn check(consent: Option<&ConsentFacts>, found: &str, marketing: Decision, service: Decision) {
        for (preset, decision) in [(Preset::CnMarketing, marketing), (Preset::CnService, service)] {
            let campaign = campaign_facts(preset);
            let history = ContactHistory::default();
            let mut facts = customer_facts(&campaign, &history);
            facts.consent = consent;
            let verdict = ConsentGiven.judge(&facts, instant(NOW));
            assert_eq!(verdict.decision, decision, "{preset:?} {consent:?}");
            assert_eq!(verdict.facts.get("consent").map(String::as_str), Some(found));
        }
    }

    #[test]
    fn consent_counts_from_when_it_was_given_until_it_ends_or_is_withdrawn() {
        use Decision::{Allow, Forbid};
        check(None, "absent", Forbid, Allow);
        check(Some(&consent(Some(GIVEN), None, None)), "given", Allow, Allow);
        check(Some(&consent(Some(NOW), None, None)), "given", Allow, Allow);
        let later = consent(Some(JUST_AFTER), None, None);
        check(Some(&later), "given_later", Forbid, Allow);
        let ends_next = consent(Some(GIVEN), Some(JUST_AFTER), None);
        check(Some(&ends_next), "given", Allow, Allow);
        check(
            Some(&consent(Some(GIVEN), Some(NOW), None)),
            "expired",
            Forbid,
            Allow,
        );
        check(
            Some(&consent(Some(GIVEN), None, Some(GIVEN))),
            "withdrawn",
            Forbid,
            Forbid,
        );
        check(
            Some(&consent(None, None, Some(GIVEN))),
            "withdrawn",
            Forbid,
            Forbid,
        );
        let given_again = consent(Some(NOW), None, Some(JUST_BEFORE));
        check(Some(&given_again), "given", Allow, Allow);
        let without_evidence = ConsentFacts {
            has_evidence: false,
            ..consent(Some(GIVEN), None, None)
        };
        check(Some(&without_evidence), "without_evidence", Forbid, Allow);
    }

    #[test]
    fn a_list_or_a_plan_on_the_basis_of_consent_needs_it_under_any_preset() {
        for (list, plan, allowed) in [
            (Basis::Contract, Basis::Contract, true),
            (Basis::Consent, Basis::Contract, false),
            (Basis::Contract, Basis::Consent, false),
        ] {
            let mut campaign = campaign_facts(Preset::CnService);
            campaign.plan.basis = plan;
            let history = ContactHistory::default();
            let mut facts = customer_facts(&campaign, &history);
            facts.basis = list;
            assert_eq!(ConsentGiven.judge(&facts, instant(NOW)).allows(), allowed);
        }
    }
}
