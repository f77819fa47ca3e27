//! Given events of a number, when a command comes, then events or a refusal.

use super::{Number, NumberCommand, NumberEvent, NumberRefusal, NumberState, OptOutSource};
use crate::calling_plan::{CampaignFacts, DuplicatePolicy, Preset};
use crate::compliance::testing::{campaign_facts, customer, instant, nth_call};
use crate::compliance::{Decision, GRANT_VALID_MS, NumberGrant, SuppressionEnd};
use crate::decider::{Context, Decider};
use crate::screening::{NumberListName, Screening};
use crate::time::Timestamp;
use values::disposition::Disposition;
use values::ids::{CallId, NumberId};

fn number() -> NumberId {
    "ffeeddccbbaa99887766554433221100".parse().unwrap()
}

fn now() -> Timestamp {
    instant("2026-03-02T10:00:00+08:00")
}

fn state(given: &[NumberEvent]) -> NumberState {
    let mut state = NumberState::default();
    for event in given {
        Number::evolve(&mut state, event, now());
    }
    state
}

fn decide(given: &[NumberEvent], when: NumberCommand) -> Result<Vec<NumberEvent>, NumberRefusal> {
    Number::decide(&state(given), when, Context { now: now() })
}

fn check(given: &[NumberEvent], when: NumberCommand, then: Result<Vec<NumberEvent>, NumberRefusal>) {
    assert_eq!(decide(given, when.clone()), then, "{when:?} after {given:?}");
}

fn granted(attempt: u32) -> NumberEvent {
    NumberEvent::DialGranted {
        grant: NumberGrant {
            call: nth_call(attempt),
            campaign: "LOAN_REMIND_20231101".parse().unwrap(),
            number: number(),
            valid_until: now().plus_ms(GRANT_VALID_MS),
            verdicts: Vec::new(),
        },
    }
}

fn closed(attempt: u32, disposition: Disposition) -> NumberEvent {
    NumberEvent::CallClosed {
        call: nth_call(attempt),
        disposition,
        answered: disposition == Disposition::Answered,
        dialed_at: now(),
    }
}

fn close_as(attempt: u32, disposition: Disposition, unwanted: bool) -> NumberCommand {
    NumberCommand::CloseCall {
        call: nth_call(attempt),
        disposition,
        answered: disposition == Disposition::Answered,
        unwanted,
        dialed_at: now(),
    }
}

fn close(attempt: u32, disposition: Disposition) -> NumberCommand {
    close_as(attempt, disposition, false)
}

fn opted_out(open_calls: &[CallId]) -> NumberEvent {
    NumberEvent::OptedOut {
        reason: "asked".to_owned(),
        source: OptOutSource::Operator,
        call: None,
        open_calls: open_calls.to_vec(),
    }
}

fn opt_out() -> NumberCommand {
    NumberCommand::OptOut {
        reason: "asked".to_owned(),
        source: OptOutSource::Operator,
        call: None,
    }
}

fn suppressed(until: Option<&str>, open_calls: &[CallId]) -> NumberEvent {
    NumberEvent::Suppressed {
        reason: "list".to_owned(),
        until: until.map(instant),
        open_calls: open_calls.to_vec(),
    }
}

fn suppress(until: Option<&str>) -> NumberCommand {
    NumberCommand::Suppress {
        reason: "list".to_owned(),
        until: until.map(instant),
    }
}

fn grant_with(attempt: u32, facts: CampaignFacts) -> NumberCommand {
    NumberCommand::GrantDial {
        number: number(),
        call: nth_call(attempt),
        customer: customer(),
        facts: Box::new(facts),
        hashed_on: Vec::new(),
    }
}

fn grant(attempt: u32) -> NumberCommand {
    grant_with(attempt, campaign_facts(Preset::CnService))
}

