//! The call decider up to the answer: given events, when a command comes, then these events or this refusal.

use super::command::CallCommand;
use super::event::{CallEvent, EndReason, Notice};
use super::test_support::{
    and, answer, answered, at, cancel, cancel_requested, check, check_at, customer_grant, decide_at, dial,
    dial_on, dialing, end, failure, keypress, leg_failed, number_grant, permit_with, permitted, ring,
    ringing, state_after, up_to_answer, verdict, withdrawn,
};
use super::{CallRefusal, KeyPath};
use crate::compliance::{CustomerGrant, Decision, NumberGrant, PermitRefusal};
use crate::personal::Personal;
use crate::ports::line::{AnsweredDialog, FailureCause, LegFailure};
use values::key_rule::KeyRule;
use values::transfer_reason::TransferReason;

#[test]
fn both_grants_begin_a_call_and_the_same_grants_again_write_nothing() {
    let permit = || permit_with(customer_grant(), number_grant());
    check(&[], permit(), Ok(vec![permitted()]));
    check(&[(0, permitted())], permit(), Ok(vec![]));
    let other = NumberGrant {
        valid_until: at(1_950),
        ..number_grant()
    };
    check(
        &[(0, permitted())],
        permit_with(customer_grant(), other),
        Err(CallRefusal::AlreadyPermitted),
    );
}

#[test]
fn grants_that_expired_forbid_or_differ_begin_nothing() {
    check_at(
        1_901,
        &[],
        permit_with(customer_grant(), number_grant()),
        Err(CallRefusal::Permit(PermitRefusal::Expired(at(1_900)))),
    );
    let forbidding = CustomerGrant {
        verdicts: vec![verdict(Decision::Forbid)],
        ..customer_grant()
    };
    check(
        &[],
        permit_with(forbidding, number_grant()),
        Err(CallRefusal::Permit(PermitRefusal::NotAllowed(
            "calling_window".to_owned(),
        ))),
    );
    let foreign = NumberGrant {
        number: "00".repeat(16).parse().unwrap(),
        ..number_grant()
    };
    check(
        &[],
        permit_with(customer_grant(), foreign),
        Err(CallRefusal::Permit(PermitRefusal::Mismatch)),
    );
}

#[test]
fn nothing_happens_to_a_call_that_was_never_permitted() {
    for when in [
        dial(1),
        ring(1),
        answer(1),
        end(EndReason::Crash),
        cancel(1, EndReason::OptedOut),
    ] {
        check(&[], when, Err(CallRefusal::NotPermitted));
    }
}

#[test]
fn the_first_leg_is_dialed_until_the_earlier_grant_runs_out() {
    let given = [(0, permitted())];
    check_at(1_900, &given, dial(1), Ok(vec![dialing(1)]));
    check_at(
        1_901,
        &given,
        dial(1),
        Err(CallRefusal::Permit(PermitRefusal::Expired(at(1_900)))),
    );
    check(
        &given,
        dial(2),
        Err(CallRefusal::WrongLeg { leg: 2, expected: 1 }),
    );
}

#[test]
fn a_leg_is_dialed_at_most_once_whatever_became_of_it() {
    let dialed = vec![(0, permitted()), (0, dialing(1))];
    let refused = || Err(CallRefusal::AlreadyDialed { leg: 1 });
    check(&dialed, dial(1), refused());
    check(&and(dialed, leg_failed(1, failure(503))), dial(1), refused());
    check(&up_to_answer(), dial(1), refused());
}

#[test]
fn a_withdrawn_call_is_never_dialed() {
    let withdraw = CallCommand::Withdraw {
        reason: EndReason::OptedOut,
    };
    let given = vec![(0, permitted())];
    check(&given, withdraw.clone(), Ok(vec![withdrawn()]));
    let given = and(given, withdrawn());
    check(&given, dial(1), Err(CallRefusal::Ended));
    check(&given, withdraw, Ok(vec![]));
}

#[test]
fn a_dialed_call_cannot_be_withdrawn() {
    let withdraw = CallCommand::Withdraw {
        reason: EndReason::GrantExpired,
    };
    check(
        &[(0, permitted()), (0, dialing(1))],
        withdraw,
        Err(CallRefusal::AlreadyDialed { leg: 1 }),
    );
}

#[test]
fn a_second_leg_follows_a_definite_failure_on_another_trunk_within_six_seconds() {
    let given = and(
        vec![(0, permitted()), (0, dialing(1))],
        leg_failed(1, failure(503)),
    );
    check_at(6_000, &given, dial(2), Ok(vec![dialing(2)]));
    check_at(
        6_001,
        &given,
        dial(2),
        Err(CallRefusal::Permit(PermitRefusal::NoNextLeg(2))),
    );
    check(
        &given,
        dial_on(2, "trunk-1"),
        Err(CallRefusal::NoFailover {
            leg: 1,
            trunk: "trunk-1".to_owned(),
        }),
    );
    check(
        &given,
        dial(3),
        Err(CallRefusal::WrongLeg { leg: 3, expected: 2 }),
    );
}

