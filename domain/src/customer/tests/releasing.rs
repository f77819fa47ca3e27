//! Releases grants that were not dialed, once each.

use super::calling_back::{at, order, requested, windowed};
use super::*;

fn release(not_before: Option<Timestamp>, forbidden_by: Option<ForbiddingRule>) -> CustomerCommand {
    CustomerCommand::ReleaseDial {
        call: nth_call(1),
        reason: "number_refused".to_owned(),
        not_before,
        forbidden_by,
        facts: None,
    }
}

#[test]
fn a_grant_is_given_back_once_and_a_closed_call_never() {
    let later = Some(now().plus_ms(60_000));
    check(
        &person(&[granted(1)]),
        release(later, None),
        Ok(vec![released(1, later)]),
    );
    check(
        &person(&[granted(1), released(1, later)]),
        release(later, None),
        Ok(vec![]),
    );
    check(&person(&[]), release(None, None), Ok(vec![]));
    let busy = closing(1, Disposition::Busy);
    let over = person(&[granted(1), closed(&busy, Some(now()))]);
    check(&over, release(None, None), Ok(vec![]));
}

#[test]
fn a_release_keeps_the_due_time_by_default_and_frees_the_caps() {
    let given = person(&[granted(1), released(1, None)]);
    let state = state_at(&given, now());
    let enrolment = state.enrolment(&campaign()).unwrap();
    assert_eq!(
        (enrolment.due_at, enrolment.open, enrolment.attempts),
        (now(), None, 1)
    );
    assert_eq!(enrolment.calls_count(), 0);
    assert_eq!(state.history().dials(), []);
}

#[test]
fn a_number_that_may_never_be_dialed_settles_the_enrolment() {
    let forbidden = ForbiddingRule {
        rule: "suppression".to_owned(),
        facts: BTreeMap::from([("because".to_owned(), "opted_out".to_owned())]),
    };
    let settled = CustomerEvent::EnrolmentSettled {
        campaign: campaign(),
        disposition: Disposition::NotPermitted,
        outcome: None,
        calls_count: 0,
        rule: Some("suppression".to_owned()),
        facts: forbidden.facts.clone(),
    };
    check(
        &person(&[granted(1)]),
        release(None, Some(forbidden)),
        Ok(vec![released(1, None), settled]),
    );
}

#[test]
fn a_grant_that_is_given_back_leaves_due_what_was_named_however_the_policys_own_time_lies() {
    // Due by the policy in the evening; a callback for 15:00, changed to 16:00 while its grant is open.
    let (evening, first, second) = (at("18:00:00"), at("15:00:00"), at("16:00:00"));
    let busy = closed(&closing(1, Disposition::Busy), Some(evening));
    let mut given = person(&[granted(1), busy, requested(first, None), granted(2)]);
    given.extend(decide(&given, order(second, None, windowed())).unwrap());
    let open = state_at(&given, now()).enrolment(&campaign()).unwrap().open;
    assert_eq!(open, Some(nth_call(2)));
    let given_back = CustomerCommand::ReleaseDial {
        call: nth_call(2),
        reason: "expired".to_owned(),
        not_before: None,
        forbidden_by: None,
        facts: None,
    };
    let withdrawn = close_with(closing(2, Disposition::Withdrawn), windowed());
    for command in [given_back, withdrawn] {
        let events = decide(&given, command).unwrap();
        let all = [given.clone(), events].concat();
        let due_at = state_at(&all, now()).enrolment(&campaign()).unwrap().due_at;
        assert_eq!(due_at, second);
    }
}