/// Returns the refusing rule, its decision and `not_before`; `None` if the dial was granted.
fn refusal_of(given: &[NumberEvent], when: NumberCommand) -> Option<(String, Decision, Option<Timestamp>)> {
    match decide(given, when).unwrap().as_slice() {
        [NumberEvent::DialGranted { grant }] => {
            assert!(grant.verdicts.iter().all(crate::compliance::Verdict::allows));
            None
        }
        [
            NumberEvent::DialRefused {
                verdict, not_before, ..
            },
        ] => Some((verdict.rule.clone(), verdict.decision, *not_before)),
        other => panic!("neither granted nor refused: {other:?}"),
    }
}

#[test]
fn a_number_with_nothing_against_it_is_granted_for_two_seconds_with_every_verdict() {
    let events = decide(&[], grant(1)).unwrap();
    let [NumberEvent::DialGranted { grant }] = events.as_slice() else {
        panic!("{events:?}");
    };
    assert_eq!((grant.call, &grant.number), (nth_call(1), &number()));
    assert_eq!(grant.valid_until, now().plus_ms(2_000));
    let rules: Vec<&str> = grant
        .verdicts
        .iter()
        .map(|verdict| verdict.rule.as_str())
        .collect();
    assert_eq!(rules, ["suppression", "open_call", "frequency_cap"]);
}

#[test]
fn a_number_two_people_share_is_not_called_twice_at_once() {
    let (rule, decision, not_before) = refusal_of(&[granted(1)], grant(2)).unwrap();
    let over_at = now().plus_ms(310_000);
    assert_eq!(
        (rule.as_str(), decision, not_before),
        ("open_call", Decision::DeferUntil(over_at), Some(over_at))
    );
    let over = [granted(1), closed(1, Disposition::NoAnswer)];
    assert_eq!(refusal_of(&over, grant(2)), None);
}

#[test]
fn a_grant_asked_again_or_after_its_end_is_refused_without_an_event() {
    let call = nth_call(1);
    check(
        &[granted(1)],
        grant(1),
        Err(NumberRefusal::AlreadyGranted { call }),
    );
    let over = [granted(1), closed(1, Disposition::NoAnswer)];
    check(&over, grant(1), Err(NumberRefusal::CallOver { call }));
}

#[test]
fn an_opt_out_names_the_open_calls_once_and_no_grant_follows() {
    let given = [granted(1), granted(2), closed(2, Disposition::NoAnswer)];
    check(&given, opt_out(), Ok(vec![opted_out(&[nth_call(1)])]));
    check(&[opted_out(&[])], opt_out(), Ok(vec![]));
    let (rule, decision, not_before) = refusal_of(&[opted_out(&[])], grant(3)).unwrap();
    assert_eq!(
        (rule.as_str(), decision, not_before),
        ("suppression", Decision::Forbid, None)
    );
    let mut trial = campaign_facts(Preset::CnService);
    trial.plan.trial = true;
    assert!(refusal_of(&[opted_out(&[])], grant_with(3, trial)).is_some());
}

#[test]
fn a_suppression_holds_until_the_latest_end_and_shorter_ones_add_nothing() {
    let (soon, later) = ("2026-03-02T11:00:00+08:00", "2026-03-02T12:00:00+08:00");
    check(
        &[granted(1)],
        suppress(Some(soon)),
        Ok(vec![suppressed(Some(soon), &[nth_call(1)])]),
    );
    let held = [suppressed(Some(later), &[])];
    check(&held, suppress(Some(soon)), Ok(vec![]));
    check(&held, suppress(Some(later)), Ok(vec![]));
    check(&held, suppress(None), Ok(vec![suppressed(None, &[])]));
    check(&[suppressed(None, &[])], suppress(Some(later)), Ok(vec![]));
    let at = instant(later);
    assert_eq!(
        refusal_of(&held, grant(1)),
        Some(("suppression".to_owned(), Decision::DeferUntil(at), Some(at)))
    );
    assert_eq!(state(&held).suppressed(), Some(SuppressionEnd::Until(at)));
}

