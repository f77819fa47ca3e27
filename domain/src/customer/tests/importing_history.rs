//! Imported calls of other systems: each record once; caps count it if it proves a dial; never a dial of
//! ours.

use super::*;
use crate::customer::PastCallImport;
use crate::past_call::{HistorySource, PAST_CALLS_MAX, PAST_CALLS_OF_EVENT_MAX, PastCall, PastCallId};

fn past(key: &str, at: &str) -> PastCall {
    PastCall {
        record: PastCallId::derive(HistorySource::Vicidial, &number(), key),
        dialed_at: instant(at),
        proves_dial: true,
        answered: Some(true),
        status: "SALE".to_owned(),
        talk_ms: Some(41_000),
    }
}

fn order(calls: Vec<PastCall>) -> CustomerCommand {
    CustomerCommand::ImportHistory(Box::new(PastCallImport {
        source: HistorySource::Vicidial,
        number: number(),
        calls,
    }))
}

fn imported(calls: Vec<PastCall>) -> CustomerEvent {
    CustomerEvent::HistoryImported {
        source: HistorySource::Vicidial,
        number: number(),
        calls,
    }
}

#[test]
fn a_record_is_taken_once_also_within_one_request() {
    let one = past("1.1", "2026-03-01T10:00:00+08:00");
    let two = past("1.2", "2026-03-01T11:00:00+08:00");
    let twice = vec![one.clone(), one.clone(), two.clone()];
    check(
        &person(&[]),
        order(twice.clone()),
        Ok(vec![imported(vec![one.clone(), two.clone()])]),
    );
    let known = person(&[imported(vec![one])]);
    check(&known, order(twice), Ok(vec![imported(vec![two])]));
}

#[test]
fn old_ones_stay_known_when_no_cap_looks_so_far_back() {
    let old = past("1.1", "2020-03-01T10:00:00+08:00");
    let known = person(&[imported(vec![old.clone()])]);
    assert_eq!(state_at(&known, now()).history().imported().unwrap().dials(), []);
    check(&known, order(vec![old]), Ok(Vec::new()));
}

#[test]
fn what_the_switch_saw_of_our_own_dial_adds_nothing() {
    let dialed = person(&[granted(1), closed(&closing(1, Disposition::Answered), None)]);
    let dialed_at = closing(1, Disposition::Answered).dialed_at;
    let mut seen = past("1.1", NOW);
    for (off_ms, is_ours) in [(0, true), (60_000, true), (60_001, false)] {
        seen.dialed_at = dialed_at.minus_ms(off_ms);
        let then = if is_ours {
            Vec::new()
        } else {
            vec![imported(vec![seen.clone()])]
        };
        let later = "2026-03-02T12:00:00+08:00";
        assert_eq!(
            decide_at(&dialed, order(vec![seen.clone()]), later),
            Ok(then),
            "{off_ms}"
        );
    }
}

#[test]
fn no_record_of_the_future_of_another_number_or_beyond_the_limits_is_taken() {
    let ahead = past("1.1", "2026-03-02T10:00:00.000001+08:00");
    check(
        &person(&[]),
        order(vec![ahead]),
        Err(CustomerRefusal::PastCallInFuture),
    );
    let other = CustomerCommand::ImportHistory(Box::new(PastCallImport {
        source: HistorySource::Vicidial,
        number: other_number(),
        calls: vec![past("1.1", NOW)],
    }));
    check(&[registered()], other, Err(CustomerRefusal::NotTheirNumber));
    let many = |from: usize, count: usize| -> Vec<PastCall> {
        let keys = from..from + count;
        keys.map(|key| past(&key.to_string(), "2026-03-01T10:00:00+08:00"))
            .collect()
    };
    let refused = decide(&person(&[]), order(many(0, PAST_CALLS_OF_EVENT_MAX + 1)));
    assert!(matches!(refused, Err(CustomerRefusal::TooMany { .. })));
    let full = person(&[imported(many(0, PAST_CALLS_MAX - 1))]);
    assert!(decide(&full, order(many(PAST_CALLS_MAX, 1))).is_ok());
    assert!(matches!(
        decide(&full, order(many(PAST_CALLS_MAX, 2))),
        Err(CustomerRefusal::TooMany { .. })
    ));
}

