//! Tests of the stop decider: given events, when a command, then events or a refusal.

use super::event::StopEvent;
use super::{REASON_BYTES_MAX, Stop, StopCommand, StopId, StopRefusal, StopScope, StopState};
use crate::decider::{Context, Decider};
use crate::time::Timestamp;

const BEGAN: Timestamp = Timestamp::from_millis(1_772_416_800_000);

fn engage(reason: &str, hang_up: bool) -> StopCommand {
    StopCommand::Engage {
        stop: StopId::Trunk("a".to_owned()),
        reason: reason.to_owned(),
        hang_up,
    }
}

fn engaged(hang_up: bool) -> StopEvent {
    StopEvent::Engaged {
        scope: StopScope::Trunk,
        id: Some("a".to_owned()),
        reason: "noise".to_owned(),
        hang_up,
    }
}

fn lift(reason: &str) -> StopCommand {
    StopCommand::Lift {
        reason: reason.to_owned(),
    }
}

fn lifted() -> StopEvent {
    StopEvent::Lifted {
        reason: "repaired".to_owned(),
    }
}

fn state(given: &[StopEvent]) -> StopState {
    let mut state = StopState::default();
    for (at_ms, event) in (0..).zip(given) {
        Stop::evolve(&mut state, event, BEGAN.plus_ms(at_ms));
    }
    state
}

fn decide(given: &[StopEvent], when: StopCommand) -> Result<Vec<StopEvent>, StopRefusal> {
    Stop::decide(&state(given), when, Context { now: BEGAN })
}

#[test]
fn a_stop_is_engaged_with_what_it_stops_and_why() {
    assert_eq!(decide(&[], engage("noise", false)), Ok(vec![engaged(false)]));
    assert_eq!(decide(&[], engage("noise", true)), Ok(vec![engaged(true)]));
    let all = StopCommand::Engage {
        stop: StopId::All,
        reason: "noise".to_owned(),
        hang_up: false,
    };
    let event = StopEvent::Engaged {
        scope: StopScope::All,
        id: None,
        reason: "noise".to_owned(),
        hang_up: false,
    };
    assert_eq!(decide(&[], all), Ok(vec![event]));
}

#[test]
fn the_same_again_changes_nothing_and_hanging_up_escalates_once() {
    assert_eq!(decide(&[engaged(false)], engage("noise", false)), Ok(vec![]));
    assert_eq!(
        decide(&[engaged(false)], engage("noise", true)),
        Ok(vec![engaged(true)])
    );
    for hang_up in [false, true] {
        let given = [engaged(false), engaged(true)];
        assert_eq!(decide(&given, engage("noise", hang_up)), Ok(vec![]));
    }
}

#[test]
fn it_holds_since_it_was_first_engaged_until_it_is_lifted() {
    let held = state(&[engaged(false), engaged(true)]);
    let held = held.engaged().unwrap();
    assert_eq!((held.since, held.hang_up), (BEGAN, true));
    assert_eq!(state(&[engaged(true), lifted()]).engaged(), None);
    let again = state(&[engaged(true), lifted(), engaged(false)]);
    let again = again.engaged().unwrap();
    assert_eq!((again.since, again.hang_up), (BEGAN.plus_ms(2), false));
}

#[test]
fn only_what_is_engaged_is_lifted() {
    assert_eq!(decide(&[engaged(true)], lift("repaired")), Ok(vec![lifted()]));
    for given in [vec![], vec![engaged(true), lifted()]] {
        assert_eq!(decide(&given, lift("repaired")), Err(StopRefusal::NotEngaged));
    }
}

#[test]
fn a_reason_is_needed_and_has_an_end() {
    for blank in ["", " \n"] {
        assert_eq!(decide(&[], engage(blank, false)), Err(StopRefusal::NoReason));
        assert_eq!(decide(&[engaged(false)], lift(blank)), Err(StopRefusal::NoReason));
    }
    let longest = "x".repeat(REASON_BYTES_MAX);
    assert!(decide(&[], engage(&longest, false)).is_ok());
    let too_long = StopRefusal::TooLong {
        bytes: REASON_BYTES_MAX + 1,
        bytes_max: REASON_BYTES_MAX,
    };
    assert_eq!(decide(&[], engage(&format!("{longest}x"), false)), Err(too_long));
}
