//! Given events, when a command, then events or a refusal.

use super::decide::{REASON_BYTES_MAX, USER_BYTES_MAX};
use super::event::RestoreFacts;
use super::{Installation, InstallationCommand, InstallationEvent, InstallationRefusal, InstallationState};
use crate::decider::{Context, Decider};
use crate::stored_event::Position;
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
        let paused = matches!(event, InstallationEvent::Restored { .. });
        assert_eq!(state.is_dialing_paused(), paused, "{event:?}");
    }
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