#[test]
fn a_cap_counts_what_proves_a_dial_and_its_facts_say_that_it_was_imported() {
    let mut facts = campaign_facts(Preset::CnCollection);
    facts.plan.basis = Basis::Contract;
    let wants = || CustomerCommand::GrantDial {
        customer: customer(),
        facts: Box::new(facts.clone()),
        joined: Vec::new(),
    };
    let morning = |proves_dial: bool, answered: Option<bool>| {
        let hours = ["08:00", "08:30", "09:00"];
        let calls = hours.map(|hour| PastCall {
            proves_dial,
            answered,
            ..past(hour, &format!("2026-03-02T{hour}:00+08:00"))
        });
        person(&[imported(calls.to_vec())])
    };
    for (proves_dial, answered, is_counted) in [
        (true, Some(true), true),
        (true, None, true),
        (true, Some(false), false),
        (false, Some(true), false),
    ] {
        let then = decide(&morning(proves_dial, answered), wants()).unwrap();
        let refused = then.iter().find_map(|event| {
            let CustomerEvent::DialRefused { verdict, .. } = event else {
                return None;
            };
            Some(verdict.clone())
        });
        match refused {
            Some(verdict) => {
                assert!(is_counted, "{verdict:?}");
                assert_eq!(verdict.rule, "frequency_cap");
                let said = verdict.facts.get("imported_answered_per_person_in_1_days");
                assert_eq!(said.map(String::as_str), Some("3"), "{verdict:?}");
            }
            None => assert!(!is_counted, "{then:?}"),
        }
    }
}

#[test]
fn a_dial_that_a_later_export_proves_counts_from_then_on() {
    let waiting = PastCall {
        proves_dial: false,
        answered: None,
        status: "QUEUE".to_owned(),
        ..past("1.1", "2026-03-02T08:00:00+08:00")
    };
    let sold = past("1.1", "2026-03-02T08:00:00+08:00");
    let known = person(&[imported(vec![waiting.clone()])]);
    check(&known, order(vec![waiting.clone()]), Ok(Vec::new()));
    check(
        &known,
        order(vec![sold.clone()]),
        Ok(vec![imported(vec![sold.clone()])]),
    );
    check(
        &person(&[]),
        order(vec![waiting.clone(), sold.clone()]),
        Ok(vec![imported(vec![sold.clone()])]),
    );
    let both = person(&[imported(vec![waiting.clone()]), imported(vec![sold.clone()])]);
    assert_eq!(
        state_at(&both, now()).history().imported().unwrap().dials().len(),
        1
    );
    check(&both, order(vec![waiting, sold]), Ok(Vec::new()));
}

#[test]
fn what_no_cap_looks_back_to_takes_no_newer_ones_place() {
    let old = |key: usize| past(&key.to_string(), "2020-03-01T10:00:00+08:00");
    let full = person(&[imported((0..PAST_CALLS_MAX).map(old).collect())]);
    let newer = past("newer", "2026-03-01T10:00:00+08:00");
    let calls = vec![old(PAST_CALLS_MAX), newer.clone()];
    let taken = imported(vec![newer.clone()]);
    check(&full, order(calls), Ok(vec![taken.clone()]));
    let after: Vec<CustomerEvent> = full.into_iter().chain([taken]).collect();
    let state = state_at(&after, now());
    let held = state.history().imported().unwrap();
    assert_eq!((held.count(), held.dials().len()), (PAST_CALLS_MAX, 1));
    let again: Vec<PastCall> = (0..PAST_CALLS_OF_EVENT_MAX).map(old).collect();
    check(&after, order(again), Ok(Vec::new()));
    check(&after, order(vec![newer]), Ok(Vec::new()));
}

#[test]
fn our_dial_of_one_number_is_no_record_of_another() {
    let given = person(&[
        added(other_number(), "+8613800138001"),
        granted(1),
        closed(&closing(1, Disposition::Answered), None),
    ]);
    let dialed_at = closing(1, Disposition::Answered).dialed_at;
    let seen = PastCall {
        dialed_at: dialed_at.minus_ms(40_000),
        ..past("1.1", NOW)
    };
    let of = |number: NumberId| PastCallImport {
        source: HistorySource::Vicidial,
        number,
        calls: vec![seen.clone()],
    };
    let when = |number| CustomerCommand::ImportHistory(Box::new(of(number)));
    let later = "2026-03-02T12:00:00+08:00";
    assert_eq!(decide_at(&given, when(number()), later), Ok(Vec::new()));
    let on_other = CustomerEvent::HistoryImported {
        source: HistorySource::Vicidial,
        number: other_number(),
        calls: vec![seen.clone()],
    };
    assert_eq!(decide_at(&given, when(other_number()), later), Ok(vec![on_other]));
}
