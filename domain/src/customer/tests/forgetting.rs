//! Holds and erasures: refused, waiting for a call's end, carried out, certified; nothing is stored
//! afterwards.

use super::*;
use crate::customer::{DeletedRecording, DoneErasure, Erasure, KEY_BACKUP_DAYS_MAX, RECORDINGS_NAMED_MAX};
use values::ids::{CommandId, EventId};

fn hold() -> CustomerCommand {
    CustomerCommand::Hold {
        reason: "court".to_owned(),
        by: None,
    }
}

fn held() -> CustomerEvent {
    CustomerEvent::Held {
        reason: "court".to_owned(),
        by: None,
    }
}

fn release_hold() -> CustomerCommand {
    CustomerCommand::ReleaseHold {
        reason: None,
        by: None,
        four_eyes: None,
    }
}

fn hold_released() -> CustomerEvent {
    CustomerEvent::HoldReleased {
        reason: None,
        by: None,
        four_eyes: None,
    }
}

fn erase() -> CustomerCommand {
    CustomerCommand::Erase {
        reason: "asked".to_owned(),
        requested_by: None,
        approved_by: Some("officer".to_owned()),
        four_eyes: None,
    }
}

fn requested() -> CustomerEvent {
    CustomerEvent::ErasureRequested {
        reason: "asked".to_owned(),
        requested_by: None,
        approved_by: Some("officer".to_owned()),
        four_eyes: None,
    }
}

fn erased() -> CustomerEvent {
    CustomerEvent::Erased {
        numbers_count: 1,
        enrolments_count: 1,
    }
}

fn settled_by_erasure() -> CustomerEvent {
    CustomerEvent::EnrolmentSettled {
        campaign: campaign(),
        disposition: Disposition::NotPermitted,
        outcome: None,
        calls_count: 0,
        rule: Some("erased_person".to_owned()),
        facts: BTreeMap::from([("erasure".to_owned(), "requested".to_owned())]),
    }
}

fn all_erased() -> Vec<CustomerEvent> {
    vec![requested(), erased(), settled_by_erasure()]
}

fn certify(recordings_count: u32) -> CustomerCommand {
    let recording = |attempt| DeletedRecording {
        call: nth_call(attempt),
        sha256: None,
    };
    CustomerCommand::CertifyErasure(Box::new(DoneErasure {
        erasure: erasure_id(),
        key_destroyed_at: now(),
        recordings: (0..recordings_count).map(recording).collect(),
    }))
}

fn erasure_id() -> EventId {
    EventId::derive(CommandId::derive_from_text("erase"), 1)
}

#[test]
fn with_no_call_open_the_person_is_erased_at_once_and_every_enrolment_settles() {
    check(&person(&[]), erase(), Ok(all_erased()));
    check(&person(&all_erased()), erase(), Ok(vec![]));
    check(&[], erase(), Err(CustomerRefusal::NotRegistered));
}

#[test]
fn an_open_call_is_waited_for_and_its_release_completes_the_erasure() {
    check(&person(&[granted(1)]), erase(), Ok(vec![requested()]));
    let waiting = person(&[granted(1), requested()]);
    check(&waiting, erase(), Ok(vec![]));
    let give_back = CustomerCommand::ReleaseDial {
        call: nth_call(1),
        reason: "number_refused".to_owned(),
        not_before: None,
        forbidden_by: None,
        facts: None,
    };
    check(
        &waiting,
        give_back,
        Ok(vec![released(1, None), erased(), settled_by_erasure()]),
    );
}

#[test]
fn the_end_of_the_last_open_call_completes_the_erasure() {
    let waiting = person(&[granted(1), requested()]);
    let events = decide(&waiting, close(closing(1, Disposition::NoAnswer))).unwrap();
    let [
        CustomerEvent::CallClosed { .. },
        CustomerEvent::Erased { .. },
        CustomerEvent::EnrolmentSettled {
            rule, calls_count, ..
        },
    ] = events.as_slice()
    else {
        panic!("{events:?}");
    };
    assert_eq!((rule.as_deref(), *calls_count), (Some("erased_person"), 1));
}

#[test]
fn nothing_is_granted_from_the_request_on() {
    for given in [vec![requested()], vec![requested(), held()]] {
        let refusal = decide(&person(&given), grant_with(facts()));
        let by_erasure = ("erased_person".to_owned(), None, Some(Disposition::NotPermitted));
        assert_eq!(refused(&refusal), by_erasure);
    }
    let settled = decide(&person(&all_erased()), grant_with(facts()));
    assert!(matches!(settled, Err(CustomerRefusal::Settled { .. })));
}

#[test]
fn nothing_new_is_kept_of_who_asked_to_be_erased() {
    let mut another = row();
    another.campaign = "OTHER".parse().unwrap();
    let consent = marketing_consent();
    let withdrawal = CustomerCommand::WithdrawConsent {
        scope: "marketing".to_owned(),
        source: "operator".to_owned(),
    };
    for given in [person(&[granted(1), requested()]), person(&all_erased())] {
        for command in [
            enrol(another.clone()),
            enrol(row()),
            consent.clone(),
            withdrawal.clone(),
        ] {
            check(&given, command, Err(CustomerRefusal::Erased));
        }
    }
}

