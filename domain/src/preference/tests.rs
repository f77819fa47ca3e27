//! Tests of the preference decider: a choice contains all preferences, no event without a change, and a limit
//! on changes.

use super::*;

fn now() -> Timestamp {
    "2026-03-02T10:00:00Z".parse().unwrap()
}

fn check(
    given: &[UserPreferences],
    when: UserPreferences,
    then: Result<Vec<PreferenceEvent>, PreferenceRefusal>,
) {
    let mut state = PreferenceState::default();
    for chosen in given {
        Preference::evolve(&mut state, &PreferenceEvent::Changed { chosen: *chosen }, now());
    }
    let command = PreferenceCommand::Choose { chosen: when };
    assert_eq!(Preference::decide(&state, command, Context { now: now() }), then);
}

const DARK: UserPreferences = UserPreferences {
    language: None,
    theme: Some(PreferredTheme::Dark),
    home: None,
};

const ENGLISH: UserPreferences = UserPreferences {
    language: Some(PreferredLanguage::English),
    theme: None,
    home: Some(HomePage::Wall),
};

#[test]
fn a_choice_is_the_whole_of_it_and_the_same_again_is_no_event() {
    let changed = |chosen| Ok(vec![PreferenceEvent::Changed { chosen }]);
    check(&[], UserPreferences::default(), Ok(vec![]));
    check(&[], DARK, changed(DARK));
    check(&[DARK], DARK, Ok(vec![]));
    check(&[DARK], ENGLISH, changed(ENGLISH));
    check(
        &[DARK, ENGLISH],
        UserPreferences::default(),
        changed(UserPreferences::default()),
    );
}

#[test]
fn changes_have_an_end_and_what_is_so_already_is_no_change() {
    let mut given = vec![DARK; usize::try_from(CHANGES_MAX).unwrap() - 1];
    check(
        &given,
        ENGLISH,
        Ok(vec![PreferenceEvent::Changed { chosen: ENGLISH }]),
    );
    given.push(DARK);
    check(&given, ENGLISH, Err(PreferenceRefusal::TooOften));
    check(&given, DARK, Ok(vec![]));
}

#[test]
fn what_is_on_no_list_is_not_read() {
    for unknown in [
        r#"{"theme":"blue"}"#,
        r#"{"language":"de"}"#,
        r#"{"home":"/customers/C1"}"#,
    ] {
        assert!(
            serde_json::from_str::<UserPreferences>(unknown).is_err(),
            "{unknown}"
        );
    }
}
