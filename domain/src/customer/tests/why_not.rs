//! Explains why a customer may be dialed at a time or not, and from when on: by the same rules, without a
//! grant.

use super::*;
use crate::compliance::testing::number_facts;
use crate::compliance::{ContactHistory, JoinedFacts, NumberFacts, RuleSide, SuppressionEnd};
use crate::customer::{
    CampaignBlock, CampaignBlockEnd, DialExplanation, WhyNotInput, dialed_number, why_not,
};
use crate::screening::Screening;
use crate::working_calendar::{CallingDays, Holidays};

/// A change of the number's facts that speaks against a dial.
type FactsChange = fn(&mut NumberFacts<'_>);

fn judged(given: &[CustomerEvent], facts: &CampaignFacts, against: FactsChange, at: &str) -> DialExplanation {
    let (state, history) = (state_at(given, now()), ContactHistory::default());
    let mut number = number_facts(facts, &history);
    against(&mut number);
    let judge = WhyNotInput {
        number,
        above: Vec::new(),
        coming: None,
        joined: &[],
    };
    why_not(&state, &judge, instant(at)).unwrap()
}

fn check(given: &[CustomerEvent], at: &str, rule: Option<&str>, not_before: Option<&str>) {
    let said = judged(given, &facts(), |_| {}, at);
    let binding = said.binding.as_ref().map(|verdict| verdict.rule.as_str());
    assert_eq!(
        (binding, said.not_before),
        (rule, not_before.map(instant)),
        "{at}"
    );
    assert_eq!(said.permitted(), rule.is_none());
}

#[test]
fn it_is_allowed_from_when_both_sides_allow_it_and_says_so_of_any_time() {
    let next = "2026-03-03T09:00:00+08:00";
    check(&person(&[]), NOW, None, Some(NOW));
    check(
        &person(&[]),
        "2026-03-02T19:59:59.999999+08:00",
        None,
        Some("2026-03-02T19:59:59.999999+08:00"),
    );
    let closes = "2026-03-02T20:00:00+08:00";
    check(&person(&[]), closes, Some("calling_window"), Some(next));
    let before_due = "2026-03-02T09:30:00+08:00";
    check(&person(&[]), before_due, Some("enrolment"), Some(NOW));
}

#[test]
fn what_it_says_is_what_a_grant_says() {
    for at in [NOW, "2026-03-02T20:00:00+08:00", "2026-03-03T08:59:59+08:00"] {
        let said = judged(&person(&[]), &facts(), |_| {}, at);
        let asked = decide_at(&person(&[]), grant_with(facts()), at).unwrap();
        match asked.as_slice() {
            [CustomerEvent::DialGranted { grant, .. }] => {
                let of_customer = said.verdicts.iter().filter(|one| one.side == RuleSide::Customer);
                let said: Vec<Verdict> = of_customer.skip(1).map(|one| one.verdict.clone()).collect();
                assert_eq!(said, grant.verdicts);
            }
            [
                CustomerEvent::DialRefused {
                    verdict, not_before, ..
                },
            ] => {
                assert_eq!(said.binding.as_ref(), Some(verdict));
                assert_eq!(said.not_before, *not_before);
            }
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn an_opt_out_is_for_good_and_a_suppression_until_its_end() {
    let said = judged(&person(&[]), &facts(), |number| number.opted_out = true, NOW);
    let rule = said.binding.map(|verdict| verdict.rule);
    assert_eq!((rule.as_deref(), said.not_before), (Some("suppression"), None));
    let suppressed: FactsChange = |number| {
        number.suppressed = Some(SuppressionEnd::Until(instant("2026-03-04T12:00:00+08:00")));
    };
    let said = judged(&person(&[]), &facts(), suppressed, NOW);
    assert_eq!(said.not_before, Some(instant("2026-03-04T12:00:00+08:00")));
    let of_number = said.verdicts.iter().filter(|one| one.side == RuleSide::Number);
    assert!(of_number.count() >= 3);
}

#[test]
fn an_unpredictable_refusal_is_taken_to_be_over_and_named() {
    let mut paused = facts();
    paused.running = false;
    let said = judged(&person(&[]), &paused, |_| {}, NOW);
    let rule = said.binding.map(|verdict| verdict.rule);
    assert_eq!(rule.as_deref(), Some("campaign_state"));
    assert_eq!(
        (said.not_before, said.assumed),
        (Some(now()), vec!["campaign_running"])
    );
}

#[test]
fn past_the_campaigns_end_and_after_it_is_over_there_is_no_time() {
    let mut ending = facts();
    ending.plan.ends_at = Some(instant("2026-03-02T21:00:00+08:00"));
    let said = judged(&person(&[]), &ending, |_| {}, "2026-03-02T20:00:00+08:00");
    assert_eq!((said.permitted(), said.not_before), (false, None));
    let (state, history, whole) = (state_at(&person(&[]), now()), ContactHistory::default(), facts());
    let later = now().plus_ms(3_600_000);
    for (until, not_before) in [
        (CampaignBlockEnd::Never, None),
        (CampaignBlockEnd::Sometime("stop_lifted"), Some(now())),
        (CampaignBlockEnd::At(later), Some(later)),
    ] {
        let judge = WhyNotInput {
            number: number_facts(&whole, &history),
            above: vec![CampaignBlock {
                rule: "campaign_over".to_owned(),
                facts: BTreeMap::new(),
                until,
            }],
            coming: None,
            joined: &[],
        };
        let said = why_not(&state, &judge, now()).unwrap();
        assert!(!said.permitted());
        assert_eq!(said.not_before, not_before);
    }
}

#[test]
fn a_customer_of_an_undone_list_is_refused_before_the_withdrawal() {
    let mut undone = facts();
    let state = state_at(&person(&[]), now());
    undone.undone_lists = state.enrolments().values().map(|one| one.list).collect();
    let said = judged(&person(&[]), &undone, |_| {}, "2026-03-02T10:00:00+08:00");
    let binding = said.binding.map(|verdict| verdict.rule);
    assert_eq!(
        (binding.as_deref(), said.not_before),
        (Some("enrolment_withdrawn"), None)
    );
}

#[test]
fn an_unknown_year_is_asked_about_the_next_day_and_the_campaigns_end_settles_no_customer() {
    let mut observing = facts();
    observing.plan.days = Some(Box::new(CallingDays {
        holidays: Holidays::Observe,
        rest_days: Vec::new(),
        country: Some("xx".to_owned()),
    }));
    observing.plan.ends_at = Some(instant("2026-03-04T21:00:00+08:00"));
    let said = judged(&person(&[]), &observing, |_| {}, "2026-03-02T10:00:00+08:00");
    assert_eq!(said.not_before, Some(instant("2026-03-03T09:00:00+08:00")));
    assert_eq!(said.assumed, ["holidays_imported"]);
    let events = decide_at(&person(&[]), grant_with(observing), "2026-03-02T10:00:00+08:00").unwrap();
    let [CustomerEvent::DialRefused { not_before, .. }] = &events[..] else {
        panic!("refused, and not settled: {events:?}");
    };
    assert_eq!(*not_before, Some(instant("2026-03-03T09:00:00+08:00")));
}

#[test]
fn who_is_not_in_the_campaign_is_not_judged() {
    let state = state_at(&[registered()], now());
    assert_eq!(dialed_number(&state, &campaign()), None);
    let (whole, history) = (facts(), ContactHistory::default());
    let judge = WhyNotInput {
        number: number_facts(&whole, &history),
        above: Vec::new(),
        coming: None,
        joined: &[],
    };
    assert_eq!(why_not(&state, &judge, now()), None);
    assert_eq!(
        dialed_number(&state_at(&person(&[]), now()), &campaign()),
        Some(number())
    );
}

/// A hold on another id ends like one on this id; a check of the number may come each hour.
#[test]
fn a_hold_on_another_id_and_a_check_that_has_not_come_are_taken_to_be_over() {
    let held = CustomerEvent::Held {
        reason: "court".to_owned(),
        by: None,
    };
    let other = "99112233445566778899aabbccddeeff".parse().unwrap();
    let joined = [state_at(&[registered(), held], now()).as_joined(other)];
    let (state, history, mut facts) = (state_at(&person(&[]), now()), ContactHistory::default(), facts());
    let said = |facts: &CampaignFacts, joined: &[JoinedFacts]| {
        let judge = WhyNotInput {
            number: number_facts(facts, &history),
            above: Vec::new(),
            coming: None,
            joined,
        };
        why_not(&state, &judge, now()).unwrap()
    };
    let of_hold = said(&facts, &joined);
    assert_eq!(
        (of_hold.permitted(), of_hold.not_before, of_hold.assumed),
        (false, Some(now()), vec!["hold_released"])
    );
    facts.plan.screening = Some(Box::new(Screening {
        number_check: serde_json::from_str("{}").unwrap(),
        ..Screening::default()
    }));
    let of_check = said(&facts, &[]);
    let in_an_hour = Some(now().plus_ms(3_600_000));
    assert_eq!(
        (of_check.permitted(), of_check.not_before, of_check.assumed),
        (false, in_an_hour, vec!["number_checked"])
    );
}
