//! One call now: due before its time, not after its deadline, and never more than the rules permit.

use super::*;
use crate::dialing_plan::{DialingMode, DialingPlan};
use values::ids::CallId;

fn call_now(deadline: Option<Timestamp>) -> CustomerCommand {
    CustomerCommand::CallNow {
        campaign: campaign(),
        deadline,
    }
}

fn asked(deadline: Option<Timestamp>) -> CustomerEvent {
    CustomerEvent::CallAsked {
        campaign: campaign(),
        due_at: now(),
        deadline,
    }
}

#[test]
fn who_waits_for_a_retry_is_due_at_once_and_the_rules_are_asked_as_ever() {
    let busy = closed(&closing(1, Disposition::Busy), Some(now().plus_ms(3_600_000)));
    let given = person(&[granted(1), busy]);
    assert!(matches!(
        decide(&given, grant_with(facts())),
        Err(CustomerRefusal::NotDue { .. })
    ));
    check(&given, call_now(None), Ok(vec![asked(None)]));
    let after = [given, vec![asked(None)]].concat();
    assert!(matches!(
        decide(&after, grant_with(facts())).as_deref(),
        Ok([CustomerEvent::DialGranted { attempt: 2, .. }])
    ));
    let mut paused = facts();
    paused.running = false;
    assert_eq!(refused(&decide(&after, grant_with(paused))).0, "campaign_state");
}

#[test]
fn from_its_deadline_on_dialing_stops_and_the_enrolment_is_settled_with_the_reason() {
    let deadline = Some(now());
    let given = person(&[asked(deadline)]);
    let (rule, not_before, settled_as) = refused(&decide(&given, grant_with(facts())));
    assert_eq!(
        (rule.as_str(), not_before, settled_as),
        ("deadline_over", None, Some(Disposition::NotPermitted))
    );
    let before = person(&[asked(Some(now().plus_ms(1)))]);
    assert!(matches!(
        decide(&before, grant_with(facts())).as_deref(),
        Ok([CustomerEvent::DialGranted { .. }])
    ));
}

#[test]
fn a_retry_or_a_window_that_comes_after_the_deadline_settles_instead_of_waiting() {
    let given = person(&[asked(Some(now().plus_ms(60_000))), granted(1)]);
    let close = CustomerCommand::CloseCall {
        closing: Box::new(closing(1, Disposition::Busy)),
        facts: Box::new(facts()),
    };
    let events = decide(&given, close).unwrap();
    assert!(
        matches!(
            events.as_slice(),
            [
                CustomerEvent::CallClosed {
                    next_due_at: None,
                    ..
                },
                CustomerEvent::EnrolmentSettled { .. }
            ]
        ),
        "{events:?}"
    );
    let mut closed_now = facts();
    closed_now.plan.window = window("14:00-18:00");
    let waiting = person(&[asked(Some(now().plus_ms(60_000)))]);
    let (rule, not_before, settled_as) = refused(&decide(&waiting, grant_with(closed_now)));
    assert_eq!(
        (rule.as_str(), not_before, settled_as),
        ("calling_window", None, Some(Disposition::NotPermitted))
    );
}

#[test]
fn who_is_not_in_the_campaign_settled_being_called_or_too_late_is_refused() {
    let not_in = vec![registered()];
    assert!(matches!(
        decide(&not_in, call_now(None)),
        Err(CustomerRefusal::NotEnrolled { .. })
    ));
    let done = person(&[settled(Disposition::NoAnswer, None, 3)]);
    assert!(matches!(
        decide(&done, call_now(None)),
        Err(CustomerRefusal::Settled { .. })
    ));
    check(
        &person(&[granted(1)]),
        call_now(None),
        Err(CustomerRefusal::AlreadyGranted { call: nth_call(1) }),
    );
    let deadline = now();
    check(
        &person(&[]),
        call_now(Some(deadline)),
        Err(CustomerRefusal::DeadlineOver { deadline }),
    );
}

fn cancel(call: CallId) -> CustomerCommand {
    CustomerCommand::CancelAsked {
        customer: customer(),
        campaign: campaign(),
        call,
        reason: "asked twice".to_owned(),
        by: Some("wang".to_owned()),
    }
}

#[test]
fn a_call_that_was_asked_for_is_canceled_before_its_grant_and_settles_the_enrolment() {
    let events = decide(&person(&[asked(None)]), cancel(nth_call(1))).unwrap();
    let [
        CustomerEvent::EnrolmentSettled {
            disposition,
            rule,
            facts,
            ..
        },
    ] = events.as_slice()
    else {
        panic!("{events:?}");
    };
    assert_eq!(*disposition, Disposition::NotPermitted);
    assert_eq!(rule.as_deref(), Some(crate::customer::CALL_CANCELED));
    assert_eq!(
        (facts["reason"].as_str(), facts["by"].as_str()),
        ("asked twice", "wang")
    );
    let over = person(&[asked(None), events[0].clone()]);
    assert!(matches!(
        decide(&over, grant_with(super::facts())),
        Err(CustomerRefusal::Settled { .. })
    ));
    assert!(matches!(
        decide(&over, cancel(nth_call(1))),
        Err(CustomerRefusal::Settled { .. })
    ));
}

#[test]
fn who_was_not_asked_for_or_is_being_called_is_not_canceled_so() {
    let waits = person(&[]);
    let not_asked = |call| Err(CustomerRefusal::NotAsked { call });
    check(&waits, cancel(nth_call(1)), not_asked(nth_call(1)));
    check(
        &person(&[asked(None)]),
        cancel(nth_call(2)),
        not_asked(nth_call(2)),
    );
    let being_called = person(&[asked(None), granted(1)]);
    let too_late = Err(CustomerRefusal::AlreadyGranted { call: nth_call(1) });
    check(&being_called, cancel(nth_call(1)), too_late);
    let busy = closed(&closing(1, Disposition::Busy), Some(now().plus_ms(3_600_000)));
    let retried = person(&[asked(None), granted(1), busy]);
    check(&retried, cancel(nth_call(2)), not_asked(nth_call(2)));
}

#[test]
fn a_campaign_of_callbacks_dials_only_customers_with_a_requested_call() {
    let mut facts = facts();
    facts.plan.dialing = Some(DialingPlan {
        mode: DialingMode::Callback,
        holds_each_day: false,
        ..DialingPlan::default()
    });
    check(
        &person(&[]),
        grant_with(facts.clone()),
        Err(CustomerRefusal::NotAskedFor { campaign: campaign() }),
    );
    let asked = CustomerEvent::CallAsked {
        campaign: campaign(),
        due_at: now(),
        deadline: None,
    };
    let events = decide(&person(&[asked]), grant_with(facts)).unwrap();
    assert!(
        matches!(events.as_slice(), [CustomerEvent::DialGranted { .. }]),
        "{events:?}"
    );
}

#[test]
fn a_campaign_of_callbacks_settles_at_its_end_a_person_who_named_no_time() {
    let mut facts = facts();
    facts.plan.dialing = Some(DialingPlan {
        mode: DialingMode::Callback,
        holds_each_day: false,
        ..DialingPlan::default()
    });
    facts.plan.ends_at = Some(now());
    let events = decide(&person(&[]), grant_with(facts)).unwrap();
    assert!(
        matches!(
            events.as_slice(),
            [
                CustomerEvent::DialRefused { not_before: None, .. },
                CustomerEvent::EnrolmentSettled { .. }
            ]
        ),
        "{events:?}"
    );
}
