//! Tests of the view decider: given events, when a command, then events or a refusal.

use super::{
    BY_BYTES_MAX, REASON_BYTES_MAX, SwitchFacts, TableFacts, View, ViewCommand, ViewEvent, ViewRefusal,
    ViewState,
};
use crate::decider::{Context, Decider};
use crate::record::stored_event::Position;
use crate::time::Timestamp;

const BEGUN: Timestamp = Timestamp::from_micros(1_772_416_800_000_000);

/// Returns a switch with this digest of the new rows; the live ones have `a`.
pub(super) fn facts(begun_at: Timestamp, digest: &str) -> SwitchFacts {
    SwitchFacts {
        version: 3,
        begun_at,
        position: Position(1_010),
        compared_at: Position(1_000),
        tables: vec![TableFacts {
            table: "funnel".to_owned(),
            rows_before: 7,
            rows_after: 7,
            sha256_before: "a".repeat(64),
            sha256_after: digest.repeat(64),
        }],
    }
}

fn decided(given: &[ViewEvent], when: ViewCommand) -> Result<Vec<ViewEvent>, ViewRefusal> {
    let mut state = ViewState::default();
    for event in given {
        View::evolve(&mut state, event, BEGUN);
    }
    View::decide(&state, when, Context { now: BEGUN })
}

fn rebuild(begun_at: Timestamp) -> ViewCommand {
    ViewCommand::Rebuild {
        version: 3,
        begun_at,
        by: None,
    }
}

fn switch(digest: &str, reason: Option<&str>) -> ViewCommand {
    ViewCommand::Switch {
        facts: facts(BEGUN, digest),
        accepted_differences: reason.map(str::to_owned),
        by: None,
    }
}

#[test]
fn a_rebuild_is_on_record_once_from_its_beginning_to_its_end() {
    let begun = decided(&[], rebuild(BEGUN)).unwrap();
    assert_eq!(begun.len(), 1);
    assert_eq!(decided(&begun, rebuild(BEGUN)), Ok(Vec::new()), "it goes on");
    let switched = decided(&begun, switch("a", None)).unwrap();
    let whole = [begun[0].clone(), switched[0].clone()];
    for again in [rebuild(BEGUN), switch("a", None)] {
        assert_eq!(decided(&whole, again), Ok(Vec::new()));
    }
    let cancel = ViewCommand::Cancel {
        begun_at: BEGUN,
        by: None,
    };
    assert_eq!(
        decided(&whole, cancel.clone()),
        Ok(Vec::new()),
        "what has ended stays so"
    );
    assert_eq!(decided(&begun, cancel).unwrap().len(), 1);
    assert_eq!(decided(&whole, rebuild(BEGUN.plus_ms(1))).unwrap().len(), 1);
}

#[test]
fn the_end_of_a_rebuild_is_recorded_without_its_beginning() {
    assert_eq!(decided(&[], switch("a", None)).unwrap().len(), 1);
}

#[test]
fn rows_that_differ_are_put_in_place_for_a_reason_only() {
    for reason in [None, Some(""), Some(" \n")] {
        assert_eq!(
            decided(&[], switch("b", reason)),
            Err(ViewRefusal::ReasonMissing),
            "{reason:?}"
        );
    }
    let kept = |digest| match decided(&[], switch(digest, Some("a bug"))).unwrap().remove(0) {
        ViewEvent::Switched {
            accepted_differences, ..
        } => accepted_differences,
        other @ (ViewEvent::RebuildBegun { .. } | ViewEvent::RebuildCanceled { .. }) => panic!("{other:?}"),
    };
    assert_eq!(kept("b").as_deref(), Some("a bug"));
    assert_eq!(kept("a"), None, "there is nothing to accept");
}

#[test]
fn texts_have_limits() {
    let too_long = |member, bytes_max| {
        Err(ViewRefusal::TooLong {
            member,
            bytes: bytes_max + 1,
            bytes_max,
        })
    };
    assert!(decided(&[], switch("b", Some(&"x".repeat(REASON_BYTES_MAX)))).is_ok());
    let long = decided(&[], switch("b", Some(&"x".repeat(REASON_BYTES_MAX + 1))));
    assert_eq!(long, too_long("reason", REASON_BYTES_MAX));
    let by = |bytes| ViewCommand::Cancel {
        begun_at: BEGUN,
        by: Some("u".repeat(bytes)),
    };
    assert!(decided(&[], by(BY_BYTES_MAX)).is_ok());
    assert_eq!(decided(&[], by(BY_BYTES_MAX + 1)), too_long("by", BY_BYTES_MAX));
}
