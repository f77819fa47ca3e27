//! A retry moves to a better hour, or stays if the person, the plan or the calling hours say so.

use super::*;
use crate::best_times::{BEST_TIME, BestTimesPlan, CallHour, CountedTimes, DaySort, LearntTimes};
use std::sync::Arc;

/// Learned answers: 10 of 100 calls at 10:00, 50 of 100 at 19:00; open from 9:00 to 20:00.
fn learning() -> CampaignFacts {
    let mut counted = CountedTimes::default();
    for (hour, answers) in [(10, 10), (19, 50)] {
        let day = DaySort::Workday;
        (0..100).for_each(|nth| counted.note_own(CallHour { hour, day, group: 0 }, nth < answers));
    }
    let mut facts = facts();
    facts.plan.window = window("09:00-20:00");
    facts.plan.best_times = Some(Box::default());
    facts.learnt = Some(Arc::new(LearntTimes {
        through: 77,
        dials: 200,
        counted,
    }));
    facts
}

fn closed_of(given: &[CustomerEvent], closing: CallClosing, facts: CampaignFacts) -> CustomerEvent {
    let events = decided(&person(given), close_with(closing, facts)).unwrap();
    events.into_iter().next().unwrap()
}

fn decided(given: &[CustomerEvent], command: CustomerCommand) -> DecideResult {
    Customer::decide(&folded(given), command, Context { now: now() })
}

fn folded(given: &[CustomerEvent]) -> CustomerState {
    let mut state = CustomerState::default();
    given
        .iter()
        .for_each(|event| Customer::evolve(&mut state, event, now()));
    state
}

/// Returns the next due time of a closed call, and the better hour it was moved to.
fn next(event: &CustomerEvent) -> (Option<Timestamp>, Option<u8>) {
    let CustomerEvent::CallClosed {
        next_due_at, timing, ..
    } = event
    else {
        panic!("a closed call: {event:?}");
    };
    let moved = timing.as_ref().and_then(|timing| timing.moved.as_ref());
    (*next_due_at, moved.map(|better| better.hour.hour))
}

#[test]
fn a_retry_waits_for_the_hour_in_which_people_answer_and_says_so() {
    let no_answer = closing(1, Disposition::NoAnswer);
    let event = closed_of(&[granted(1)], no_answer, learning());
    let seven = instant("2026-03-02T19:01:10+08:00");
    assert_eq!(next(&event), (Some(seven), Some(19)));
    let CustomerEvent::CallClosed {
        timing: Some(timing), ..
    } = &event
    else {
        panic!("{event:?}");
    };
    assert_eq!((timing.dialed.hour, timing.dialed.day), (10, DaySort::Workday));
    let state = folded(&person(&[granted(1), event]));
    let waits = state
        .enrolment(&campaign())
        .unwrap()
        .waits_for_hour()
        .unwrap()
        .clone();
    assert_eq!((waits.rule.as_str(), waits.not_before), (BEST_TIME, Some(seven)));
    for (fact, value) in [
        ("dials", "100"),
        ("answers", "50"),
        ("hour", "19"),
        ("learnt_through", "77"),
        ("instead_of", "2026-03-02T02:01:10.000000Z"),
    ] {
        assert_eq!(waits.facts[fact], value, "{fact}");
    }
}

#[test]
fn it_stays_where_nothing_is_learnt_or_the_plan_the_person_or_the_hours_say_so() {
    let policy = closing(1, Disposition::NoAnswer).ended_at.plus_ms(60_000);
    let unlearnt = CampaignFacts {
        learnt: None,
        ..learning()
    };
    let mut off = learning();
    off.plan.best_times = None;
    let mut soon = learning();
    soon.plan.best_times = Some(Box::new(BestTimesPlan {
        later_ms_max: 3_600_000,
        ..BestTimesPlan::default()
    }));
    let mut shut = learning();
    shut.plan.window = window("09:00-19:00");
    let mut ends = learning();
    ends.plan.ends_at = Some(instant("2026-03-02T19:00:00+08:00"));
    for facts in [unlearnt, off, soon, shut, ends] {
        let event = closed_of(&[granted(1)], closing(1, Disposition::NoAnswer), facts);
        assert_eq!(next(&event), (Some(policy), None));
    }
    // The person's own preferred times take precedence over learned hours.
    let preferred = CustomerEvent::PreferredTimesSet {
        times: vec!["mon-fri 09:00-12:00".parse().unwrap()],
        origin: crate::customer::ProfileOrigin::Import { list: list() },
    };
    let given = [preferred, granted(1)];
    let event = closed_of(&given, closing(1, Disposition::NoAnswer), learning());
    assert_eq!(next(&event), (Some(policy), None));
    // A failure on our side says nothing about the person.
    let uncharged = CallClosing {
        charged: false,
        ..closing(1, Disposition::Congestion)
    };
    let again_at = uncharged.ended_at.plus_ms(1_000);
    assert_eq!(
        next(&closed_of(&[granted(1)], uncharged, learning())),
        (Some(again_at), None)
    );
    let last = closed_of(&[granted(1)], closing(1, Disposition::Answered), learning());
    assert_eq!(next(&last), (None, None));
}
