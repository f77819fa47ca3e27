//! A phone that we are calling now is not called a second time meanwhile: two people may share a number,
//! and two robots at one ear serve nobody.
//!
//! Source: no regulation; the operator's default in every preset. An open call holds the number for as long
//! as the longest call can take, so that one whose end was lost does not hold it for ever.

use super::{Decision, NumberFacts, Rule, named};
use crate::time::Timestamp;
use std::collections::BTreeMap;

/// 120 s to set up at most, 180 s of talk at most, and 10 s to hang up and hash the recording.
const OPEN_CALL_MS: u64 = 310_000;

pub(super) struct NoOpenCall;

impl Rule<NumberFacts<'_>> for NoOpenCall {
    fn id(&self) -> &'static str {
        "open_call"
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
        let Some(latest) = open.max_by_key(|dial| dial.at) else {
            return (Decision::Allow, BTreeMap::new());
        };
        let over_at = latest.at.plus_ms(OPEN_CALL_MS);
        if now >= over_at {
            return (Decision::Allow, BTreeMap::new());
        }
        (
            Decision::DeferUntil(over_at),
            named([("call", latest.call.to_string())]),
        )
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
}
