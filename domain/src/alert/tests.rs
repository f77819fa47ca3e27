//! Tests of the alert decider: given events, when a command, then events or a refusal.

use super::event::{AlertEvent, AlertFigure, AlertRule, Severity};
use super::{Alert, AlertCommand, AlertRefusal, AlertState, ESCALATE_AFTER_MS, MUTE_MS_MAX, NOTE_BYTES_MAX};
use crate::decider::{Context, Decider};
use crate::time::Timestamp;

const BEGAN: Timestamp = Timestamp::from_millis(1_772_416_800_000);

fn figure(value: i64) -> AlertFigure {
    AlertFigure {
        value,
        limit: 300,
        unit: "per_mille".to_owned(),
        window_ms: 300_000,
    }
}

fn raise() -> AlertCommand {
    AlertCommand::Raise {
        rule: AlertRule::AnswerRatioLow,
        subject: "T".to_owned(),
        campaign: None,
        severity: Severity::Warning,
        figure: figure(212),
        detail: "36 of 170 calls".to_owned(),
    }
}

fn raised(muted_until: Option<Timestamp>) -> AlertEvent {
    AlertEvent::Raised {
        rule: AlertRule::AnswerRatioLow,
        subject: "T".to_owned(),
        campaign: None,
        severity: Severity::Warning,
        figure: figure(212),
        detail: "36 of 170 calls".to_owned(),
        muted_until,
    }
}

fn seen(note: &str) -> AlertCommand {
    AlertCommand::Acknowledge {
        by: None,
        note: note.to_owned(),
    }
}

fn muted(until: Timestamp) -> AlertEvent {
    AlertEvent::Muted {
        until,
        by: None,
        reason: "known".to_owned(),
    }
}

fn mute(until: Timestamp) -> AlertCommand {
    AlertCommand::Mute {
        until,
        by: None,
        reason: "known".to_owned(),
    }
}

/// Decides a command `after_ms` after `BEGAN`, the time of the given events.
fn decide(given: &[AlertEvent], when: AlertCommand, after_ms: u64) -> Result<Vec<AlertEvent>, AlertRefusal> {
    let mut state = AlertState::default();
    for event in given {
        Alert::evolve(&mut state, event, BEGAN);
    }
    let now = BEGAN.plus_ms(after_ms);
    Alert::decide(&state, when, Context { now })
}

#[test]
fn an_open_alert_is_raised_once_and_cleared_once() {
    assert_eq!(decide(&[], raise(), 0), Ok(vec![raised(None)]));
    assert_eq!(decide(&[raised(None)], raise(), 5), Ok(Vec::new()));
    let cleared = AlertEvent::Cleared {
        figure: figure(345),
        stood_ms: 7,
    };
    let clear = || AlertCommand::Clear { figure: figure(345) };
    assert_eq!(decide(&[raised(None)], clear(), 7), Ok(vec![cleared.clone()]));
    assert_eq!(decide(&[], clear(), 7), Ok(Vec::new()));
    assert_eq!(
        decide(&[raised(None), cleared], raise(), 9),
        Ok(vec![raised(None)])
    );
}

#[test]
fn a_person_handles_an_open_alert_and_says_how() {
    let given = [raised(None)];
    let noted = AlertEvent::Acknowledged {
        by: None,
        note: "asked".to_owned(),
    };
    assert_eq!(decide(&given, seen("asked"), 1), Ok(vec![noted]));
    assert_eq!(decide(&given, seen(" "), 1), Err(AlertRefusal::NoReason));
    assert_eq!(decide(&[], seen("asked"), 1), Err(AlertRefusal::NotStanding));
    assert!(decide(&given, seen(&"x".repeat(NOTE_BYTES_MAX)), 1).is_ok());
    let too_long = decide(&given, seen(&"x".repeat(NOTE_BYTES_MAX + 1)), 1);
    assert!(matches!(
        too_long,
        Err(AlertRefusal::TooLong { member: "note", .. })
    ));
}

#[test]
fn an_unhandled_alert_is_escalated_once_and_in_time() {
    let late = AlertEvent::Escalated {
        stood_ms: ESCALATE_AFTER_MS,
    };
    let escalate = |given: &[AlertEvent], after_ms| decide(given, AlertCommand::Escalate {}, after_ms);
    assert_eq!(escalate(&[raised(None)], ESCALATE_AFTER_MS - 1), Ok(Vec::new()));
    assert_eq!(
        escalate(&[raised(None)], ESCALATE_AFTER_MS),
        Ok(vec![late.clone()])
    );
    assert_eq!(
        escalate(&[raised(None), late], ESCALATE_AFTER_MS + 1),
        Ok(Vec::new())
    );
    let noted = AlertEvent::Acknowledged {
        by: None,
        note: "asked".to_owned(),
    };
    assert_eq!(
        escalate(&[raised(None), noted], ESCALATE_AFTER_MS),
        Ok(Vec::new())
    );
    let quiet = muted(BEGAN.plus_ms(ESCALATE_AFTER_MS + 1));
    assert_eq!(
        escalate(&[raised(None), quiet], ESCALATE_AFTER_MS),
        Ok(Vec::new())
    );
}

#[test]
fn a_mute_has_an_end_within_a_week_and_hides_nothing() {
    let last = BEGAN.plus_ms(MUTE_MS_MAX);
    assert_eq!(decide(&[], mute(last), 0), Ok(vec![muted(last)]));
    for refused in [BEGAN, last.plus_ms(1)] {
        let found = decide(&[], mute(refused), 0);
        assert_eq!(
            found,
            Err(AlertRefusal::MuteEnd {
                now: BEGAN,
                latest: last
            })
        );
    }
    let until = BEGAN.plus_ms(10);
    assert_eq!(decide(&[muted(until)], raise(), 9), Ok(vec![raised(Some(until))]));
    assert_eq!(decide(&[muted(until)], raise(), 10), Ok(vec![raised(None)]));
}

#[test]
fn every_rule_is_read_from_its_code_as_it_is_stored() {
    for rule in AlertRule::ALL {
        assert_eq!(rule.code().parse(), Ok(rule));
        assert_eq!(serde_json::to_value(rule).unwrap(), rule.code());
        assert!(!rule.label_zh().is_empty() && !rule.label_en().is_empty());
    }
}
