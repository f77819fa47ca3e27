//! Tests of the API key decider: given a key's events, when a command, then events or a refusal.

use super::*;
use crate::realm::RealmName;
use std::collections::BTreeSet;
use values::digest::SecretDigest;
use values::permission::{CampaignScope, Permission};

fn now() -> Timestamp {
    "2026-03-02T10:00:00Z".parse().unwrap()
}

fn facts(lives_ms: u64, scopes: Option<BTreeSet<Permission>>) -> KeyFacts {
    KeyFacts {
        user: "crm".parse().unwrap(),
        sha256: SecretDigest::of("secret"),
        scopes,
        campaigns: CampaignScope::All,
        expires_at: now().plus_ms(lives_ms),
        realm: RealmName::Real,
        label: None,
    }
}

fn when(state: &ApiKeyState, command: ApiKeyCommand) -> Result<Vec<ApiKeyEvent>, ApiKeyRefusal> {
    ApiKey::decide(state, command, Context { now: now() })
}

fn made(lives_ms: u64) -> ApiKeyState {
    let mut state = ApiKeyState::default();
    let facts = facts(lives_ms, None);
    ApiKey::evolve(&mut state, &ApiKeyEvent::Created { facts }, now());
    state
}

#[test]
fn a_key_is_made_once_for_something_and_with_an_end() {
    let nothing = ApiKeyState::default();
    let create = |facts| ApiKeyCommand::Create { facts };
    assert!(when(&nothing, create(facts(1_000, None))).is_ok());
    let for_nothing = facts(1_000, Some(BTreeSet::new()));
    assert_eq!(when(&nothing, create(for_nothing)), Err(ApiKeyRefusal::NoScope));
    for lives_ms in [0, KEY_MS_MAX + 1] {
        let refused = when(&nothing, create(facts(lives_ms, None)));
        assert!(matches!(refused, Err(ApiKeyRefusal::Expiry { .. })), "{lives_ms}");
    }
    assert_eq!(
        when(&made(1), create(facts(1_000, None))),
        Err(ApiKeyRefusal::Exists)
    );
}

#[test]
fn only_the_right_secret_opens_and_only_until_it_ends() {
    let mut state = made(1_000);
    assert!(state.opened_by("secret", now()).is_some());
    assert!(state.opened_by("Secret", now()).is_none());
    assert!(
        state.opened_by("secret", now().plus_ms(1_000)).is_none(),
        "expired"
    );
    let revoke = |reason: &str| ApiKeyCommand::Revoke {
        reason: reason.to_owned(),
    };
    assert_eq!(when(&state, revoke("")), Err(ApiKeyRefusal::NoReason));
    assert_eq!(
        when(&ApiKeyState::default(), revoke("lost")),
        Err(ApiKeyRefusal::Unknown)
    );
    let revoked = when(&state, revoke("lost")).unwrap();
    ApiKey::evolve(&mut state, &revoked[0], now());
    assert!(state.opened_by("secret", now()).is_none());
    assert_eq!(when(&state, revoke("lost")), Ok(Vec::new()));
}