#[test]
fn the_third_dial_of_a_day_is_deferred_to_the_next_and_forbidden_where_the_campaign_ends_before() {
    let given = [granted(1), closed(1, Disposition::NoAnswer), granted(2)];
    assert_eq!(refusal_of(&given[..2], grant(2)), None);
    let tomorrow = instant("2026-03-03T00:00:00+08:00");
    let rule = "frequency_cap".to_owned();
    let expected = Some((rule.clone(), Decision::DeferUntil(tomorrow), Some(tomorrow)));
    assert_eq!(refusal_of(&given, grant(3)), expected);
    for (ends_at, not_before) in [
        ("2026-03-03T00:00:00+08:00", None),
        ("2026-03-03T00:00:00.000001+08:00", Some(tomorrow)),
    ] {
        let mut facts = campaign_facts(Preset::CnService);
        facts.plan.ends_at = Some(instant(ends_at));
        let expected = Some((rule.clone(), Decision::DeferUntil(tomorrow), not_before));
        assert_eq!(refusal_of(&given, grant_with(3, facts)), expected);
    }
    let released = NumberEvent::DialReleased {
        call: nth_call(2),
        reason: "withdrawn".to_owned(),
    };
    let given = [given.to_vec(), vec![released]].concat();
    assert_eq!(refusal_of(&given, grant(3)), None);
}

#[test]
fn a_release_or_an_end_counts_once_and_unknown_calls_change_nothing() {
    let release = |attempt| NumberCommand::ReleaseDial {
        call: nth_call(attempt),
        reason: "withdrawn".to_owned(),
    };
    let released = NumberEvent::DialReleased {
        call: nth_call(1),
        reason: "withdrawn".to_owned(),
    };
    check(&[granted(1)], release(1), Ok(vec![released.clone()]));
    check(&[granted(1), released.clone()], release(1), Ok(vec![]));
    check(&[], release(1), Ok(vec![]));
    let ended = closed(1, Disposition::Answered);
    check(
        &[granted(1)],
        close(1, Disposition::Answered),
        Ok(vec![ended.clone()]),
    );
    check(
        &[granted(1), ended.clone()],
        close(1, Disposition::Answered),
        Ok(vec![]),
    );
    check(&[granted(1), ended], release(1), Ok(vec![]));
    check(
        &[granted(1)],
        close(1, Disposition::Withdrawn),
        Ok(vec![released]),
    );
}

#[test]
fn an_unwanted_call_suppresses_the_number_and_an_invalid_one_is_never_dialed_again() {
    let unwanted = NumberEvent::Suppressed {
        reason: "unwanted".to_owned(),
        until: None,
        open_calls: vec![nth_call(2)],
    };
    check(
        &[granted(1), granted(2)],
        close_as(1, Disposition::Blocked, true),
        Ok(vec![closed(1, Disposition::Blocked), unwanted]),
    );
    check(
        &[granted(1), granted(2)],
        close(1, Disposition::Blocked),
        Ok(vec![closed(1, Disposition::Blocked)]),
    );
    check(
        &[suppressed(None, &[]), granted(1)],
        close_as(1, Disposition::Blocked, true),
        Ok(vec![closed(1, Disposition::Blocked)]),
    );
    let invalid = [granted(1), closed(1, Disposition::InvalidNumber)];
    let (rule, decision, _) = refusal_of(&invalid, grant(2)).unwrap();
    assert_eq!((rule.as_str(), decision), ("suppression", Decision::Forbid));
}

#[test]
fn the_scope_names_the_campaign_where_there_is_one_and_never_a_person() {
    let given = [granted(1), closed(1, Disposition::NoAnswer)];
    let state = state(&given);
    for (event, has_campaign) in [(&given[0], true), (&given[1], true), (&opted_out(&[]), false)] {
        let scope = Number::scope(&number(), &state, event);
        assert_eq!(scope.campaign.is_some(), has_campaign, "{event:?}");
        assert_eq!(scope.customer, None);
    }
}

fn claim(customer: &str) -> NumberCommand {
    NumberCommand::Claim {
        campaign: "LOAN_REMIND_20231101".parse().unwrap(),
        customer: customer.parse().unwrap(),
    }
}