/// The calling window may close between two legs; the second leg is then refused too.
#[test]
fn no_leg_follows_once_the_rules_allow_none() {
    let mut permitted = permitted();
    if let CallEvent::Permitted { customer_grant, .. } = &mut permitted {
        customer_grant.legs_until = Some(at(3_000));
    }
    let given = and(vec![(0, permitted), (0, dialing(1))], leg_failed(1, failure(503)));
    check_at(3_000, &given, dial(2), Ok(vec![dialing(2)]));
    let refused = Err(CallRefusal::Permit(PermitRefusal::NoNextLeg(2)));
    check_at(3_001, &given, dial(2), refused);
}

#[test]
fn silence_is_never_followed_by_a_second_leg() {
    let silent = LegFailure {
        cause: FailureCause::NoResponse,
        ..LegFailure::default()
    };
    let given = and(vec![(0, permitted()), (0, dialing(1))], leg_failed(1, silent));
    check(
        &given,
        dial(2),
        Err(CallRefusal::Permit(PermitRefusal::NoNextLeg(2))),
    );
}

#[test]
fn a_busy_callee_is_not_dialed_again_on_another_trunk() {
    let given = and(
        vec![(0, permitted()), (0, dialing(1))],
        leg_failed(1, failure(486)),
    );
    let refused = CallRefusal::NoFailover {
        leg: 1,
        trunk: "trunk-2".to_owned(),
    };
    check(&given, dial(2), Err(refused));
}

#[test]
fn the_third_leg_is_the_last() {
    let mut given = vec![(0, permitted())];
    for leg in 1..=3 {
        check(&given, dial(leg), Ok(vec![dialing(leg)]));
        given.extend([(0, dialing(leg)), (0, leg_failed(leg, failure(503)))]);
    }
    check(
        &given,
        dial(4),
        Err(CallRefusal::Permit(PermitRefusal::NoNextLeg(4))),
    );
}

#[test]
fn an_opt_out_between_two_legs_forbids_the_second() {
    let given = and(
        vec![(0, permitted()), (0, dialing(1))],
        leg_failed(1, failure(503)),
    );
    let requested = cancel_requested(1, EndReason::OptedOut);
    check(
        &given,
        cancel(1, EndReason::OptedOut),
        Ok(vec![requested.clone()]),
    );
    let given = and(given, requested);
    check(&given, dial(2), Err(CallRefusal::Withdrawn));
    assert!(state_after(&given).grants().unwrap().withdrawn);
}

#[test]
fn facts_of_a_leg_are_noted_once() {
    let dialed = vec![(0, permitted()), (0, dialing(1))];
    check(&dialed, ring(1), Ok(vec![ringing(1)]));
    check(&and(dialed.clone(), ringing(1)), ring(1), Ok(vec![]));
    check(&dialed, ring(2), Err(CallRefusal::UnknownLeg { leg: 2 }));
    check(&dialed, answer(1), Ok(vec![answered(1)]));
    check(&up_to_answer(), answer(1), Ok(vec![]));
    check(&up_to_answer(), ring(1), Ok(vec![]));
    let fail = || CallCommand::FailLeg {
        leg: 1,
        failure: failure(486),
    };
    let failed = leg_failed(1, failure(486));
    check(&dialed, fail(), Ok(vec![failed.clone()]));
    check(&and(dialed, failed), fail(), Ok(vec![]));
    check(
        &up_to_answer(),
        fail(),
        Err(CallRefusal::AlreadyAnswered { leg: 1 }),
    );
}

#[test]
fn a_conversation_needs_an_answer() {
    let given = vec![(0, permitted()), (0, dialing(1))];
    let notice = || CallCommand::NoteNoticePlayed {
        leg: 1,
        notice: Notice::Recording,
        recorded_ms: Some(4_000),
    };
    let enter = || CallCommand::EnterNode {
        node: "menu".to_owned(),
    };
    let transfer = || CallCommand::RequestTransfer {
        node: "menu".to_owned(),
        reason: Some(TransferReason::Ladder),
    };
    let hang_up = || CallCommand::RequestHangup {
        leg: 1,
        reason: EndReason::FlowEnded,
    };
    for when in [notice(), enter(), keypress('1'), transfer(), hang_up()] {
        check(&given, when, Err(CallRefusal::NotAnswered));
    }
    for (when, once) in [
        (notice(), true),
        (enter(), false),
        (keypress('1'), false),
        (transfer(), true),
        (hang_up(), true),
    ] {
        let events = decide_at(2_000, &up_to_answer(), when.clone()).unwrap();
        assert_eq!(events.len(), 1, "{when:?}");
        let again = decide_at(2_000, &and(up_to_answer(), events[0].clone()), when).unwrap();
        assert_eq!(again.is_empty(), once, "{again:?}");
    }
}

