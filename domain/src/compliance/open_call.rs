//! Compliance rule: a number with a call in progress is not dialed again: two customers may share a number,
//! and two robots must not call one phone.
//!
//! Source: no regulation; the operator's default in every preset. An open call blocks the number for as long
//! as the longest call can take, so that a call with a lost end does not block it permanently.

use super::contact_history::PastDial;
use super::facts::NumberFacts;
use super::permit::HELD_MS;
use super::verdict::{Decision, Rule, to_fact_map};
use crate::time::Timestamp;
use std::collections::BTreeMap;

/// Milliseconds for which an open call with an agent blocks its number: it has no time limit, and no shift
/// leaves more than four hours to one call.
const AGENTS_CALL_MS: u64 = 4 * 3_600_000;

/// Milliseconds for which an open call with a robot blocks its number: at most 120 s to set up, 180 s of
/// talk, and 10 s to hang up and hash the recording.
const OPEN_CALL_MS: u64 = 310_000;

pub(super) struct NoOpenCall;

impl Rule<NumberFacts<'_>> for NoOpenCall {
    fn id(&self) -> &'static str {
        "open_call"
    }

    fn version(&self) -> u32 {
        2
    }

    fn effective_from(&self) -> &'static str {
        "2026-11-24"
    }

    fn source(&self) -> &'static str {
        "operator default"
    }

    fn decide(&self, facts: &NumberFacts<'_>, now: Timestamp) -> (Decision, BTreeMap<String, String>) {
        let open = facts
            .history
            .dials()
            .iter()
            .filter(|dial| dial.answered.is_none());
        let over_at = |dial: &PastDial| dial.at.plus_ms(held_ms(dial.for_agents));
        let longest = open
            .map(|dial| (over_at(dial), dial))
            .max_by_key(|(over_at, _)| *over_at);
        let Some((over_at, latest)) = longest.filter(|(over_at, _)| now < *over_at) else {
            return (Decision::Allow, said_of_grant(facts));
        };
        (
            Decision::DeferUntil(over_at),
            to_fact_map([("call", latest.call.to_string())]),
        )
    }
}

const fn held_ms(for_agents: bool) -> u64 {
    if for_agents { AGENTS_CALL_MS } else { OPEN_CALL_MS }
}

/// Returns the fact that says how long a grant blocks its number, for a campaign with agents; empty for a
/// robot's campaign, where the rule fixes the time.
fn said_of_grant(facts: &NumberFacts<'_>) -> BTreeMap<String, String> {
    match facts.campaign.plan.dialing_mode().needs_agents() {
        true => to_fact_map([(HELD_MS, AGENTS_CALL_MS.to_string())]),
        false => BTreeMap::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calling_plan::Preset;
    use crate::compliance::ContactHistory;
    use crate::compliance::testing::{campaign, campaign_facts, instant, nth_call, number_facts};

    #[test]
    fn a_number_in_a_call_waits_as_long_as_a_call_can_take() {
        let start = instant("2026-03-02T10:00:00+08:00");
        let over = start.plus_ms(OPEN_CALL_MS);
        let facts = campaign_facts(Preset::CnService);
        let mut history = ContactHistory::default();
        let decide = |history: &ContactHistory, now| NoOpenCall.decide(&number_facts(&facts, history), now).0;
        assert_eq!(decide(&history, start), Decision::Allow);
        history.grant(nth_call(1), campaign(), start);
        assert_eq!(decide(&history, start), Decision::DeferUntil(over));
        let last = Timestamp::from_micros(over.micros() - 1);
        assert_eq!(decide(&history, last), Decision::DeferUntil(over));
        assert_eq!(decide(&history, over), Decision::Allow);
        history.close(nth_call(1), start, true);
        assert_eq!(decide(&history, start.plus_ms(1)), Decision::Allow);
    }

    #[test]
    fn an_agents_call_holds_its_number_for_hours_and_its_grant_says_so() {
        let mut campaign_of = campaign_facts(Preset::CnService);
        campaign_of.plan.dialing = Some(crate::dialing_plan::DialingPlan {
            mode: crate::dialing_plan::DialingMode::Progressive,
            holds_each_day: false,
            ..crate::dialing_plan::DialingPlan::default()
        });
        let start = instant("2026-03-02T10:00:00+08:00");
        let mut history = ContactHistory::default();
        let granted = NoOpenCall.judge(&number_facts(&campaign_of, &history), start);
        assert_eq!(granted.facts["held_ms"], "14400000");
        history.grant_to_number(
            &crate::compliance::NumberGrant {
                call: nth_call(1),
                campaign: campaign(),
                number: "ffeeddccbbaa99887766554433221100".parse().unwrap(),
                valid_until: start,
                verdicts: vec![granted],
            },
            start,
        );
        let robot = campaign_facts(Preset::CnService);
        let facts = number_facts(&robot, &history);
        let over_at = start.plus_ms(AGENTS_CALL_MS);
        for (now, decision) in [
            (start.plus_ms(OPEN_CALL_MS), Decision::DeferUntil(over_at)),
            (
                Timestamp::from_micros(over_at.micros() - 1),
                Decision::DeferUntil(over_at),
            ),
            (over_at, Decision::Allow),
        ] {
            assert_eq!(NoOpenCall.decide(&facts, now).0, decision, "{now}");
        }
        assert!(
            NoOpenCall
                .judge(&number_facts(&robot, &ContactHistory::default()), start)
                .facts
                .is_empty()
        );
    }
}
