//! A person with a missing key who was not erased: not dialed, and no data stored under another key.

use super::*;

/// Returns a person's events as an entity loads them if no key store has the key.
fn without_key() -> Vec<CustomerEvent> {
    let erased = || Personal::Erased { hash: None };
    vec![
        CustomerEvent::Registered {
            external_id: erased(),
            name: None,
            time_zone: None,
        },
        CustomerEvent::NumberAdded {
            number: number(),
            phone: erased(),
            country: None,
        },
        enrolled(),
    ]
}

#[test]
fn who_cannot_be_read_is_not_dialed_and_the_reason_is_the_key() {
    let events = decide(&without_key(), grant_with(facts())).unwrap();
    let [
        CustomerEvent::DialRefused { verdict, .. },
        CustomerEvent::EnrolmentSettled { rule, facts, .. },
    ] = events.as_slice()
    else {
        unreachable!("refused and settled: {events:?}");
    };
    assert_eq!(verdict.rule, "key_missing");
    assert_eq!(verdict.decision, Decision::Forbid);
    assert_eq!(rule.as_deref(), Some("key_missing"));
    assert_eq!(facts["key"], "missing");
}

#[test]
fn nothing_is_kept_of_them_under_another_key() {
    let mut row = row();
    row.campaign = "ANOTHER".parse().unwrap();
    for command in [CustomerCommand::Enrol(Box::new(row)), marketing_consent()] {
        check(&without_key(), command, Err(CustomerRefusal::KeyMissing));
    }
}

#[test]
fn they_can_still_be_held_withdraw_and_be_erased() {
    let withdrawn = CustomerCommand::WithdrawConsent {
        scope: "marketing".to_owned(),
        source: "phone".to_owned(),
    };
    let erase = CustomerCommand::Erase {
        reason: "asked".to_owned(),
        requested_by: None,
        approved_by: None,
        four_eyes: None,
    };
    for command in [withdrawn, erase] {
        let decided = decide(&without_key(), command);
        assert!(decided.is_ok_and(|events| !events.is_empty()));
    }
}
