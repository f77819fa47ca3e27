//! Tests of the registry decider: which editions are valid, and the date of a registry for a number.

use super::*;
use crate::registry_book::{AreaCode, DigestScheme, Edition, SALT_BYTES_MAX, SALTS_MAX};
use crate::working_calendar::Day;

const NOW: &str = "2026-03-02T10:00:00Z";

fn day(text: &str) -> Day {
    text.parse().unwrap()
}

fn edition(as_of: &str, areas: &[&str], salt: Option<&str>) -> Edition {
    Edition {
        as_of: day(as_of),
        areas: areas.iter().map(|area| area.parse().unwrap()).collect(),
        digests: salt.map(|salt| DigestScheme {
            salt: salt.to_owned(),
        }),
        numbers: 3,
        bad: 0,
        uncallable: 0,
    }
}

fn record(name: &str, edition: Edition) -> RegistryCommand {
    RegistryCommand::Record {
        registry: name.parse().unwrap(),
        edition: Box::new(edition),
        reason: "the list of March".to_owned(),
    }
}

/// Returns the state after these editions; each must be accepted.
fn book(editions: &[(&str, Edition)]) -> RegistryState {
    let mut state = RegistryState::default();
    for (name, edition) in editions {
        let events = when(&state, record(name, edition.clone())).unwrap();
        for event in &events {
            NumberRegistry::evolve(&mut state, event, NOW.parse().unwrap());
        }
    }
    state
}

fn when(state: &RegistryState, command: RegistryCommand) -> Result<Vec<RegistryEvent>, RegistryRefusal> {
    let now = NOW.parse().unwrap();
    NumberRegistry::decide(state, command, Context { now })
}

#[test]
fn a_list_is_of_the_day_of_its_newest_edition_by_area_code() {
    let state = book(&[
        ("us-dnc", edition("2026-02-01", &["202", "212"], None)),
        ("us-dnc", edition("2026-03-01", &["202"], None)),
    ]);
    let known = state.book().get(&"us-dnc".parse().unwrap()).unwrap();
    for (number, as_of) in [
        (Some("+12025550123"), Some("2026-03-01")),
        (Some("+12125550123"), Some("2026-02-01")),
        (Some("+12135550123"), None),
        (Some("+8613800138000"), None),
        (None, None),
    ] {
        assert_eq!(known.as_of(number), as_of.map(day), "{number:?}");
    }
    let state = book(&[
        ("us-dnc", edition("2026-03-01", &["202"], None)),
        ("us-dnc", edition("2026-02-01", &[], None)),
    ]);
    let known = state.book().get(&"us-dnc".parse().unwrap()).unwrap();
    assert_eq!(known.as_of(Some("+12025550123")), Some(day("2026-03-01")));
    assert_eq!(known.as_of(Some("+12135550123")), Some(day("2026-02-01")));
}

#[test]
fn an_edition_is_of_a_day_that_has_come_and_newer_than_what_is_known() {
    let state = book(&[("us-dnc", edition("2026-03-01", &[], None))]);
    let same = record("us-dnc", edition("2026-03-01", &[], None));
    assert_eq!(when(&state, same), Ok(vec![]));
    assert!(matches!(
        when(&state, record("us-dnc", edition("2026-02-28", &[], None))),
        Err(RegistryRefusal::NotNewer { .. })
    ));
    // 3 March has begun where clocks are 14 hours ahead, 4 March nowhere.
    assert!(when(&state, record("us-dnc", edition("2026-03-03", &[], None))).is_ok());
    assert!(matches!(
        when(&state, record("us-dnc", edition("2026-03-04", &[], None))),
        Err(RegistryRefusal::Ahead { .. })
    ));
    let nothing = Edition {
        numbers: 0,
        ..edition("2026-03-02", &[], None)
    };
    assert!(matches!(
        when(&state, record("us-dnc", nothing)),
        Err(RegistryRefusal::NoNumbers { .. })
    ));
}

