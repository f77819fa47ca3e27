//! Tests of the installation decider: given events, when a command, then events or a refusal.

use super::clock::{ClockDoubt, ClockDoubtCause, ClockTrust};
use super::decide::{CLOCK_NOTE_MS, REASON_BYTES_MAX, SOURCE_BYTES_MAX, USER_BYTES_MAX};
use super::event::{ClockOffset, RestoreFacts};
use super::keys::RestoredKeys;
use super::loss::{LossEvidence, LostHistory};
use super::{Installation, InstallationCommand, InstallationEvent, InstallationRefusal, InstallationState};
use crate::decider::{Context, Decider};
use crate::record::stored_event::Position;
use crate::time::Timestamp;

fn facts(to_position: u64) -> RestoreFacts {
    RestoreFacts {
        source_head: Position(9),
        to_position: Position(to_position),
        backup_made_at: Timestamp::from_millis(1_772_416_800_000),
        log_root: None,
    }
}

fn restored() -> InstallationEvent {
    InstallationEvent::Restored { facts: facts(9) }
}

fn confirmed(by: Option<&str>, reason: &str) -> InstallationEvent {
    InstallationEvent::DialingConfirmed {
        by: by.map(str::to_owned),
        reason: reason.to_owned(),
    }
}

fn confirm(by: Option<&str>, reason: &str) -> InstallationCommand {
    InstallationCommand::ConfirmDialing {
        by: by.map(str::to_owned),
        reason: reason.to_owned(),
    }
}

fn check(
    given: &[InstallationEvent],
    when: InstallationCommand,
    then: Result<Vec<InstallationEvent>, InstallationRefusal>,
) {
    let now = Timestamp::from_millis(1_772_416_800_000);
    let mut state = InstallationState::default();
    for event in given {
        Installation::evolve(&mut state, event, now);
    }
    let decided = Installation::decide(&state, when.clone(), Context { now });
    assert_eq!(decided, then, "{given:?} {when:?}");
    for event in decided.unwrap_or_default() {
        Installation::evolve(&mut state, &event, now);
        match event {
            InstallationEvent::Restored { .. } | InstallationEvent::HistoryLost { .. } => {
                assert!(state.is_dialing_paused());
            }
            InstallationEvent::DialingConfirmed { .. } => assert!(!state.is_dialing_paused()),
            InstallationEvent::Named { .. }
            | InstallationEvent::KeysRestored { .. }
            | InstallationEvent::IndexRemade { .. }
            | InstallationEvent::ClockOffsetMeasured { .. } => {}
            InstallationEvent::ClockDoubted { .. } => assert!(state.clock_doubt().is_some()),
            InstallationEvent::ClockTrusted { .. } => assert_eq!(state.clock_doubt(), None),
        }
    }
}

#[test]
fn an_index_made_again_is_on_record_with_the_beginning_of_what_was_wrong() {
    let note = |why: String| InstallationCommand::NoteIndexRemade { why };
    let remade = |why: String| Ok(vec![InstallationEvent::IndexRemade { why }]);
    check(&[], note("by_stream".to_owned()), remade("by_stream".to_owned()));
    check(&[], note("坏".repeat(200)), remade("坏".repeat(85)));
}

#[test]
fn a_restore_pauses_dialing_and_a_confirmation_ends_the_pause() {
    check(&[], InstallationCommand::Restore(facts(9)), Ok(vec![restored()]));
    check(
        &[restored()],
        confirm(Some("wang"), "looked"),
        Ok(vec![confirmed(Some("wang"), "looked")]),
    );
}

#[test]
fn a_second_restore_pauses_again_whether_the_first_was_confirmed_or_not() {
    let again = InstallationEvent::Restored { facts: facts(5) };
    for given in [vec![restored()], vec![restored(), confirmed(None, "ok")]] {
        check(
            &given,
            InstallationCommand::Restore(facts(5)),
            Ok(vec![again.clone()]),
        );
    }
}

#[test]
fn nothing_is_confirmed_twice_or_without_a_restore() {
    let refused = || Err(InstallationRefusal::NotPaused);
    check(&[], confirm(None, "ok"), refused());
    check(
        &[restored(), confirmed(None, "ok")],
        confirm(None, "ok"),
        refused(),
    );
}

#[test]
fn a_confirmation_says_why_within_its_limits() {
    check(
        &[restored()],
        confirm(None, " "),
        Err(InstallationRefusal::NoReason),
    );
    for (reason_bytes, user_bytes, too_long) in [
        (REASON_BYTES_MAX, USER_BYTES_MAX, None),
        (REASON_BYTES_MAX + 1, 1, Some(("reason", REASON_BYTES_MAX))),
        (1, USER_BYTES_MAX + 1, Some(("user", USER_BYTES_MAX))),
    ] {
        let (reason, by) = ("r".repeat(reason_bytes), "u".repeat(user_bytes));
        let then = match too_long {
            None => Ok(vec![confirmed(Some(&by), &reason)]),
            Some((member, bytes_max)) => Err(InstallationRefusal::TooLong {
                member,
                bytes: bytes_max + 1,
                bytes_max,
            }),
        };
        check(&[restored()], confirm(Some(&by), &reason), then);
    }
}

