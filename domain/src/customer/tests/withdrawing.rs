//! Withdraws people from a campaign: no new dial, and open calls end as usual.

use super::*;
use crate::calling_plan::DeduplicationScope;
use crate::customer::ENROLMENT_WITHDRAWN;
use values::ids::CallId;

fn withdraw(list: Option<ListId>) -> CustomerCommand {
    CustomerCommand::WithdrawEnrolment {
        campaign: campaign(),
        list,
        reason: "the wrong month's file".to_owned(),
        by: Some("wang".to_owned()),
    }
}

fn withdrawn(open_calls: Vec<CallId>) -> CustomerEvent {
    CustomerEvent::EnrolmentWithdrawn {
        campaign: campaign(),
        list: list(),
        reason: "the wrong month's file".to_owned(),
        by: Some("wang".to_owned()),
        open_calls,
    }
}

fn rule_of(event: Option<&CustomerEvent>) -> Option<&str> {
    match event {
        Some(CustomerEvent::EnrolmentSettled { rule, .. }) => rule.as_deref(),
        _ => None,
    }
}

#[test]
fn who_waits_is_withdrawn_and_settled_at_once_and_never_granted() {
    let events = decide(&person(&[]), withdraw(Some(list()))).unwrap();
    assert_eq!(events.first(), Some(&withdrawn(vec![])));
    assert_eq!(
        (events.len(), rule_of(events.last())),
        (2, Some(ENROLMENT_WITHDRAWN))
    );
    let settled = person(&events);
    assert_eq!(decide(&settled, withdraw(None)), Ok(vec![]), "once");
    let granted = decide(&settled, grant_with(facts()));
    assert!(
        matches!(granted, Err(CustomerRefusal::Settled { .. })),
        "{granted:?}"
    );
}

#[test]
fn only_who_came_by_the_list_and_for_a_reason() {
    let other = ListId::derive(&campaign(), "another");
    assert_eq!(decide(&person(&[]), withdraw(Some(other))), Ok(vec![]));
    let not_enrolled = decide(&[registered()], withdraw(None));
    assert!(matches!(not_enrolled, Err(CustomerRefusal::NotEnrolled { .. })));
    let without_reason = CustomerCommand::WithdrawEnrolment {
        campaign: campaign(),
        list: None,
        reason: " ".to_owned(),
        by: None,
    };
    assert!(decide(&person(&[]), without_reason).is_err());
}

#[test]
fn an_open_call_ends_first_and_settles_then_without_a_retry() {
    let granted = decide(&person(&[]), grant_with(facts())).unwrap();
    let call = granted[0].call().unwrap();
    let events = decide(&person(&granted), withdraw(None)).unwrap();
    assert_eq!(events, [withdrawn(vec![call])]);
    let open = [granted, events].concat();
    let released = CustomerCommand::ReleaseDial {
        call,
        reason: "withdrawn".to_owned(),
        not_before: None,
        forbidden_by: None,
        facts: None,
    };
    let given_back = decide(&person(&open), released).unwrap();
    assert_eq!(
        (given_back.len(), rule_of(given_back.last())),
        (2, Some(ENROLMENT_WITHDRAWN))
    );
    let busy = CustomerCommand::CloseCall {
        closing: Box::new(CallClosing {
            callback_at: None,
            call,
            campaign: campaign(),
            number: number(),
            disposition: Disposition::Busy,
            outcome: None,
            charged: true,
            answered: false,
            late_leg: None,
            again: RedialRule::ByPolicy,
            dialed_at: now(),
            ended_at: now().plus_ms(5_000),
            hold_off_ms: 0,
        }),
        facts: Box::new(facts()),
    };
    let closed = decide(&person(&open), busy).unwrap();
    let next = closed.iter().any(|event| {
        matches!(
            event,
            CustomerEvent::CallClosed {
                next_due_at: Some(_),
                ..
            }
        )
    });
    assert!(!next, "there is no further call");
    assert_eq!(rule_of(closed.last()), Some(ENROLMENT_WITHDRAWN));
}

#[test]
fn who_is_due_by_an_undone_list_is_withdrawn_by_the_dial_that_asks() {
    let undone = CampaignFacts {
        undone_lists: [list()].into(),
        ..facts()
    };
    let events = decide(&person(&[]), grant_with(undone)).unwrap();
    assert!(matches!(
        events.first(),
        Some(CustomerEvent::EnrolmentWithdrawn { .. })
    ));
    assert_eq!(rule_of(events.last()), Some(ENROLMENT_WITHDRAWN));
    let other = CampaignFacts {
        undone_lists: [ListId::derive(&campaign(), "another")].into(),
        ..facts()
    };
    let events = decide(&person(&[]), grant_with(other)).unwrap();
    assert!(matches!(events.as_slice(), [CustomerEvent::DialGranted { .. }]));
}

#[test]
fn a_customer_in_any_campaign_is_a_duplicate_where_a_list_looks_everywhere() {
    let elsewhere = Enrolment {
        campaign: "OTHER".parse().unwrap(),
        list: ListId::derive(&"OTHER".parse().unwrap(), "a"),
        ..row()
    };
    assert!(decide(&person(&[]), enrol(elsewhere.clone())).is_ok());
    let everywhere = Enrolment {
        dedupe: DeduplicationScope::Everywhere,
        ..elsewhere
    };
    let twice = CustomerRefusal::AlreadyEnrolled {
        campaign: campaign(),
        list: list(),
    };
    assert_eq!(decide(&person(&[]), enrol(everywhere.clone())), Err(twice));
    assert!(decide(&[], enrol(everywhere)).is_ok());
}