#[test]
fn salts_are_few_and_looked_for_once_whichever_lists_came_so() {
    let salts: Vec<String> = (0..=SALTS_MAX).map(|index| format!("pepper-{index}")).collect();
    let editions: Vec<(&str, Edition)> = salts[..SALTS_MAX]
        .iter()
        .map(|salt| ("partner", edition("2026-03-01", &[], Some(salt))))
        .collect();
    let state = book(&editions);
    assert_eq!(state.book().salts().len(), SALTS_MAX);
    let one_more = edition("2026-03-01", &[], Some(&salts[SALTS_MAX]));
    for name in ["partner", "another"] {
        assert_eq!(
            when(&state, record(name, one_more.clone())),
            Err(RegistryRefusal::TooManySalts { count: SALTS_MAX })
        );
    }
    let known = record("another", edition("2026-03-01", &[], Some(&salts[0])));
    assert!(when(&state, known).is_ok());
    let long = "s".repeat(SALT_BYTES_MAX + 1);
    assert!(matches!(
        when(&state, record("long", edition("2026-03-01", &[], Some(&long)))),
        Err(RegistryRefusal::Salt { .. })
    ));
}

#[test]
fn an_area_code_is_of_the_north_american_plan() {
    assert_eq!(AreaCode::of_number("+12025550123").unwrap().to_string(), "202");
    for other in ["+862025550123", "+1202555012", "2025550123"] {
        assert_eq!(AreaCode::of_number(other), None, "{other}");
    }
    for bad in ["102", "20", "2022", "abc", ""] {
        assert!(bad.parse::<AreaCode>().is_err(), "{bad}");
    }
}

/// Entries that came as digests are found only with their salt. Losing the salt would unblock all of them.
#[test]
fn what_came_as_digests_binds_whatever_comes_after_it() {
    let name = "us-dnc".parse().unwrap();
    for (areas, salt) in [
        (vec!["202"], None),
        (vec![], None),
        (vec!["202"], Some("other")),
        (vec![], Some("other")),
    ] {
        let state = book(&[
            ("us-dnc", edition("2026-02-01", &[], Some("pepper"))),
            ("us-dnc", edition("2026-03-01", &areas, salt)),
        ]);
        let pepper = DigestScheme {
            salt: "pepper".to_owned(),
        };
        assert!(state.book().salts().contains(&pepper), "{areas:?} {salt:?}");
        assert!(state.book().uses_digests(&name, &pepper), "{areas:?} {salt:?}");
        let salts = 1 + usize::from(salt.is_some());
        assert_eq!(state.book().salts().len(), salts, "{areas:?} {salt:?}");
    }
}

#[test]
fn a_list_is_of_no_day_by_unreadable_rows() {
    let torn = Edition {
        bad: 1,
        ..edition("2026-03-01", &[], None)
    };
    let refused = when(&RegistryState::default(), record("us-dnc", torn.clone()));
    assert!(refused.is_err(), "{refused:?}");
    // Earlier versions accepted it. A corrected file of the same day replaces it, an earlier one does not.
    let mut state = RegistryState::default();
    let taken = RegistryEvent::Imported {
        registry: "us-dnc".parse().unwrap(),
        edition: Box::new(torn),
        reason: "the list of March".to_owned(),
    };
    NumberRegistry::evolve(&mut state, &taken, NOW.parse().unwrap());
    let corrected = record("us-dnc", edition("2026-03-01", &[], None));
    assert_eq!(when(&state, corrected.clone()).map(|events| events.len()), Ok(1));
    assert!(matches!(
        when(&state, record("us-dnc", edition("2026-02-28", &[], None))),
        Err(RegistryRefusal::NotNewer { .. })
    ));
    for event in when(&state, corrected.clone()).unwrap() {
        NumberRegistry::evolve(&mut state, &event, NOW.parse().unwrap());
    }
    assert_eq!(when(&state, corrected), Ok(vec![]));
}
