//! Tests of the subscriber decider: given events, when a command, then events or a refusal.

use super::{
    REASON_BYTES_MAX, Subscriber, SubscriberCommand, SubscriberEvent, SubscriberFilter, SubscriberRefusal,
    SubscriberState,
};
use crate::decider::{Context, Decider};
use crate::event_filter::EventFilter;
use crate::stored_event::Position;
use crate::time::Timestamp;

const NOW: Timestamp = Timestamp::from_millis(1_772_416_800_000);

fn calls() -> SubscriberFilter {
    SubscriberFilter {
        kinds: vec!["call.".to_owned()],
        ..SubscriberFilter::default()
    }
}

fn added(after: u64) -> SubscriberEvent {
    SubscriberEvent::Added {
        follows: calls(),
        after: Position(after),
    }
}

fn reached(position: u64) -> SubscriberEvent {
    SubscriberEvent::Reached {
        position: Position(position),
    }
}

fn removed() -> SubscriberEvent {
    SubscriberEvent::Removed { reason: None }
}

fn follow(wanted: Option<SubscriberFilter>) -> SubscriberCommand {
    SubscriberCommand::Follow {
        wanted,
        after: Position(5),
    }
}

fn acknowledge(position: u64) -> SubscriberCommand {
    SubscriberCommand::Acknowledge {
        position: Position(position),
        turn: None,
    }
}

fn reset(after: u64, reason: Option<String>) -> SubscriberCommand {
    SubscriberCommand::Reset {
        after: Position(after),
        reason,
    }
}

fn given(events: &[SubscriberEvent]) -> SubscriberState {
    let mut state = SubscriberState::default();
    for event in events {
        Subscriber::evolve(&mut state, event, NOW);
    }
    state
}

fn when(
    events: &[SubscriberEvent],
    command: SubscriberCommand,
) -> Result<Vec<SubscriberEvent>, SubscriberRefusal> {
    Subscriber::decide(&given(events), command, Context { now: NOW })
}

#[test]
fn who_follows_first_makes_the_name_and_who_comes_again_is_where_they_were() {
    assert_eq!(when(&[], follow(Some(calls()))), Ok(vec![added(5)]));
    let before = [added(0), reached(9)];
    assert_eq!(when(&before, follow(Some(calls()))), Ok(Vec::new()));
    assert_eq!(when(&before, follow(None)), Ok(Vec::new()), "without its filter");
    assert_eq!(given(&before).position(), Position(9));
}

#[test]
fn a_name_follows_the_same_events_for_ever() {
    let other = SubscriberFilter {
        kinds: vec!["campaign.".to_owned()],
        ..SubscriberFilter::default()
    };
    assert_eq!(
        when(&[added(0)], follow(Some(other.clone()))),
        Err(SubscriberRefusal::OtherEvents)
    );
    let again = when(&[added(0), removed()], follow(Some(other.clone())));
    let fresh = SubscriberEvent::Added {
        follows: other,
        after: Position(5),
    };
    assert_eq!(again, Ok(vec![fresh]), "once removed it is free");
}

#[test]
fn the_order_and_repetition_of_names_make_no_other_filter() {
    let filter = |kinds: &[&str]| EventFilter {
        kinds: kinds.iter().map(|kind| (*kind).to_owned()).collect(),
        ..EventFilter::default()
    };
    let one = SubscriberFilter::of(&filter(&["call.", "number."]));
    assert_eq!(one, SubscriberFilter::of(&filter(&["number.", "call.", "call."])));
    assert_eq!(one.filter(), filter(&["call.", "number."]));
}

#[test]
fn a_position_goes_forward_by_acknowledgment_and_back_by_a_reset_only() {
    let before = [added(0), reached(9)];
    assert_eq!(when(&before, acknowledge(12)), Ok(vec![reached(12)]));
    for late in [9, 3] {
        assert_eq!(when(&before, acknowledge(late)), Ok(Vec::new()), "{late}");
    }
    let back = SubscriberEvent::Reset {
        before: Position(9),
        after: Position(3),
        reason: None,
    };
    assert_eq!(when(&before, reset(3, None)), Ok(vec![back.clone()]));
    let after = given(&[added(0), reached(9), back]);
    assert_eq!(after.position(), Position(3));
}

#[test]
fn a_word_of_an_earlier_turn_does_not_undo_a_reset() {
    let of_turn = |turn| SubscriberCommand::Acknowledge {
        position: Position(12),
        turn: Some(turn),
    };
    let back = SubscriberEvent::Reset {
        before: Position(9),
        after: Position(3),
        reason: None,
    };
    let sent_back = [added(0), reached(9), back];
    let made_again = [added(0), removed(), added(0)];
    for events in [sent_back, made_again] {
        assert_eq!(given(&events).turn(), 2);
        assert_eq!(when(&events, of_turn(1)), Ok(Vec::new()));
        assert_eq!(when(&events, of_turn(2)), Ok(vec![reached(12)]));
        assert_eq!(when(&events, acknowledge(12)), Ok(vec![reached(12)]));
    }
}

#[test]
fn what_is_not_there_is_not_acknowledged_reset_or_removed() {
    let remove = SubscriberCommand::Remove { reason: None };
    for events in [&[][..], &[added(0), removed()][..]] {
        for command in [acknowledge(1), reset(0, None), remove.clone()] {
            assert_eq!(when(events, command), Err(SubscriberRefusal::Unknown));
        }
    }
}

#[test]
fn a_reason_is_short() {
    let long = Some("x".repeat(REASON_BYTES_MAX + 1));
    let refused = Err(SubscriberRefusal::TooLong {
        bytes: REASON_BYTES_MAX + 1,
        bytes_max: REASON_BYTES_MAX,
    });
    assert_eq!(when(&[added(0)], reset(0, long)), refused);
    let just = Some("x".repeat(REASON_BYTES_MAX));
    assert!(when(&[added(0)], reset(0, just)).is_ok());
}
