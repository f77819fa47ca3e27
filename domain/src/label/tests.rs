//! Tests of the label decider: given events, when a command, then events or a refusal.

use super::{
    Label, LabelCommand, LabelEvent, LabelRefusal, LabelState, LabelValue, LabelWhy, LabeledTurn, Meaning,
    OPEN_MS, Sentiment, SettledBy,
};
use crate::decider::{Context, Decider};
use crate::time::Timestamp;
use values::disposition::InterestLevel;

pub(super) fn turn() -> LabeledTurn {
    LabeledTurn {
        turn: "call.308b38fa-b3fa-59e5-b685-93b305968d97.12".parse().unwrap(),
        campaign: "A".parse().unwrap(),
        customer: "0a1b2c3d4e5f60718293a4b5c6d7e8f9".parse().unwrap(),
    }
}

pub(super) fn says(intent: &str) -> LabelValue {
    LabelValue {
        meaning: Meaning::Intent,
        intent: Some(intent.to_owned()),
        sentiment: Some(Sentiment::Neutral),
        interest: Some(InterestLevel::Medium),
    }
}

fn none(meaning: Meaning) -> LabelValue {
    LabelValue {
        meaning,
        intent: None,
        sentiment: None,
        interest: None,
    }
}

fn noon() -> Timestamp {
    "2026-11-20T12:00:00+08:00".parse().unwrap()
}

fn add(by: &str, says: LabelValue, people: u64) -> LabelCommand {
    LabelCommand::Add {
        turn: turn(),
        says,
        by: by.to_owned(),
        people,
    }
}

fn open(by: &str) -> LabelCommand {
    LabelCommand::Open {
        turn: turn(),
        by: by.to_owned(),
    }
}

fn added(by: &str, says: LabelValue) -> LabelEvent {
    LabelEvent::Added {
        turn: turn(),
        by: by.to_owned(),
        says,
    }
}

fn opened(by: &str, until: Timestamp) -> LabelEvent {
    LabelEvent::Opened {
        turn: turn(),
        by: by.to_owned(),
        until,
    }
}

fn settled(says: LabelValue, settled_by: SettledBy, people: u64) -> LabelEvent {
    LabelEvent::Settled {
        turn: turn(),
        says,
        settled_by,
        people,
    }
}

fn decided(
    given: &[LabelEvent],
    when: LabelCommand,
    now: Timestamp,
) -> Result<Vec<LabelEvent>, LabelRefusal> {
    let mut state = LabelState::default();
    for event in given {
        Label::evolve(&mut state, event, noon());
    }
    Label::decide(&state, when, Context { now })
}

#[track_caller]
fn check(given: &[LabelEvent], when: LabelCommand, then: Result<Vec<LabelEvent>, LabelRefusal>) {
    assert_eq!(decided(given, when, noon()), then);
}

#[test]
fn one_person_settles_a_turn_where_one_is_asked_and_two_where_two_are() {
    let fee = || says("ask_fee");
    check(
        &[],
        add("wang", fee(), 1),
        Ok(vec![added("wang", fee()), settled(fee(), SettledBy::Alone, 1)]),
    );
    check(&[], add("wang", fee(), 2), Ok(vec![added("wang", fee())]));
    check(
        &[added("wang", fee())],
        add("li", fee(), 2),
        Ok(vec![added("li", fee()), settled(fee(), SettledBy::Agreed, 2)]),
    );
}

#[test]
fn where_two_differ_a_third_settles_whatever_they_say() {
    let before = [added("wang", says("ask_fee")), added("li", says("too_expensive"))];
    check(
        &before[..1],
        add("li", says("too_expensive"), 2),
        Ok(vec![before[1].clone()]),
    );
    for third in [says("ask_fee"), says("busy"), none(Meaning::Misheard)] {
        check(
            &before,
            add("zhao", third.clone(), 2),
            Ok(vec![
                added("zhao", third.clone()),
                settled(third, SettledBy::Third, 3),
            ]),
        );
    }
}

#[test]
fn who_was_alone_before_two_were_asked_does_not_settle_afterwards() {
    // Two users were needed when wang labelled it and only one is needed now, but li differs: a third still
    // decides.
    check(
        &[added("wang", says("ask_fee"))],
        add("li", says("busy"), 1),
        Ok(vec![added("li", says("busy"))]),
    );
}

#[test]
fn no_user_labels_a_turn_twice() {
    let given = [added("wang", says("ask_fee"))];
    let labelled = || {
        Err(LabelRefusal::Labelled {
            by: "wang".to_owned(),
        })
    };
    check(&given, add("wang", says("busy"), 2), labelled());
    check(&given, open("wang"), labelled());
    // The same label again is a repeated request.
    check(&given, add("wang", says("ask_fee"), 2), Ok(Vec::new()));
}

#[test]
fn a_settled_turn_is_over() {
    let given = [
        added("wang", says("ask_fee")),
        settled(says("ask_fee"), SettledBy::Alone, 1),
    ];
    check(&given, add("li", says("busy"), 1), Err(LabelRefusal::Settled));
    check(&given, open("li"), Err(LabelRefusal::Settled));
    let request = LabelCommand::Request {
        turn: turn(),
        why: LabelWhy::Misheard,
        by: "li".to_owned(),
    };
    check(&given, request, Ok(Vec::new()));
}

#[test]
fn an_open_turn_is_one_users_until_its_time_is_over() {
    let until = noon().plus_ms(OPEN_MS);
    check(&[], open("wang"), Ok(vec![opened("wang", until)]));
    let given = [opened("wang", until)];
    check(&given, open("wang"), Ok(Vec::new()));
    let elsewhere = || Err(LabelRefusal::OpenElsewhere { until });
    check(&given, open("li"), elsewhere());
    check(&given, add("li", says("busy"), 1), elsewhere());
    let just_before = Timestamp::from_micros(until.micros() - 1);
    assert_eq!(decided(&given, open("li"), just_before), elsewhere());
    let later = until.plus_ms(OPEN_MS);
    assert_eq!(decided(&given, open("li"), until), Ok(vec![opened("li", later)]));
    // A user who has labelled the turn no longer has it open.
    let given = [opened("wang", until), added("wang", says("busy"))];
    check(&given, open("li"), Ok(vec![opened("li", until)]));
}

#[test]
fn an_intent_is_named_where_one_is_meant_and_only_there() {
    for (wrong, refusal) in [
        (none(Meaning::Intent), LabelRefusal::Intent),
        (
            LabelValue {
                intent: Some("busy".to_owned()),
                ..none(Meaning::Foreign)
            },
            LabelRefusal::Intent,
        ),
        (says("Ask fee"), LabelRefusal::IntentUnreadable { bytes_max: 64 }),
        (
            says(&"a".repeat(65)),
            LabelRefusal::IntentUnreadable { bytes_max: 64 },
        ),
    ] {
        check(&[], add("wang", wrong, 1), Err(refusal));
    }
    let foreign = none(Meaning::Foreign);
    check(
        &[],
        add("wang", foreign.clone(), 2),
        Ok(vec![added("wang", foreign)]),
    );
    check(&[], add(" ", says("busy"), 1), Err(LabelRefusal::NoLabeler));
}