#[test]
fn only_keys_of_a_telephone_are_recorded_and_only_so_many() {
    for digit in "0123456789*#ABCD".chars() {
        assert!(
            decide_at(2_000, &up_to_answer(), keypress(digit)).is_ok(),
            "{digit}"
        );
    }
    check(
        &up_to_answer(),
        keypress('E'),
        Err(CallRefusal::InvalidDigit { digit: 'E' }),
    );
    let pressed = || {
        let digit = Personal::open("1".to_owned());
        CallEvent::Keypressed {
            leg: 1,
            node: "menu".to_owned(),
            digit,
        }
    };
    for (rule, keypresses_max) in [(KeyRule::HundredKeys, 100), (KeyRule::SpokenNodes, 240)] {
        let mut given = up_to_answer();
        for (_, event) in &mut given {
            if let CallEvent::Answered { key_rule, .. } = event {
                *key_rule = Some(rule);
            }
        }
        given.extend((1..keypresses_max).map(|_| (1_000, pressed())));
        check(&given, keypress('1'), Ok(vec![pressed()]));
        given.push((1_000, pressed()));
        let refused = CallRefusal::TooManyKeypresses { keypresses_max };
        check(&given, keypress('1'), Err(refused));
    }
}

/// The key paths of an answer are stored as received. Those of a late answer, which is hung up, are not
/// stored.
#[test]
fn how_keys_can_arrive_is_stored_with_the_answer_alone() {
    let answer_with = |key_paths| AnsweredDialog {
        key_paths,
        ..super::test_support::answered_dialog()
    };
    let given = [(0, permitted()), (0, dialing(1))];
    for key_paths in [
        None,
        Some(Vec::new()),
        Some(vec![KeyPath::InBand, KeyPath::SipInfo]),
    ] {
        let dialog = answer_with(key_paths.clone());
        let events = decide_at(1_000, &given, CallCommand::Answer { leg: 1, dialog });
        let stored = events.expect("an answer is stored");
        let [CallEvent::Answered { dialog, .. }] = stored.as_slice() else {
            panic!("{stored:?}");
        };
        assert_eq!(dialog.key_paths, key_paths);
        assert_eq!(dialog.has_no_key_path(), key_paths == Some(Vec::new()));
    }
    let dialog = answer_with(Some(vec![KeyPath::RtpEvent]));
    let late = CallCommand::NoteLateAnswer { leg: 1, dialog };
    check(&given, late, Ok(vec![super::test_support::late_answered(1)]));
}

#[test]
fn a_cancel_is_requested_once_and_only_before_the_answer() {
    let dialed = vec![(0, permitted()), (0, dialing(1))];
    let timeout = EndReason::RingTimeout;
    check(
        &dialed,
        cancel(1, timeout),
        Ok(vec![cancel_requested(1, timeout)]),
    );
    let given = and(dialed, cancel_requested(1, timeout));
    check(&given, cancel(1, timeout), Ok(vec![]));
    check(
        &given,
        cancel(1, EndReason::OptedOut),
        Ok(vec![cancel_requested(1, EndReason::OptedOut)]),
    );
    check(
        &up_to_answer(),
        cancel(1, timeout),
        Err(CallRefusal::AlreadyAnswered { leg: 1 }),
    );
}

#[test]
fn a_ringing_that_comes_after_the_failure_or_the_answer_says_nothing_new() {
    let dialed = vec![(0, permitted()), (0, dialing(1))];
    check(
        &and(dialed.clone(), leg_failed(1, failure(503))),
        ring(1),
        Ok(vec![]),
    );
    check(&and(dialed, answered(1)), ring(1), Ok(vec![]));
}

#[test]
fn a_refused_offer_may_be_repeated_on_the_same_trunk_but_only_once() {
    let mut given = and(
        vec![(0, permitted()), (0, dialing(1))],
        leg_failed(1, failure(488)),
    );
    assert!(decide_at(1_000, &given, dial_on(2, "trunk-1")).is_ok());
    given.extend([(1_000, dialing(2)), (1_100, leg_failed(2, failure(488)))]);
    let refused = CallRefusal::NoFailover {
        leg: 2,
        trunk: "trunk-3".to_owned(),
    };
    check_at(1_200, &given, dial(3), Err(refused));
}
