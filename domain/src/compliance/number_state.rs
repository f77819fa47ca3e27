//! Compliance rule: if a campaign requires a number check, a number that was found vacant or was not checked
//! recently is not dialed.
//!
//! Source: the campaign's own plan (LIN-6). A number without a recent check is unknown and deferred: the dial
//! is checked again an hour later, because a check may have been made.

use super::facts::NumberFacts;
use super::verdict::{Decision, Rule, to_fact_map};
use crate::time::Timestamp;
use std::collections::BTreeMap;

/// Milliseconds after which a dial to a number without a recent check is judged again: an hour.
const ASK_AGAIN_MS: u64 = 3_600_000;

pub(super) struct NumberFound;

impl Rule<NumberFacts<'_>> for NumberFound {
    fn id(&self) -> &'static str {
        "number_state"
    }

    fn effective_from(&self) -> &'static str {
        "2026-11-23"
    }

    fn source(&self) -> &'static str {
        "the campaign's plan; LIN-6"
    }

    fn decide(&self, facts: &NumberFacts<'_>, now: Timestamp) -> (Decision, BTreeMap<String, String>) {
        let screening = facts.campaign.plan.screening.as_deref();
        let Some(demanded) = screening.and_then(|screening| screening.number_check.as_ref()) else {
            return (Decision::Allow, BTreeMap::new());
        };
        let again = Decision::DeferUntil(now.plus_ms(ASK_AGAIN_MS));
        let Some(checked) = facts.checked else {
            return (again, to_fact_map([("because", "not_checked".to_owned())]));
        };
        let state = ("number_state", checked.state.code().to_owned());
        let at = ("since", checked.at.to_string());
        if !checked.is_fresh(demanded.max_age_days, now) {
            return (again, to_fact_map([state, at, ("because", "expired".to_owned())]));
        }
        match demanded.refuse.contains(&checked.state) {
            true => (Decision::Forbid, to_fact_map([state, at])),
            false => (Decision::Allow, to_fact_map([state, at])),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{campaign_facts, instant, number_facts};
    use super::super::{ContactHistory, judge_number};
    use super::*;
    use crate::calling_plan::Preset;
    use crate::number_check::{CheckedState, NumberCheckResult};
    use crate::screening::Screening;

    const NOW: &str = "2026-03-02T10:00:00+08:00";

    fn judged(demand: Option<&str>, checked: Option<NumberCheckResult>) -> Option<Decision> {
        let mut campaign = campaign_facts(Preset::CnService);
        campaign.plan.screening = demand.map(|demand| {
            Box::new(Screening {
                number_check: serde_json::from_str(demand).unwrap(),
                ..Screening::default()
            })
        });
        let history = ContactHistory::default();
        let mut facts = number_facts(&campaign, &history);
        facts.checked = checked;
        let verdicts = judge_number(&facts, instant(NOW));
        let of = verdicts.iter().find(|verdict| verdict.rule == "number_state");
        of.map(|verdict| verdict.decision)
    }

    #[test]
    fn what_is_unknown_refuses_only_where_the_campaign_asks_for_the_check() {
        let found = |state, at: &str| {
            Some(NumberCheckResult {
                state,
                at: instant(at),
            })
        };
        let vacant = found(CheckedState::Vacant, NOW);
        assert_eq!(judged(None, None), None);
        assert_eq!(judged(None, vacant), None);
        let later = Some(Decision::DeferUntil(instant("2026-03-02T11:00:00+08:00")));
        assert_eq!(judged(Some("{}"), None), later);
        assert_eq!(judged(Some("{}"), vacant), Some(Decision::Forbid));
        let live = |at| found(CheckedState::Live, at);
        assert_eq!(
            judged(Some("{}"), live("2026-01-31T10:00:00+08:00")),
            Some(Decision::Allow)
        );
        assert_eq!(judged(Some("{}"), live("2026-01-31T09:59:59.999+08:00")), later);
        let week = r#"{"max_age_days":7}"#;
        assert_eq!(judged(Some(week), live("2026-02-20T10:00:00+08:00")), later);
        let risky = found(CheckedState::Risky, NOW);
        assert_eq!(judged(Some("{}"), risky), Some(Decision::Allow));
        assert_eq!(
            judged(Some(r#"{"refuse":["risky"]}"#), risky),
            Some(Decision::Forbid)
        );
    }
}