fn claimed(customer: &str) -> NumberEvent {
    NumberEvent::Claimed {
        campaign: "LOAN_REMIND_20231101".parse().unwrap(),
        customer: customer.parse().unwrap(),
    }
}

const OTHER: &str = "aa112233445566778899aabbccddeeff";

#[test]
fn a_number_is_claimed_for_one_customer_of_a_campaign_and_given_back_by_that_one_only() {
    let (mine, release) = (customer().to_string(), |customer: &str| {
        NumberCommand::ReleaseClaim {
            campaign: "LOAN_REMIND_20231101".parse().unwrap(),
            customer: customer.parse().unwrap(),
        }
    });
    let given_back = NumberEvent::ClaimReleased {
        campaign: "LOAN_REMIND_20231101".parse().unwrap(),
        customer: customer(),
    };
    check(&[], claim(&mine), Ok(vec![claimed(&mine)]));
    check(&[claimed(&mine)], claim(&mine), Ok(vec![]));
    let by = Err(NumberRefusal::ClaimedBy {
        campaign: "LOAN_REMIND_20231101".parse().unwrap(),
        customer: customer(),
    });
    check(&[claimed(&mine)], claim(OTHER), by);
    check(&[claimed(&mine)], release(OTHER), Ok(vec![]));
    check(&[claimed(&mine)], release(&mine), Ok(vec![given_back.clone()]));
    check(
        &[claimed(&mine), given_back],
        claim(OTHER),
        Ok(vec![claimed(OTHER)]),
    );
}

#[test]
fn a_grant_by_number_asks_for_the_numbers_owner_and_claims_it_where_there_is_none() {
    let mut by_number = campaign_facts(Preset::CnService);
    by_number.plan.duplicates = Some(DuplicatePolicy::ByNumber);
    let mine = customer().to_string();
    let (rule, decision, _) = refusal_of(&[claimed(OTHER)], grant_with(1, by_number.clone())).unwrap();
    assert_eq!((rule.as_str(), decision), ("same_number", Decision::Forbid));
    let events = decide(&[], grant_with(1, by_number.clone())).unwrap();
    assert!(matches!(events[0], NumberEvent::DialGranted { .. }), "{events:?}");
    assert_eq!(events[1..], [claimed(&mine)]);
    let events = decide(&[claimed(&mine)], grant_with(1, by_number)).unwrap();
    assert_eq!(events.len(), 1, "{events:?}");
    assert_eq!(refusal_of(&[claimed(OTHER)], grant(1)), None);
}

#[test]
fn a_number_is_put_on_a_list_once_and_taken_off_again() {
    let list = |name: &str| name.parse::<NumberListName>().unwrap();
    let put = |name: &str| NumberCommand::List {
        list: list(name),
        reason: "why".to_owned(),
    };
    let on = |name: &str| NumberEvent::Listed {
        list: list(name),
        reason: "why".to_owned(),
    };
    let off = NumberEvent::Unlisted {
        list: list("a"),
        reason: "why".to_owned(),
    };
    let take_off = NumberCommand::Unlist {
        list: list("a"),
        reason: "why".to_owned(),
    };
    check(&[], put("a"), Ok(vec![on("a")]));
    check(&[on("a")], put("a"), Ok(vec![]));
    check(&[on("a")], put("b"), Ok(vec![on("b")]));
    check(&[], take_off.clone(), Ok(vec![]));
    check(&[on("a")], take_off, Ok(vec![off.clone()]));
    check(&[on("a"), off], put("a"), Ok(vec![on("a")]));
    let full: Vec<NumberEvent> = (0..64).map(|index| on(&format!("l{index}"))).collect();
    check(&full, put("a"), Err(NumberRefusal::TooManyLists { count: 64 }));
}

