//! Tests of the test phones decider: the list before and after a change.

use super::{
    TEST_PHONES_MAX, TestPhone, TestPhones, TestPhonesCommand, TestPhonesEvent, TestPhonesRefusal,
    TestPhonesState,
};
use crate::decider::{Context, Decider};
use crate::personal::Personal;
use crate::time::Timestamp;

fn phone(nth: usize) -> TestPhone {
    TestPhone {
        number: format!("{nth:032x}").parse().unwrap(),
        phone: Personal::open(format!("+1555010{nth:04}")),
        label: "reception".to_owned(),
    }
}

fn add(phone: TestPhone, reason: &str) -> TestPhonesCommand {
    let reason = reason.to_owned();
    TestPhonesCommand::Add { phone, reason }
}

fn remove(nth: usize) -> TestPhonesCommand {
    TestPhonesCommand::Remove {
        number: phone(nth).number,
        reason: "returned".to_owned(),
    }
}

/// Returns the number of phones before and after each command that changed the list.
fn change(
    state: &mut TestPhonesState,
    command: TestPhonesCommand,
) -> Result<Option<(usize, usize)>, TestPhonesRefusal> {
    let events = TestPhones::decide(
        state,
        command,
        Context {
            now: Timestamp::EPOCH,
        },
    )?;
    let mut counts = None;
    for event in &events {
        let TestPhonesEvent::Changed { before, after, .. } = event;
        counts = Some((before.len(), after.len()));
        TestPhones::evolve(state, event, Timestamp::EPOCH);
    }
    Ok(counts)
}

#[test]
fn a_change_says_what_was_and_what_is_and_only_what_is_listed_is_held() {
    let mut state = TestPhonesState::default();
    assert_eq!(change(&mut state, add(phone(1), "a phone")), Ok(Some((0, 1))));
    assert_eq!(change(&mut state, add(phone(1), "again")), Ok(None));
    assert_eq!(change(&mut state, add(phone(2), "another")), Ok(Some((1, 2))));
    let renamed = TestPhone {
        label: "office".to_owned(),
        ..phone(1)
    };
    assert_eq!(change(&mut state, add(renamed, "moved")), Ok(Some((2, 2))));
    assert_eq!(change(&mut state, remove(1)), Ok(Some((2, 1))));
    assert!(!state.holds(&phone(1).number) && state.holds(&phone(2).number));
    assert_eq!(change(&mut state, remove(1)), Err(TestPhonesRefusal::NotListed));
}

#[test]
fn what_makes_no_list_is_refused() {
    let mut state = TestPhonesState::default();
    for nth in 0..TEST_PHONES_MAX {
        assert!(change(&mut state, add(phone(nth), "all")).is_ok());
    }
    let phones_max = TEST_PHONES_MAX;
    let more = change(&mut state, add(phone(TEST_PHONES_MAX), "all"));
    assert_eq!(more, Err(TestPhonesRefusal::TooMany { phones_max }));
    assert_eq!(
        change(&mut state, add(phone(1), " ")),
        Err(TestPhonesRefusal::NoReason)
    );
    let long = TestPhone {
        label: "x".repeat(41),
        ..phone(1)
    };
    assert_eq!(
        change(&mut state, add(long, "x")),
        Err(TestPhonesRefusal::TooLong)
    );
}
