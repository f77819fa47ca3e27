//! Enrols persons, and records consent given and withdrawn.

use super::*;
use crate::attribute::TagLevel;
use crate::customer::ProfileOrigin;
use crate::ranking::PriorityPlan;
use std::sync::Arc;

#[test]
fn a_new_person_is_registered_with_number_and_enrolment_due_at_once() {
    check(
        &[],
        enrol(row()),
        Ok(vec![registered(), added(number(), "+8613800138000"), enrolled()]),
    );
}

#[test]
fn what_is_known_is_not_said_again_and_a_new_number_is_added() {
    let elsewhere = Enrolment {
        campaign: "OTHER".parse().unwrap(),
        ..row()
    };
    let events = decide(&person(&[]), enrol(elsewhere.clone())).unwrap();
    assert!(
        matches!(events.as_slice(), [CustomerEvent::Enrolled { .. }]),
        "{events:?}"
    );
    let by_another_number = Enrolment {
        number: other_number(),
        phone: "+8613800138001".to_owned(),
        ..elsewhere
    };
    let events = decide(&person(&[]), enrol(by_another_number)).unwrap();
    assert_eq!(events.first(), Some(&added(other_number(), "+8613800138001")));
}

#[test]
fn a_second_enrolment_in_one_campaign_is_a_duplicate_whatever_its_list() {
    let later = Enrolment {
        list: ListId::derive(&campaign(), "00"),
        ..row()
    };
    for row in [row(), later] {
        let (campaign, list) = (campaign(), list());
        check(
            &person(&[settled(Disposition::Busy, None, 1)]),
            enrol(row),
            Err(CustomerRefusal::AlreadyEnrolled { campaign, list }),
        );
    }
}

#[test]
fn a_persons_place_is_set_once_by_the_row_and_the_tags_of_then() {
    let by = |json: &str| {
        let plan: PriorityPlan = serde_json::from_str(json).unwrap();
        Some(Arc::new(plan))
    };
    let tagged = CustomerEvent::Tagged {
        level: TagLevel::Basic,
        added: vec![Personal::open("VIP".to_owned())],
        removed: Vec::new(),
        origin: ProfileOrigin::Import { list: list() },
    };
    let known = [registered(), added(number(), "+8613800138000"), tagged];
    for (plan, value) in [
        (
            by(r#"{"by":{"column":{"name":"amount","at_least":[{"number":500,"value":4}]}}}"#),
            Some(4),
        ),
        (
            by(r#"{"by":{"column":{"name":"due","at_least":[{"number":500,"value":4}]}}}"#),
            Some(0),
        ),
        (by(r#"{"by":{"tags":{"values":{"VIP":9,"new":2}}}}"#), Some(9)),
        (None, None),
    ] {
        let row = Enrolment {
            priority: plan,
            ..row()
        };
        let events = decide(&known, enrol(row)).unwrap();
        let Some(CustomerEvent::Enrolled { placing, .. }) = events.last() else {
            panic!("{events:?}");
        };
        let placed = placing.as_deref().and_then(|placing| placing.value);
        assert_eq!(placed.map(u8::from), value);
    }
}

#[test]
fn the_seventeenth_number_of_a_person_is_refused() {
    let numbers = (0..16).map(|index| added(format!("{index:032x}").parse().unwrap(), "+8613800138000"));
    let given: Vec<CustomerEvent> = std::iter::once(registered()).chain(numbers).collect();
    assert!(decide(&given[..16], enrol(row())).is_ok());
    let (count, of) = (16, "numbers");
    check(&given, enrol(row()), Err(CustomerRefusal::TooMany { count, of }));
}

#[test]
fn consent_of_the_row_is_recorded_once() {
    let consent = GivenConsent {
        scope: "service".to_owned(),
        source: "web form".to_owned(),
        given_at: now(),
        until: None,
        evidence: Some("form 42".to_owned()),
    };
    let recorded = CustomerEvent::ConsentRecorded {
        scope: "service".to_owned(),
        source: "web form".to_owned(),
        given_at: now(),
        until: None,
        evidence: Some(Personal::open("form 42".to_owned())),
    };
    let row = Enrolment {
        consent: Some(consent),
        ..row()
    };
    let events = decide(&[], enrol(row.clone())).unwrap();
    assert_eq!(events.get(2), Some(&recorded));
    let elsewhere = Enrolment {
        campaign: "OTHER".parse().unwrap(),
        ..row
    };
    let events = decide(&person(&[recorded]), enrol(elsewhere)).unwrap();
    assert!(
        matches!(events.as_slice(), [CustomerEvent::Enrolled { .. }]),
        "{events:?}"
    );
}

#[test]
fn of_two_consents_for_one_scope_the_later_counts() {
    let recorded = |given_at: Timestamp, until: Timestamp| CustomerEvent::ConsentRecorded {
        scope: "service".to_owned(),
        source: "web form".to_owned(),
        given_at,
        until: Some(until),
        evidence: None,
    };
    let (soon, later) = (now().plus_ms(1), now().plus_ms(2));
    for (second, until) in [
        (recorded(now(), later), later),
        (recorded(now().plus_ms(1), later), later),
        (recorded(now().minus_ms(1), later), soon),
    ] {
        let state = state_at(&person(&[recorded(now(), soon), second]), now());
        assert_eq!(state.consents()["service"].until, Some(until));
    }
}

#[test]
fn who_shares_a_number_is_enrolled_and_settled_at_once_and_never_asked_for() {
    let other: values::ids::CustomerId = "aa112233445566778899aabbccddeeff".parse().unwrap();
    let shared = Enrolment {
        same_number_as: Some(other.clone()),
        ..row()
    };
    let events = decide(&[], enrol(shared)).unwrap();
    let settled = CustomerEvent::EnrolmentSettled {
        campaign: campaign(),
        disposition: Disposition::NotPermitted,
        outcome: None,
        calls_count: 0,
        rule: Some("same_number".to_owned()),
        facts: BTreeMap::from([("same_as".to_owned(), other.to_string())]),
    };
    assert_eq!(events.last(), Some(&settled));
    let refused = CustomerRefusal::Settled {
        campaign: campaign(),
        disposition: Disposition::NotPermitted,
    };
    check(&events, grant_with(facts()), Err(refused));
}