#[test]
fn a_record_of_another_system_counts_once_and_names_no_call_of_ours() {
    let record = |key: &str, at: &str| crate::record::sample_values::past_call_of(key, instant(at));
    let calls = vec![
        record("1", "2026-03-02T08:00:00+08:00"),
        record("2", "2026-03-02T09:00:00+08:00"),
    ];
    let order = |calls: &[crate::past_call::PastCall]| NumberCommand::ImportHistory {
        source: crate::past_call::HistorySource::Asterisk,
        calls: calls.to_vec(),
    };
    let imported = NumberEvent::HistoryImported {
        source: crate::past_call::HistorySource::Asterisk,
        calls: calls.clone(),
    };
    check(&[], order(&calls), Ok(vec![imported.clone()]));
    check(std::slice::from_ref(&imported), order(&calls), Ok(Vec::new()));
    let held = state(&[imported]);
    assert_eq!((held.history().dials().len(), held.open_calls().len()), (0, 0));
    assert_eq!(held.history().imported().unwrap().dials().len(), 2);
}

#[test]
fn a_number_with_its_digest_on_a_list_is_refused_for_good() {
    let mut when = grant(1);
    if let NumberCommand::GrantDial { hashed_on, .. } = &mut when {
        hashed_on.push("partner-2026".parse().unwrap());
    }
    let (rule, decision, not_before) = refusal_of(&[], when).unwrap();
    assert_eq!(
        (rule.as_str(), decision, not_before),
        ("suppression", Decision::Forbid, None)
    );
}

#[test]
fn each_grant_and_each_refusal_names_the_presets_version_once() {
    let named = "cn-service@1 since 2026-01-01";
    let naming = |verdicts: &[crate::compliance::Verdict]| {
        let facts = verdicts.iter().filter_map(|verdict| verdict.facts.get("preset"));
        facts.map(String::as_str).collect::<Vec<_>>().join(", ")
    };
    for (given, granted) in [(vec![], true), (vec![suppressed(None, &[])], false)] {
        match decide(&given, grant(1)).unwrap().as_slice() {
            [NumberEvent::DialGranted { grant }] if granted => assert_eq!(naming(&grant.verdicts), named),
            [NumberEvent::DialRefused { verdict, .. }] if !granted => {
                assert_eq!(naming(std::slice::from_ref(verdict)), named);
            }
            other => panic!("{other:?}"),
        }
    }
}

/// A missing check is checked again each hour, because it may come at any time; it settles no enrolment.
#[test]
fn a_check_that_has_not_come_is_asked_about_in_an_hour_and_settles_no_customer() {
    let checked = |ends_at: Option<&str>| {
        let mut facts = campaign_facts(Preset::CnService);
        facts.plan.ends_at = ends_at.map(instant);
        facts.plan.screening = Some(Box::new(Screening {
            number_check: serde_json::from_str("{}").unwrap(),
            ..Screening::default()
        }));
        grant_with(1, facts)
    };
    let asked_again = |given: &[NumberEvent], ends_at| {
        let (rule, _, not_before) = refusal_of(given, checked(ends_at)).unwrap();
        (rule, not_before)
    };
    let of_check = |at| ("number_state".to_owned(), Some(instant(at)));
    let in_an_hour = "2026-03-02T11:00:00+08:00";
    assert_eq!(asked_again(&[], None), of_check(in_an_hour));
    for (ends_at, at) in [
        ("2026-03-02T15:00:00+08:00", in_an_hour),
        ("2026-03-02T11:00:00.000001+08:00", in_an_hour),
        // Once more before the end: enrolments that still wait are then settled by the end, not by the check.
        ("2026-03-02T11:00:00+08:00", "2026-03-02T10:59:00+08:00"),
        ("2026-03-02T10:30:00+08:00", "2026-03-02T10:29:00+08:00"),
        ("2026-03-02T10:01:00+08:00", "2026-03-02T10:01:00+08:00"),
    ] {
        assert_eq!(asked_again(&[], Some(ends_at)), of_check(at), "{ends_at}");
    }
    // Another rule keeps its own time, which does not depend on the check.
    let noon = "2026-03-02T12:00:00+08:00";
    let suppressed_till_noon = [suppressed(Some(noon), &[])];
    let until_noon = ("suppression".to_owned(), Some(instant(noon)));
    assert_eq!(asked_again(&suppressed_till_noon, None), until_noon);
}
