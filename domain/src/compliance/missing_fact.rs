//! A preset that needs a fact nobody keeps yet refuses every dial and names the fact.
//!
//! Source: our own rule that unknown means no. It binds rehearsals too: a preset that cannot be judged
//! cannot be rehearsed either.

use super::{CustomerFacts, Decision, Rule, named, rules_of};
use crate::time::Timestamp;
use std::collections::BTreeMap;

pub(super) struct MissingFact;

impl Rule<CustomerFacts<'_>> for MissingFact {
    fn id(&self) -> &'static str {
        "missing_fact"
    }

    fn source(&self) -> &'static str {
        "unknown means no"
    }

    fn decide(&self, facts: &CustomerFacts<'_>, _now: Timestamp) -> (Decision, BTreeMap<String, String>) {
        let missing = rules_of(facts.campaign.plan.preset).missing_facts;
        if missing.is_empty() {
            return (Decision::Allow, BTreeMap::new());
        }
        (Decision::Forbid, named([("missing", missing.join(", "))]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calling_plan::Preset;
    use crate::compliance::ContactHistory;
    use crate::compliance::testing::{campaign_facts, customer_facts, instant};

    #[test]
    fn only_a_preset_that_cannot_be_judged_yet_is_refused_and_names_what_it_lacks() {
        for (preset, missing) in [
            (Preset::CnService, None),
            (Preset::CnMarketing, None),
            (Preset::CnCollection, None),
            (Preset::CnCloudTrunk, None),
            (Preset::UsTsr, Some("do_not_call_registry, abandon_ratio")),
            (Preset::UsRegf, None),
            (Preset::EuGdpr, None),
        ] {
            let campaign = campaign_facts(preset);
            let history = ContactHistory::default();
            let facts = customer_facts(&campaign, &history);
            let verdict = MissingFact.judge(&facts, instant("2026-03-02T10:00:00+08:00"));
            assert_eq!(verdict.allows(), missing.is_none(), "{preset:?}");
            assert_eq!(verdict.facts.get("missing").map(String::as_str), missing);
        }
    }
}