fn name(text: &str) -> InstallationCommand {
    InstallationCommand::Name {
        fingerprint: text.to_owned(),
    }
}

fn named(text: &str) -> InstallationEvent {
    InstallationEvent::Named {
        fingerprint: text.to_owned(),
    }
}

#[test]
fn a_log_is_named_once_for_life() {
    check(&[], name("a"), Ok(vec![named("a")]));
    check(&[named("a")], name("a"), Ok(Vec::new()));
    let refused = Err(InstallationRefusal::OtherName);
    check(&[named("a")], name("b"), refused.clone());
    check(&[named("a"), restored()], name("b"), refused);
    check(&[restored()], name("b"), Ok(vec![named("b")]));
}

#[test]
fn the_last_restore_of_keys_says_how_many_people_cannot_be_read() {
    let now = Timestamp::EPOCH;
    let mut state = InstallationState::default();
    assert_eq!(state.restored_keys(), None);
    for unreadable_count in [3, 0] {
        let keys = RestoredKeys {
            backup_taken_at: now,
            keys_count: 7,
            newest_readable: None,
            unreadable_count,
        };
        let command = InstallationCommand::NoteKeysRestored(keys.clone());
        let decided = Installation::decide(&state, command, Context { now }).unwrap();
        for event in &decided {
            Installation::evolve(&mut state, event, now);
        }
        assert_eq!(state.restored_keys(), Some(&keys));
    }
}

fn measured(source: &str, offset_ms: i64) -> ClockOffset {
    ClockOffset {
        offset_ms,
        round_trip_ms: 2,
        source: source.to_owned(),
        uncertainty_ms: 3,
    }
}

/// Returns true if an offset is recorded after another one, so many milliseconds later.
fn is_noted(first: i64, then: i64, later_ms: u64) -> bool {
    let now = Timestamp::from_millis(1_772_416_800_000);
    let mut state = InstallationState::default();
    let first = InstallationEvent::ClockOffsetMeasured {
        offset: measured("ntp:a", first),
    };
    Installation::evolve(&mut state, &first, now);
    let command = InstallationCommand::NoteClockOffset(measured("ntp:a", then));
    let now = now.plus_ms(later_ms);
    let decided = Installation::decide(&state, command, Context { now }).unwrap();
    !decided.is_empty()
}

#[test]
fn an_offset_is_noted_when_it_is_new_has_changed_or_a_day_has_passed() {
    check(
        &[],
        InstallationCommand::NoteClockOffset(measured("ntp:a", 0)),
        Ok(vec![InstallationEvent::ClockOffsetMeasured {
            offset: measured("ntp:a", 0),
        }]),
    );
    for (offsets, later_ms, noted) in [
        ((0, 249), 0, false),
        ((0, 250), 0, true),
        ((0, -250), 0, true),
        ((5, 5), CLOCK_NOTE_MS - 1, false),
        ((5, 5), CLOCK_NOTE_MS, true),
        ((2_000, 2_001), 0, true),
        ((-2_001, -2_000), 0, true),
        ((2_001, 2_100), 0, false),
    ] {
        assert_eq!(
            is_noted(offsets.0, offsets.1, later_ms),
            noted,
            "{offsets:?} {later_ms}"
        );
    }
}

#[test]
fn each_source_is_compared_with_itself_and_only_so_many_are_remembered() {
    let mut state = InstallationState::default();
    for index in 0..17 {
        let offset = measured(&format!("ntp:{index}"), 1);
        let event = InstallationEvent::ClockOffsetMeasured { offset };
        Installation::evolve(&mut state, &event, Timestamp::from_millis(index));
    }
    assert_eq!(state.clock_offset("ntp:0"), None);
    assert!(state.clock_offset("ntp:1").is_some() && state.clock_offset("ntp:16").is_some());
}

#[test]
fn the_name_of_a_clock_has_a_limit() {
    for (bytes, taken) in [(SOURCE_BYTES_MAX, true), (SOURCE_BYTES_MAX + 1, false)] {
        let command = InstallationCommand::NoteClockOffset(measured(&"n".repeat(bytes), 0));
        let now = Timestamp::EPOCH;
        let decided = Installation::decide(&InstallationState::default(), command, Context { now });
        assert_eq!(decided.is_ok(), taken, "{bytes}");
    }
}

fn doubt(cause: ClockDoubtCause, apart_ms: i64) -> ClockDoubt {
    ClockDoubt { cause, apart_ms }
}

fn doubted(cause: ClockDoubtCause) -> InstallationEvent {
    let doubt = doubt(cause, 3_000);
    InstallationEvent::ClockDoubted { doubt }
}

fn trusted(how: ClockTrust, source: Option<&str>, said: Option<(&str, &str)>) -> InstallationEvent {
    InstallationEvent::ClockTrusted {
        how,
        source: source.map(str::to_owned),
        by: said.map(|(by, _)| by.to_owned()),
        reason: said.map(|(_, reason)| reason.to_owned()),
    }
}

