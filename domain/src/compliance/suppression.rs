//! Compliance rule: a number that opted out, is on a suppression list, or does not exist is not dialed. A
//! list may consist of digests: the caller of the rule has the number and says which lists contain its digest
//! (version 2).
//!
//! Source, as far as known: 谢绝来电 at once and everywhere (2018 plan of 13 departments; MIIT 2020 draft; TSR 16
//! CFR
//! 310.4(b)(1)(iii) for company lists). A number that the network called invalid stays so: numbers are
//! reissued, but to another person.

use super::facts::{NumberFacts, SuppressionEnd};
use super::verdict::{Decision, Rule, to_fact_map};
use crate::time::Timestamp;
use std::collections::BTreeMap;

pub(super) struct NotSuppressed;

impl Rule<NumberFacts<'_>> for NotSuppressed {
    fn id(&self) -> &'static str {
        "suppression"
    }

    fn version(&self) -> u32 {
        2
    }

    fn effective_from(&self) -> &'static str {
        "2026-11-24"
    }

    fn source(&self) -> &'static str {
        "2018 plan of 13 departments; MIIT 2020 draft; 16 CFR 310.4(b)(1)(iii)"
    }

    fn decide(&self, facts: &NumberFacts<'_>, now: Timestamp) -> (Decision, BTreeMap<String, String>) {
        let because = |reason: &str| to_fact_map([("because", reason.to_owned())]);
        if facts.opted_out {
            return (Decision::Forbid, because("opted_out"));
        }
        if facts.invalid {
            return (Decision::Forbid, because("invalid_number"));
        }
        if let Some(list) = facts.hashed_on.first() {
            let seen = [("because", "hashed_list".to_owned()), ("list", list.to_string())];
            return (Decision::Forbid, to_fact_map(seen));
        }
        match facts.suppressed {
            Some(SuppressionEnd::ForGood) => (Decision::Forbid, because("suppressed")),
            Some(SuppressionEnd::Until(until)) if now < until => {
                (Decision::DeferUntil(until), because("suppressed"))
            }
            Some(SuppressionEnd::Until(_)) | None => (Decision::Allow, BTreeMap::new()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calling_plan::Preset;
    use crate::compliance::ContactHistory;
    use crate::compliance::testing::{campaign_facts, instant, number_facts};

    #[test]
    fn an_entry_against_a_number_forbids_or_defers() {
        let until = instant("2026-03-02T10:00:00+08:00");
        let before = instant("2026-03-02T09:59:59.999999+08:00");
        let for_a_time = Some(SuppressionEnd::Until(until));
        for (opted_out, invalid, suppressed, now, decision) in [
            (false, false, None, until, Decision::Allow),
            (true, false, None, until, Decision::Forbid),
            (false, true, None, until, Decision::Forbid),
            (
                false,
                false,
                Some(SuppressionEnd::ForGood),
                until,
                Decision::Forbid,
            ),
            (false, false, for_a_time, before, Decision::DeferUntil(until)),
            (false, false, for_a_time, until, Decision::Allow),
            (true, false, for_a_time, before, Decision::Forbid),
        ] {
            let campaign = campaign_facts(Preset::CnService);
            let history = ContactHistory::default();
            let mut facts = number_facts(&campaign, &history);
            (facts.opted_out, facts.invalid, facts.suppressed) = (opted_out, invalid, suppressed);
            assert_eq!(NotSuppressed.decide(&facts, now).0, decision);
        }
    }

    #[test]
    fn a_number_with_its_digest_on_a_list_is_not_dialed_and_the_list_is_named() {
        let now = instant("2026-03-02T10:00:00+08:00");
        let lists = ["partner-2026".parse().unwrap()];
        let campaign = campaign_facts(Preset::CnService);
        let history = ContactHistory::default();
        let mut facts = number_facts(&campaign, &history);
        assert_eq!(NotSuppressed.decide(&facts, now).0, Decision::Allow);
        facts.hashed_on = &lists;
        let (decision, seen) = NotSuppressed.decide(&facts, now);
        assert_eq!(decision, Decision::Forbid);
        assert_eq!(
            (&*seen["because"], &*seen["list"]),
            ("hashed_list", "partner-2026")
        );
    }
}
