//! Tests of locks by user name and address: given a user's events, when a sign-in comes from an address, then
//! events or a refusal.

use super::event::{SignInFault, UserEvent};
use super::*;
use crate::personal::Personal;
use crate::time::Timestamp;
use values::digest::SecretDigest;
use values::permission::{CampaignScope, Role};

fn now() -> Timestamp {
    "2026-03-02T10:00:00Z".parse().unwrap()
}

fn added() -> UserEvent {
    UserEvent::Added {
        roles: [Role::Viewer].into(),
        campaigns: CampaignScope::All,
        team: None,
        password: Some(first_password()),
        invitation: None,
        reason: None,
        until: None,
        mail: None,
    }
}

fn after(events: &[UserEvent]) -> UserState {
    let mut state = UserState::default();
    for event in events {
        User::evolve(&mut state, event, now());
    }
    state
}

fn when_at(state: &UserState, at: Timestamp, command: UserCommand) -> Result<Vec<UserEvent>, UserRefusal> {
    User::decide(state, command, Context { now: at })
}

fn first_password() -> Personal<String> {
    Personal::open("$argon2id$…".to_owned())
}

fn wrong_from(address: &str) -> UserCommand {
    UserCommand::RefuseSignIn {
        fault: SignInFault::WrongPassword,
        from: Some(address.to_owned()),
    }
}

fn sign_in_from(address: &str) -> UserCommand {
    UserCommand::SignIn {
        session: SecretDigest::of("s"),
        until: now().plus_ms(SESSION_MS),
        from: Some(address.to_owned()),
        held_against: Some(first_password()),
        proof: SignInProof::Password,
    }
}

/// A stranger who knows a name does not lock its user out.
#[test]
fn a_lock_is_of_one_address_and_a_network_of_ipv6_is_one() {
    let mut state = after(&[added()]);
    for number in 0..WRONG_MAX {
        let wrong = wrong_from(&format!("2001:db8::{number}"));
        for event in when_at(&state, now(), wrong).unwrap() {
            User::evolve(&mut state, &event, now());
        }
    }
    for locked in ["2001:db8::7", "2001:db8:0:0:ffff::1"] {
        let refused = when_at(&state, now(), sign_in_from(locked));
        assert!(matches!(refused, Err(UserRefusal::Locked { .. })), "{locked}");
    }
    for free in ["2001:db8:0:1::7", "192.0.2.7"] {
        assert!(when_at(&state, now(), sign_in_from(free)).is_ok(), "{free}");
    }
    for event in when_at(&state, now(), sign_in_from("192.0.2.7")).unwrap() {
        User::evolve(&mut state, &event, now());
    }
    let still = when_at(&state, now(), sign_in_from("2001:db8::7"));
    assert!(
        matches!(still, Err(UserRefusal::Locked { .. })),
        "a right password elsewhere forgives nothing here"
    );
}

#[test]
fn a_lock_without_an_address_holds_for_all_and_addresses_are_bounded() {
    let old = UserEvent::Locked {
        until: now().plus_ms(60_000),
        locked_count: 1,
        from: None,
    };
    let state = after(&[added(), old]);
    let refused = when_at(&state, now(), sign_in_from("192.0.2.7"));
    assert!(matches!(refused, Err(UserRefusal::Locked { .. })));
    let mut state = after(&[added()]);
    for number in 0..1_000_u64 {
        let at = now().plus_ms(number);
        let address = format!("10.0.{}.{}", number / 256, number % 256);
        for event in when_at(&state, at, wrong_from(&address)).unwrap() {
            User::evolve(&mut state, &event, at);
        }
    }
    assert!(
        format!("{state:?}").len() < 64 * 1_024,
        "at most 64 addresses are kept"
    );
}
