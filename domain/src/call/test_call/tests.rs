//! A test call begins only under the grants of a test, and a call never under them.

use super::{TestCall, TestCallEvent};
use crate::call::command::CallCommand;
use crate::call::event::CallEvent;
use crate::call::test_support::{call, flow, permit_with};
use crate::call::{Call, CallState};
use crate::compliance::testing::{campaign, instant};
use crate::compliance::{OWN_TEST_NUMBER, test_grants};
use crate::decider::{Context, Decider, EventData};
use crate::time::Timestamp;

fn now() -> Timestamp {
    instant("2026-03-02T10:00:00+08:00")
}

fn permit() -> CallCommand {
    let number = "ffeeddccbbaa99887766554433221100".parse().unwrap();
    let (customer, number) = test_grants(call(), &campaign(), &number, true, now()).unwrap();
    permit_with(customer, number)
}

#[test]
fn its_steps_are_those_of_a_call_in_an_aggregate_of_its_own() {
    let mut state = CallState::default();
    let mut events = Vec::new();
    let dial = CallCommand::Dial {
        leg: 1,
        trunk: "a".to_owned(),
        sip_call_id: "x".to_owned(),
        local: "127.0.0.1:5060".to_owned(),
        caller: None,
        hold_off_ms: 0,
    };
    for command in [permit(), dial] {
        for event in TestCall::decide(&state, command, Context { now: now() }).unwrap() {
            TestCall::evolve(&mut state, &event, now());
            events.push(event);
        }
    }
    assert!(
        events
            .iter()
            .all(|event| event.kind() == TestCallEvent::STEP_RECORDED)
    );
    assert!(matches!(events[1].step(), CallEvent::Dialing { leg: 1, .. }));
    assert_eq!((state.flow(), state.legs().len()), (Some(&flow()), 1));
    let scope = TestCall::scope(&call(), &state, &events[0]);
    assert_eq!(scope.customer, Some(crate::compliance::test_stand_in()));
}

#[test]
fn a_grant_of_a_test_begins_no_call_and_another_grant_no_test() {
    let none = CallState::default();
    let context = Context { now: now() };
    let refused = Call::decide(&none, permit(), context).unwrap_err();
    assert!(refused.to_string().contains(OWN_TEST_NUMBER), "{refused}");
    let real = permit_with(
        crate::call::test_support::customer_grant(),
        crate::call::test_support::number_grant(),
    );
    let refused = TestCall::decide(&none, real, context).unwrap_err();
    assert!(refused.to_string().contains(OWN_TEST_NUMBER), "{refused}");
}

#[test]
fn a_number_that_is_not_ours_gets_no_grant() {
    let number = "ffeeddccbbaa99887766554433221100".parse().unwrap();
    let refused = test_grants(call(), &campaign(), &number, false, now()).unwrap_err();
    assert_eq!(
        (refused.rule.as_str(), refused.allows()),
        (OWN_TEST_NUMBER, false)
    );
}
