//! Tests of the draft decider: one draft per slot, whole saves, size limits, and no access to slots of other
//! users.

use super::*;
use crate::personal::Personal;

fn content(title: &str, body: &str) -> DraftContent {
    DraftContent {
        title: title.to_owned(),
        body: body.to_owned(),
    }
}

fn saved(title: &str, body: &str) -> DraftEvent {
    DraftEvent::Saved {
        title: Personal::open(title.to_owned()),
        body: Personal::open(body.to_owned()),
    }
}

fn state(given: &[DraftEvent]) -> DraftState {
    let mut state = DraftState::default();
    for event in given {
        Draft::evolve(&mut state, event, now());
    }
    state
}

fn now() -> Timestamp {
    "2026-03-02T10:00:00Z".parse().unwrap()
}

fn check(given: &[DraftEvent], when: DraftCommand, then: Result<Vec<DraftEvent>, DraftRefusal>) {
    let decided = Draft::decide(&state(given), when, Context { now: now() });
    assert_eq!(decided, then);
}

#[test]
fn a_place_holds_one_draft_and_a_save_is_the_whole_of_it() {
    let begin = |body| DraftCommand::Begin {
        content: content("a", body),
    };
    let replace = |body| DraftCommand::Replace {
        content: content("a", body),
    };
    let first = saved("a", "{}");
    check(&[], begin("{}"), Ok(vec![first.clone()]));
    check(
        std::slice::from_ref(&first),
        begin("{}"),
        Err(DraftRefusal::Taken),
    );
    check(
        std::slice::from_ref(&first),
        replace(r#"{"n":1}"#),
        Ok(vec![saved("a", r#"{"n":1}"#)]),
    );
    check(std::slice::from_ref(&first), replace("{}"), Ok(vec![]));
    check(&[], replace("{}"), Err(DraftRefusal::NotThere));
    check(
        std::slice::from_ref(&first),
        DraftCommand::Remove,
        Ok(vec![DraftEvent::Removed {}]),
    );
    let gone = [first, DraftEvent::Removed {}];
    check(&gone, DraftCommand::Remove, Ok(vec![]));
    check(&gone, replace("{}"), Err(DraftRefusal::NotThere));
    check(&gone, begin("{}"), Ok(vec![saved("a", "{}")]));
}

#[test]
fn a_draft_has_a_title_and_stays_within_its_bounds() {
    let of = |title: String, body: String| DraftCommand::Begin {
        content: DraftContent { title, body },
    };
    check(
        &[],
        of("  ".to_owned(), "{}".to_owned()),
        Err(DraftRefusal::NoTitle),
    );
    for (title, body, fits) in [
        (TITLE_BYTES_MAX, BODY_BYTES_MAX, true),
        (TITLE_BYTES_MAX + 1, 2, false),
        (1, BODY_BYTES_MAX + 1, false),
    ] {
        let decided = Draft::decide(
            &DraftState::default(),
            of("t".repeat(title), "b".repeat(body)),
            Context { now: now() },
        );
        assert_eq!(decided.is_ok(), fits, "{title} {body}");
    }
}

#[test]
fn a_draft_with_a_lost_key_stays_listed_and_can_be_replaced() {
    let erased = || Personal::Erased { hash: None };
    let lost = [DraftEvent::Saved {
        title: erased(),
        body: erased(),
    }];
    assert!(state(&lost).is_taken() && state(&lost).content().is_none());
    let replace = DraftCommand::Replace {
        content: content("a", "{}"),
    };
    check(&lost, replace, Ok(vec![saved("a", "{}")]));
    check(&lost, DraftCommand::Remove, Ok(vec![DraftEvent::Removed {}]));
}

#[test]
fn places_are_few_and_of_one_user() {
    for name in DraftKind::ALL.into_iter().flat_map(DraftName::all_of) {
        assert_eq!(name.to_string().parse(), Ok(name));
    }
    for none in ["campaign-0", "campaign-11", "flow-01", "list-1", "campaign", ""] {
        assert!(none.parse::<DraftName>().is_err(), "{none}");
    }
    let of = |user: &str, name: &str| DraftId {
        user: user.parse().unwrap(),
        name: name.parse().unwrap(),
    };
    let (one, other) = (of("wang", "flow-1"), of("wang.flow-1", "flow-1"));
    assert_ne!(one.to_string(), other.to_string());
    assert_ne!(
        Draft::sealed_under(&one, &Scope::default()),
        Draft::sealed_under(&other, &Scope::default())
    );
}
