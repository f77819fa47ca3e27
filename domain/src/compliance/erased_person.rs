//! Compliance rule: an erased person is not called, because the phone cannot and must not be read. A person
//! who requested erasure is not called from that moment on, and a person under a legal hold not until its
//! release.
//!
//! Source: the right to erasure (PIPL article 47, GDPR article 17), as far as known.

use super::facts::CustomerFacts;
use super::verdict::{Decision, Rule, to_fact_map};
use crate::time::Timestamp;
use std::collections::BTreeMap;

/// Milliseconds after which a dial refused for a legal hold is judged again: a hold has no known end.
const ASK_HELD_AGAIN_MS: u64 = 24 * 3_600_000;

pub(super) struct ErasedPerson;

impl Rule<CustomerFacts<'_>> for ErasedPerson {
    fn id(&self) -> &'static str {
        "erased_person"
    }

    fn version(&self) -> u32 {
        2
    }

    fn source(&self) -> &'static str {
        "PIPL article 47; GDPR article 17"
    }

    fn decide(&self, facts: &CustomerFacts<'_>, now: Timestamp) -> (Decision, BTreeMap<String, String>) {
        if facts.phone.is_none() {
            return (Decision::Forbid, to_fact_map([("phone", "erased".to_owned())]));
        }
        if facts.erasing {
            return (
                Decision::Forbid,
                to_fact_map([("erasure", "requested".to_owned())]),
            );
        }
        if facts.held {
            let again_at = now.plus_ms(ASK_HELD_AGAIN_MS);
            return (
                Decision::DeferUntil(again_at),
                to_fact_map([("hold", "in force".to_owned())]),
            );
        }
        (Decision::Allow, BTreeMap::new())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calling_plan::Preset;
    use crate::compliance::ContactHistory;
    use crate::compliance::testing::{campaign_facts, customer_facts, instant};

    #[test]
    fn who_is_erased_or_asked_to_be_is_not_dialed() {
        let campaign = campaign_facts(Preset::CnService);
        let history = ContactHistory::default();
        let mut facts = customer_facts(&campaign, &history);
        let now = instant("2026-03-02T10:00:00+08:00");
        assert_eq!(ErasedPerson.decide(&facts, now).0, Decision::Allow);
        facts.erasing = true;
        assert_eq!(ErasedPerson.decide(&facts, now).0, Decision::Forbid);
        facts.erasing = false;
        facts.phone = None;
        assert_eq!(ErasedPerson.decide(&facts, now).0, Decision::Forbid);
    }

    #[test]
    fn who_is_under_a_hold_is_asked_about_again_the_next_day() {
        let campaign = campaign_facts(Preset::CnService);
        let history = ContactHistory::default();
        let mut facts = customer_facts(&campaign, &history);
        facts.held = true;
        let now = instant("2026-03-02T10:00:00+08:00");
        let tomorrow = instant("2026-03-03T10:00:00+08:00");
        assert_eq!(ErasedPerson.decide(&facts, now).0, Decision::DeferUntil(tomorrow));
    }
}
