//! Tests of the user decider: given a user's events, when a command, then events or a refusal.

use super::event::{Invitation, SignInFault, UserEvent, UserScope};
use super::*;
use crate::personal::Personal;
use crate::time::Timestamp;
use std::collections::BTreeSet;
use values::digest::SecretDigest;
use values::permission::{CampaignScope, Role};

fn now() -> Timestamp {
    "2026-03-02T10:00:00Z".parse().unwrap()
}

fn roles(held: &[Role]) -> BTreeSet<Role> {
    held.iter().copied().collect()
}

fn added(held: &[Role]) -> UserEvent {
    UserEvent::Added {
        roles: roles(held),
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

fn when(events: &[UserEvent], command: UserCommand) -> Result<Vec<UserEvent>, UserRefusal> {
    when_at(&after(events), now(), command)
}

/// Returns the stored hash of the password in `added`.
fn first_password() -> Personal<String> {
    Personal::open("$argon2id$…".to_owned())
}

fn sign_in(secret: &str) -> UserCommand {
    UserCommand::SignIn {
        session: SecretDigest::of(secret),
        until: now().plus_ms(SESSION_MS),
        from: None,
        held_against: Some(first_password()),
        proof: SignInProof::Password,
    }
}

fn wrong() -> UserCommand {
    UserCommand::RefuseSignIn {
        fault: SignInFault::WrongPassword,
        from: None,
    }
}

fn disable(has_other_admin: bool) -> UserCommand {
    UserCommand::Disable {
        reason: "left".to_owned(),
        has_other_admin,
    }
}

#[test]
fn a_name_is_given_once_and_with_a_role() {
    let add = |held: &[Role]| UserCommand::Add {
        roles: roles(held),
        campaigns: CampaignScope::All,
        team: None,
        password: None,
        invitation: None,
        reason: None,
        until: None,
        mail: None,
    };
    assert!(when(&[], add(&[Role::Viewer])).is_ok());
    assert_eq!(when(&[], add(&[])), Err(UserRefusal::NoRole));
    assert_eq!(
        when(&[added(&[Role::Viewer])], add(&[Role::Viewer])),
        Err(UserRefusal::Exists)
    );
}

#[test]
fn roles_change_with_a_reason_before_and_after_and_end_every_session() {
    let mut state = after(&[added(&[Role::Viewer])]);
    for event in when_at(&state, now(), sign_in("s")).unwrap() {
        User::evolve(&mut state, &event, now());
    }
    assert!(state.has_session("s", now()) && !state.has_session("t", now()));
    assert!(!state.has_session("s", now().plus_ms(SESSION_MS)), "it ends");
    let grant = |reason: &str, others_could_revoke| UserCommand::GrantRole {
        role: Role::Auditor,
        reason: reason.to_owned(),
        others_could_revoke,
    };
    assert_eq!(
        when_at(&state, now(), grant(" ", true)),
        Err(UserRefusal::NoReason)
    );
    let alone = UserRefusal::NoRevokerLeft(Role::Auditor);
    assert_eq!(when_at(&state, now(), grant("q", false)), Err(alone));
    let granted = when_at(&state, now(), grant("q", true)).unwrap();
    let expected = UserEvent::RoleGranted {
        role: Role::Auditor,
        before: roles(&[Role::Viewer]),
        after: roles(&[Role::Viewer, Role::Auditor]),
        reason: "q".to_owned(),
    };
    assert_eq!(granted, [expected]);
    User::evolve(&mut state, &granted[0], now());
    assert!(!state.has_session("s", now()));
    assert_eq!(
        when_at(&state, now(), grant("q", true)),
        Ok(Vec::new()),
        "held already"
    );
}

#[test]
fn the_last_admin_stays() {
    let admin = [added(&[Role::Admin, Role::Viewer])];
    let revoke = |role, has_other_admin| UserCommand::RevokeRole {
        role,
        reason: "r".to_owned(),
        has_other_admin,
    };
    assert_eq!(when(&admin, disable(false)), Err(UserRefusal::LastAdmin));
    assert_eq!(
        when(&admin, revoke(Role::Admin, false)),
        Err(UserRefusal::LastAdmin)
    );
    assert!(when(&admin, revoke(Role::Viewer, false)).is_ok());
    assert!(when(&admin, revoke(Role::Admin, true)).is_ok());
    assert!(when(&admin, disable(true)).is_ok());
    let only = [added(&[Role::Viewer])];
    assert_eq!(when(&only, revoke(Role::Viewer, true)), Err(UserRefusal::NoRole));
    let other = UserRefusal::RoleNotHeld(Role::Admin);
    assert_eq!(when(&only, revoke(Role::Admin, true)), Err(other));
}

#[test]
fn wrong_passwords_lock_for_ever_longer_times_and_a_right_one_resets_them() {
    let mut state = after(&[added(&[Role::Viewer])]);
    let mut at = now();
    let mut held_ms = Vec::new();
    for _ in 0..8 {
        for _ in 1..WRONG_MAX {
            for event in when_at(&state, at, wrong()).unwrap() {
                User::evolve(&mut state, &event, at);
            }
        }
        let last = when_at(&state, at, wrong()).unwrap();
        assert_eq!(last.len(), 2);
        for event in &last {
            User::evolve(&mut state, event, at);
        }
        let until = state.locked_at(None, at).unwrap();
        assert_eq!(
            when_at(&state, at, sign_in("s")),
            Err(UserRefusal::Locked { until }),
            "even right"
        );
        assert_eq!(
            when_at(&state, at, wrong()),
            Err(UserRefusal::Locked { until }),
            "nothing is written"
        );
        held_ms.push(until.ms_since(at));
        at = until;
    }
    assert_eq!(
        held_ms[..3],
        [LOCKED_MS_MIN, 2 * LOCKED_MS_MIN, 4 * LOCKED_MS_MIN]
    );
    assert_eq!(held_ms[7], LOCKED_MS_MAX);
    for event in when_at(&state, at, sign_in("s")).unwrap() {
        User::evolve(&mut state, &event, at);
    }
    assert_eq!(state.attempts, attempts::AttemptsByAddress::default());
}

#[test]
fn a_link_is_good_once_and_not_for_ever() {
    let link = SecretDigest::of("link");
    let until = now().plus_ms(INVITED_MS);
    let invited = UserEvent::Invited {
        invitation: Invitation {
            sha256: link,
            until,
            delivery: None,
        },
    };
    let choose = |link| UserCommand::ChoosePassword {
        password: Personal::open("$argon2id$…".to_owned()),
        link,
    };
    let mut state = after(&[added(&[Role::Viewer]), invited]);
    let other = SecretDigest::of("another");
    assert_eq!(when_at(&state, now(), choose(other)), Err(UserRefusal::LinkVoid));
    assert_eq!(when_at(&state, until, choose(link)), Err(UserRefusal::LinkVoid));
    let chosen = when_at(&state, now(), choose(link)).unwrap();
    User::evolve(&mut state, &chosen[0], now());
    assert_eq!(when_at(&state, now(), choose(link)), Err(UserRefusal::LinkVoid));
}

#[test]
fn who_is_disabled_neither_signs_in_nor_changes() {
    let gone = [
        added(&[Role::Viewer]),
        UserEvent::Disabled {
            reason: "left".to_owned(),
        },
    ];
    assert_eq!(when(&gone, sign_in("s")), Err(UserRefusal::Disabled));
    assert_eq!(when(&gone, wrong()), Err(UserRefusal::Disabled));
    assert_eq!(when(&gone, disable(true)), Ok(Vec::new()));
    assert_eq!(after(&gone).password(), None);
    assert!(after(&gone).active().is_none());
    assert_eq!(when(&[], sign_in("s")), Err(UserRefusal::Unknown));
}

#[test]
fn no_more_sessions_than_the_limit_and_one_can_be_ended() {
    let mut state = after(&[added(&[Role::Viewer])]);
    for index in 0..=SESSIONS_MAX {
        for event in when_at(&state, now(), sign_in(&index.to_string())).unwrap() {
            User::evolve(&mut state, &event, now());
        }
    }
    assert!(!state.has_session("0", now()) && state.has_session("1", now()));
    let out = |secret: &str| UserCommand::SignOut {
        session: SecretDigest::of(secret),
    };
    let ended = when_at(&state, now(), out("1")).unwrap();
    User::evolve(&mut state, &ended[0], now());
    assert!(!state.has_session("1", now()));
    assert_eq!(when_at(&state, now(), out("1")), Ok(Vec::new()));
}

/// Returns a user with an authenticator app that gave the code of step 7, and with one recovery code.
fn with_second_factor() -> UserState {
    let mut state = after(&[added(&[Role::Viewer])]);
    let offer = UserCommand::OfferSecondFactor {
        secret: Personal::open("JBSWY3DPEHPK3PXP".to_owned()),
    };
    let add = UserCommand::AddSecondFactor {
        step: 7,
        recovery: [SecretDigest::of("recovery")].into(),
    };
    let early = when_at(&state, now(), add.clone());
    assert_eq!(early, Err(UserRefusal::NoSecondFactorOffered));
    for event in when_at(&state, now(), sign_in("before")).unwrap() {
        User::evolve(&mut state, &event, now());
    }
    for event in when_at(&state, now(), offer.clone()).unwrap() {
        User::evolve(&mut state, &event, now());
    }
    assert!(
        when_at(&state, now(), sign_in("s")).is_ok(),
        "it does not count yet"
    );
    let late = now().plus_ms(second_factor::OFFERED_MS);
    assert_eq!(
        when_at(&state, late, add.clone()),
        Err(UserRefusal::NoSecondFactorOffered)
    );
    for event in when_at(&state, now(), add.clone()).unwrap() {
        User::evolve(&mut state, &event, now());
    }
    assert!(!state.has_session("before", now()), "sessions end");
    assert_eq!(
        when_at(&state, now(), offer),
        Err(UserRefusal::SecondFactorExists)
    );
    assert_eq!(when_at(&state, now(), add), Err(UserRefusal::SecondFactorExists));
    state
}

fn with_proof(proof: SignInProof) -> UserCommand {
    UserCommand::SignIn {
        session: SecretDigest::of("s"),
        until: now().plus_ms(SESSION_MS),
        from: None,
        held_against: match proof {
            SignInProof::Provider { .. } => None,
            SignInProof::Password | SignInProof::Totp { .. } | SignInProof::RecoveryCode { .. } => {
                Some(first_password())
            }
        },
        proof,
    }
}

fn guest(held: &[Role], until: Timestamp) -> UserCommand {
    UserCommand::Add {
        roles: roles(held),
        campaigns: CampaignScope::All,
        team: None,
        password: Some(first_password()),
        invitation: None,
        reason: Some("the regulator's visit".to_owned()),
        until: Some(until),
        mail: None,
    }
}

#[test]
fn a_code_of_the_second_factor_is_good_once_and_never_an_older_one() {
    let mut state = with_second_factor();
    assert_eq!(
        when_at(&state, now(), sign_in("s")),
        Err(UserRefusal::SecondFactorNeeded)
    );
    let totp = |step| with_proof(SignInProof::Totp { step });
    for step in [0, 6, 7] {
        assert_eq!(
            when_at(&state, now(), totp(step)),
            Err(UserRefusal::CodeUsed),
            "{step}"
        );
    }
    for event in when_at(&state, now(), totp(9)).unwrap() {
        User::evolve(&mut state, &event, now());
    }
    assert!(state.has_session("s", now()) && state.used_second_factor(SecretDigest::of("s")));
    for step in [8, 9] {
        assert_eq!(
            when_at(&state, now(), totp(step)),
            Err(UserRefusal::CodeUsed),
            "{step}"
        );
    }
    assert!(when_at(&state, now(), totp(10)).is_ok());
}

#[test]
fn a_password_changes_with_what_a_sign_in_asks_for_and_ends_every_session() {
    let change = |proof| UserCommand::ChangePassword {
        password: Personal::open("$argon2id$other".to_owned()),
        held_against: first_password(),
        proof,
    };
    let mut state = with_second_factor();
    assert_eq!(
        when_at(&state, now(), change(SignInProof::Password)),
        Err(UserRefusal::SecondFactorNeeded)
    );
    let totp = || change(SignInProof::Totp { step: 9 });
    for event in when_at(&state, now(), with_proof(SignInProof::Totp { step: 8 })).unwrap() {
        User::evolve(&mut state, &event, now());
    }
    assert_eq!(state.sessions_at(now()).count(), 1);
    for event in when_at(&state, now(), totp()).unwrap() {
        User::evolve(&mut state, &event, now());
    }
    assert_eq!(state.sessions_at(now()).count(), 0);
    assert_eq!(
        state.password().and_then(Personal::value).map(String::as_str),
        Some("$argon2id$other")
    );
    assert_eq!(when_at(&state, now(), totp()), Err(UserRefusal::PasswordChanged));
    let disabled = [
        added(&[Role::Viewer]),
        UserEvent::Disabled {
            reason: "left".to_owned(),
        },
    ];
    assert_eq!(
        when(&disabled, change(SignInProof::Password)),
        Err(UserRefusal::Disabled)
    );
}

#[test]
fn what_the_old_password_was_right_for_does_not_outlive_its_change() {
    let mut state = after(&[added(&[Role::Viewer])]);
    let change = |chosen: &str| UserCommand::ChangePassword {
        password: Personal::open(chosen.to_owned()),
        held_against: first_password(),
        proof: SignInProof::Password,
    };
    for event in when_at(&state, now(), change("$argon2id$one")).unwrap() {
        User::evolve(&mut state, &event, now());
    }
    // Both codes were checked before either was decided: only one can be used.
    let second = when_at(&state, now(), change("$argon2id$two"));
    assert_eq!(second, Err(UserRefusal::PasswordChanged));
    assert_eq!(
        when_at(&state, now(), sign_in("s")),
        Err(UserRefusal::PasswordChanged)
    );
    let unread = UserCommand::ChangePassword {
        password: first_password(),
        held_against: Personal::Erased { hash: None },
        proof: SignInProof::Password,
    };
    assert_eq!(when_at(&state, now(), unread), Err(UserRefusal::PasswordChanged));
}

#[test]
fn a_recovery_code_is_good_once_and_a_reset_needs_a_reason() {
    let mut state = with_second_factor();
    let recover = |code: &str| {
        with_proof(SignInProof::RecoveryCode {
            sha256: SecretDigest::of(code),
        })
    };
    assert_eq!(
        when_at(&state, now(), recover("another")),
        Err(UserRefusal::CodeUsed)
    );
    for event in when_at(&state, now(), recover("recovery")).unwrap() {
        User::evolve(&mut state, &event, now());
    }
    assert_eq!(
        when_at(&state, now(), recover("recovery")),
        Err(UserRefusal::CodeUsed)
    );
    let reset = |reason: &str| UserCommand::ResetSecondFactor {
        reason: reason.to_owned(),
    };
    assert_eq!(when_at(&state, now(), reset(" ")), Err(UserRefusal::NoReason));
    for event in when_at(&state, now(), reset("lost")).unwrap() {
        User::evolve(&mut state, &event, now());
    }
    assert!(!state.has_session("s", now()), "sessions end");
    assert_eq!(
        when_at(&state, now(), reset("lost")),
        Err(UserRefusal::NoSecondFactor)
    );
    assert!(when_at(&state, now(), sign_in("s")).is_ok(), "the password alone");
}

#[test]
fn a_provider_is_believed_of_the_subject_that_was_linked_alone() {
    let subject = |text: &str| crate::personal::LookupHash(text.to_owned());
    let by = |text: &str| {
        with_proof(SignInProof::Provider {
            issuer: "https://login.example.com".to_owned(),
            subject: subject(text),
            asked_twice: false,
        })
    };
    let mut state = with_second_factor();
    assert_eq!(when_at(&state, now(), by("a")), Err(UserRefusal::NoProvider));
    let link = UserCommand::LinkProvider {
        issuer: "https://login.example.com".to_owned(),
        subject: subject("a"),
        reason: None,
    };
    for event in when_at(&state, now(), link.clone()).unwrap() {
        User::evolve(&mut state, &event, now());
    }
    assert_eq!(when_at(&state, now(), link), Ok(Vec::new()), "linked already");
    assert_eq!(when_at(&state, now(), by("b")), Err(UserRefusal::NoProvider));
    for event in when_at(&state, now(), by("a")).unwrap() {
        User::evolve(&mut state, &event, now());
    }
    assert!(state.has_session("s", now()) && !state.used_second_factor(SecretDigest::of("s")));
    assert!(state.by_provider(SecretDigest::of("s")));
    assert!(!state.by_provider(SecretDigest::of("another")));
    let unlink = UserCommand::UnlinkProvider {
        reason: "left".to_owned(),
    };
    for event in when_at(&state, now(), unlink).unwrap() {
        User::evolve(&mut state, &event, now());
    }
    assert!(!state.has_session("s", now()));
    assert_eq!(when_at(&state, now(), by("a")), Err(UserRefusal::NoProvider));
}

#[test]
fn a_guest_reads_until_a_time_and_changes_nothing() {
    let until = now().plus_ms(60_000);
    let added = when(&[], guest(&[Role::Auditor, Role::Viewer], until)).unwrap();
    assert_eq!(
        when(&[], guest(&[Role::Auditor, Role::Compliance], until)),
        Err(UserRefusal::NotForGuests(Role::Compliance))
    );
    assert_eq!(
        when(&[], guest(&[Role::Viewer], now())),
        Err(UserRefusal::GuestIsOver)
    );
    let state = after(&added);
    let last = until.minus_ms(1);
    assert!(state.active_at(last).is_some() && state.active_at(until).is_none());
    assert!(when_at(&state, last, sign_in("s")).is_ok());
    assert_eq!(
        when_at(&state, until, sign_in("s")),
        Err(UserRefusal::GuestIsOver)
    );
    let grant = |role| UserCommand::GrantRole {
        role,
        reason: "more".to_owned(),
        others_could_revoke: true,
    };
    assert_eq!(
        when_at(&state, now(), grant(Role::Operator)),
        Err(UserRefusal::NotForGuests(Role::Operator))
    );
}

#[test]
fn a_scope_changes_with_a_reason_before_and_after_and_ends_every_session() {
    let to = |team: &str, until| UserScope {
        campaigns: CampaignScope::All,
        team: Some(team.parse().unwrap()),
        until,
    };
    let change = |to: UserScope, reason: &str| UserCommand::ChangeScope {
        to,
        reason: reason.to_owned(),
        has_other_admin: false,
    };
    let mut state = after(&[added(&[Role::Supervisor])]);
    for event in when_at(&state, now(), sign_in("s")).unwrap() {
        User::evolve(&mut state, &event, now());
    }
    assert_eq!(
        when_at(&state, now(), change(to("north", None), " ")),
        Err(UserRefusal::NoReason)
    );
    let changed = when_at(&state, now(), change(to("north", None), "moves")).unwrap();
    let expected = UserEvent::ScopeChanged {
        before: UserScope::default(),
        after: to("north", None),
        reason: "moves".to_owned(),
    };
    assert_eq!(changed, [expected]);
    for event in &changed {
        User::evolve(&mut state, event, now());
    }
    assert!(!state.has_session("s", now()));
    assert_eq!(
        when_at(&state, now(), change(to("north", None), "again")),
        Ok(vec![])
    );
    let until = Some(now().plus_ms(1));
    assert_eq!(
        when_at(&state, now(), change(to("north", until), "as a guest")),
        Err(UserRefusal::GuestFixed)
    );
}

#[test]
fn the_last_admin_is_not_held_to_campaigns() {
    let state = after(&[added(&[Role::Admin])]);
    let change = |has_other_admin| UserCommand::ChangeScope {
        to: UserScope {
            campaigns: CampaignScope::of(["T".parse().unwrap()]),
            ..UserScope::default()
        },
        reason: "one campaign".to_owned(),
        has_other_admin,
    };
    assert_eq!(when_at(&state, now(), change(false)), Err(UserRefusal::LastAdmin));
    assert!(when_at(&state, now(), change(true)).is_ok());
}

#[test]
fn an_expired_guest_may_come_again() {
    let until = now().plus_ms(60_000);
    let state = after(&when(&[], guest(&[Role::Auditor], until)).unwrap());
    let to = |until| UserCommand::ChangeScope {
        to: UserScope {
            until,
            ..UserScope::default()
        },
        reason: "a second visit".to_owned(),
        has_other_admin: false,
    };
    let later = until.plus_ms(60_000);
    assert!(when_at(&state, until, to(Some(later))).is_ok());
    assert_eq!(
        when_at(&state, until, to(Some(until))),
        Err(UserRefusal::GuestIsOver)
    );
    assert_eq!(when_at(&state, until, to(None)), Err(UserRefusal::GuestFixed));
}