#[test]
fn a_hold_refuses_erasure_until_it_is_released() {
    let under_hold = CustomerRefusal::UnderHold {
        reason: "court".to_owned(),
    };
    check(&person(&[]), hold(), Ok(vec![held()]));
    check(&person(&[held()]), hold(), Ok(vec![]));
    check(&[], hold(), Err(CustomerRefusal::NotRegistered));
    check(&person(&[held()]), erase(), Err(under_hold));
    check(&person(&[held()]), release_hold(), Ok(vec![hold_released()]));
    check(&person(&[]), release_hold(), Ok(vec![]));
    check(&person(&[held(), hold_released()]), erase(), Ok(all_erased()));
    check(&person(&all_erased()), hold(), Err(CustomerRefusal::Erased));
}

#[test]
fn a_hold_put_on_a_waiting_erasure_stops_it_and_its_release_carries_it_out() {
    let stopped = person(&[granted(1), requested(), held()]);
    let give_back = CustomerCommand::ReleaseDial {
        call: nth_call(1),
        reason: "number_refused".to_owned(),
        not_before: None,
        forbidden_by: None,
        facts: None,
    };
    check(&stopped, give_back, Ok(vec![released(1, None)]));
    check(&stopped, release_hold(), Ok(vec![hold_released()]));
    let quiet = [stopped, vec![released(1, None)]].concat();
    assert!(matches!(
        decide(&quiet, erase()),
        Err(CustomerRefusal::UnderHold { .. })
    ));
    check(
        &quiet,
        release_hold(),
        Ok(vec![hold_released(), erased(), settled_by_erasure()]),
    );
}

#[test]
fn who_is_held_is_not_called_and_asked_about_once_a_day() {
    let refusal = decide(&person(&[held()]), grant_with(facts()));
    let tomorrow = instant("2026-03-03T10:00:00+08:00");
    assert_eq!(
        refused(&refusal),
        ("erased_person".to_owned(), Some(tomorrow), None)
    );
    let after = person(&[held(), hold_released()]);
    assert!(matches!(
        decide(&after, grant_with(facts())).as_deref(),
        Ok([CustomerEvent::DialGranted { .. }])
    ));
}

#[test]
fn no_value_stays_in_memory_after_the_decision() {
    let state = state_at(&person(&all_erased()), now());
    assert_eq!(state.erasure(), Erasure::Decided { at: now() });
    let enrolment = state.enrolment(&campaign()).unwrap();
    let values = [
        state.external_id().unwrap(),
        state.name().unwrap(),
        state.phone(&number()).unwrap(),
        enrolment.variables.get("amount").unwrap(),
    ];
    for value in values {
        assert_eq!(*value, Personal::Erased { hash: None });
    }
}

#[test]
fn a_certificate_follows_an_erasure_once_and_states_the_age_of_key_backups() {
    check(&person(&[]), certify(0), Err(CustomerRefusal::NotErased));
    check(
        &person(&[requested()]),
        certify(0),
        Err(CustomerRefusal::NotErased),
    );
    let events = decide(&person(&all_erased()), certify(2)).unwrap();
    let [
        CustomerEvent::ErasureCertified {
            certificate,
            key_destroyed_at,
            recordings,
            recordings_count,
            key_backup_days_max,
            ..
        },
    ] = events.as_slice()
    else {
        panic!("{events:?}");
    };
    assert_eq!((*certificate, *key_destroyed_at), (erasure_id(), now()));
    assert_eq!((recordings.len(), *recordings_count), (2, 2));
    assert_eq!((*key_backup_days_max, KEY_BACKUP_DAYS_MAX), (30, 30));
    let done = [person(&all_erased()), events].concat();
    check(&done, certify(2), Ok(vec![]));
    check(&done, erase(), Ok(vec![]));
}

#[test]
fn a_certificate_names_a_bounded_list_and_counts_the_rest() {
    let many = u32::try_from(RECORDINGS_NAMED_MAX).unwrap() + 1;
    let events = decide(&person(&all_erased()), certify(many)).unwrap();
    let [
        CustomerEvent::ErasureCertified {
            recordings,
            recordings_count,
            ..
        },
    ] = events.as_slice()
    else {
        panic!("{events:?}");
    };
    assert_eq!(
        (recordings.len(), *recordings_count),
        (RECORDINGS_NAMED_MAX, many)
    );
}

#[test]
fn more_enrolments_than_one_append_takes_settle_before_the_certificate() {
    let mut given = person(&[]);
    given.pop();
    for index in 0..500 {
        given.push(CustomerEvent::Enrolled {
            campaign: format!("C{index}").parse().unwrap(),
            list: list(),
            number: number(),
            basis: Basis::Contract,
            due_at: now(),
            variables: BTreeMap::new(),
            placing: None,
        });
    }
    let mut sizes = Vec::new();
    for command in [erase(), certify(0), certify(0), certify(0)] {
        let events = decide(&given, command).unwrap();
        sizes.push(events.len());
        given.extend(events);
    }
    assert_eq!(sizes, [2 + 240, 240, 20, 1]);
}