fn confirm_clock(by: &str, reason: &str) -> InstallationCommand {
    InstallationCommand::ConfirmClock {
        by: Some(by.to_owned()),
        reason: reason.to_owned(),
    }
}

#[test]
fn a_doubt_is_noted_once_for_each_cause_and_ends_once() {
    use ClockDoubtCause::{BeforeLog, WallMoved};
    let again = |cause| InstallationCommand::DoubtClock(doubt(cause, 9_000));
    let wall = doubted(WallMoved);
    let noted = InstallationEvent::ClockDoubted {
        doubt: doubt(WallMoved, 9_000),
    };
    check(&[], again(WallMoved), Ok(vec![noted]));
    check(std::slice::from_ref(&wall), again(WallMoved), Ok(vec![]));
    let other = InstallationEvent::ClockDoubted {
        doubt: doubt(BeforeLog, 9_000),
    };
    check(std::slice::from_ref(&wall), again(BeforeLog), Ok(vec![other]));
    let agree = InstallationCommand::AgreeOnClock;
    let agreed = trusted(ClockTrust::Agreed, None, None);
    check(
        std::slice::from_ref(&wall),
        agree.clone(),
        Ok(vec![agreed.clone()]),
    );
    check(&[], agree.clone(), Ok(vec![]));
    check(&[wall.clone(), agreed], agree, Ok(vec![]));
    let source = "ntp:127.0.0.1:123".to_owned();
    let found = trusted(ClockTrust::SourceAgreed, Some(&source), None);
    check(
        &[wall],
        InstallationCommand::BelieveSource { source },
        Ok(vec![found]),
    );
}

#[test]
fn a_person_confirms_a_clock_that_is_doubted_with_a_reason() {
    let wall = doubted(ClockDoubtCause::WallMoved);
    let said = trusted(ClockTrust::Confirmed, None, Some(("wang", "looked")));
    check(
        std::slice::from_ref(&wall),
        confirm_clock("wang", "looked"),
        Ok(vec![said]),
    );
    check(
        &[],
        confirm_clock("wang", "looked"),
        Err(InstallationRefusal::ClockNotDoubted),
    );
    check(
        std::slice::from_ref(&wall),
        confirm_clock("wang", " "),
        Err(InstallationRefusal::NoReason),
    );
    // A clock doubt and a restore need separate confirmations.
    check(
        &[wall],
        confirm(None, "looked"),
        Err(InstallationRefusal::NotPaused),
    );
}

fn lost(known_by: LossEvidence, known_head: u64) -> LostHistory {
    LostHistory {
        known_by,
        known_head: Position(known_head),
        known_root: (known_by == LossEvidence::Checkpoint).then(|| format!("root of {known_head}")),
        log_head: Position(240),
        log_root: None,
        origin_suffix: (known_by == LossEvidence::Checkpoint).then(|| format!("from {known_head}")),
    }
}

fn gone(known_by: LossEvidence, known_head: u64) -> InstallationEvent {
    InstallationEvent::HistoryLost {
        lost: lost(known_by, known_head),
    }
}

#[test]
fn a_lost_history_pauses_dialing_until_it_is_confirmed_and_the_same_checkpoint_is_lost_once() {
    use InstallationCommand::NoteHistoryLost as Note;
    let signed = || gone(LossEvidence::Checkpoint, 489);
    check(&[], Note(lost(LossEvidence::Checkpoint, 489)), Ok(vec![signed()]));
    check(&[signed()], confirm(None, "ok"), Ok(vec![confirmed(None, "ok")]));
    for given in [vec![signed()], vec![signed(), confirmed(None, "ok")]] {
        check(&given, Note(lost(LossEvidence::Checkpoint, 489)), Ok(Vec::new()));
        check(
            &given,
            Note(lost(LossEvidence::Checkpoint, 300)),
            Ok(vec![gone(LossEvidence::Checkpoint, 300)]),
        );
    }
    // The rows of a view are rebuilt each time, so a view ahead of the log is a new loss each time.
    let ahead = || gone(LossEvidence::View, 489);
    check(&[ahead()], Note(lost(LossEvidence::View, 489)), Ok(vec![ahead()]));
}

#[test]
fn the_origin_follows_the_last_signed_history_that_was_lost_and_since_when_the_first() {
    let mut state = InstallationState::default();
    let at = |seconds: i64| Timestamp::from_millis(1_772_416_800_000 + seconds * 1_000);
    Installation::evolve(&mut state, &gone(LossEvidence::Checkpoint, 489), at(0));
    Installation::evolve(&mut state, &gone(LossEvidence::Checkpoint, 300), at(1));
    Installation::evolve(&mut state, &gone(LossEvidence::View, 489), at(2));
    assert_eq!(state.origin_suffix(), Some("from 300"));
    assert_eq!(state.unconfirmed_loss().map(|(_, since)| *since), Some(at(0)));
    Installation::evolve(&mut state, &confirmed(None, "ok"), at(3));
    assert!(!state.is_dialing_paused() && state.unconfirmed_loss().is_none());
    assert!(state.has_given_up(Position(300), Some("root of 300")));
    assert!(!state.has_given_up(Position(300), Some("another root")));
}
