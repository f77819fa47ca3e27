//! The call decider: given events, when a command comes, then these events or this refusal.

use super::command::{CallCommand, CallEnding};
use super::event::{CallEvent, EndReason, Notice};
use super::{Call, CallPhase, CallRefusal, CallState, FourState, KEYPRESSES_MAX, LegIdentity};
use crate::calling_plan::FlowRef;
use crate::compliance::{CustomerGrant, Decision, NumberGrant, PermitRefusal, Verdict};
use crate::decider::{Context, Decider};
use crate::disposition::{Disposition, Outcome};
use crate::ids::{CallId, CampaignId, CustomerId, EnrolmentId, NumberId};
use crate::personal::Personal;
use crate::ports::line::{AnsweredDialog, FailureCause, LegFailure};
use crate::ports::recording::RecordingFacts;
use crate::time::Timestamp;
use std::collections::BTreeMap;

fn start() -> Timestamp {
    "2026-03-02T02:00:00Z".parse().unwrap()
}

fn at(millis: u64) -> Timestamp {
    start().plus_ms(millis)
}

fn campaign() -> CampaignId {
    "T".parse().unwrap()
}

fn customer() -> CustomerId {
    "00112233445566778899aabbccddeeff".parse().unwrap()
}

fn number() -> NumberId {
    "ffeeddccbbaa99887766554433221100".parse().unwrap()
}

fn call() -> CallId {
    CallId::derive(
        &EnrolmentId {
            campaign: campaign(),
            customer: customer(),
        },
        1,
    )
}

fn verdict(decision: Decision) -> Verdict {
    Verdict {
        rule: "calling_window".to_owned(),
        version: 1,
        effective_from: "2026-01-01".to_owned(),
        decision,
        facts: BTreeMap::new(),
    }
}

fn customer_grant() -> CustomerGrant {
    CustomerGrant {
        call: call(),
        campaign: campaign(),
        customer: customer(),
        number: number(),
        valid_until: at(2_000),
        verdicts: vec![verdict(Decision::Allow)],
    }
}

/// Runs out 100 ms before the customer's.
fn number_grant() -> NumberGrant {
    NumberGrant {
        call: call(),
        campaign: campaign(),
        number: number(),
        valid_until: at(1_900),
        verdicts: Vec::new(),
    }
}

fn flow() -> FlowRef {
    FlowRef {
        flow: "reminder".parse().unwrap(),
        version: 1,
        content_hash: "00".repeat(32),
    }
}

fn permit_with(customer_grant: CustomerGrant, number_grant: NumberGrant) -> CallCommand {
    CallCommand::Permit {
        call: call(),
        attempt: 1,
        callee: "+8613800138000".to_owned(),
        customer_grant: Box::new(customer_grant),
        number_grant: Box::new(number_grant),
        flow: flow(),
    }
}

fn permitted() -> CallEvent {
    CallEvent::Permitted {
        attempt: 1,
        callee: Personal::open_hashed("+8613800138000".to_owned()),
        customer_grant: Box::new(customer_grant()),
        number_grant: Box::new(number_grant()),
        flow: flow(),
    }
}

fn dial_on(leg: u8, trunk: &str) -> CallCommand {
    CallCommand::Dial {
        leg,
        trunk: trunk.to_owned(),
        sip_call_id: LegIdentity::new(call(), leg).sip_call_id(),
        local: "127.0.0.1:5060".to_owned(),
        caller: None,
        hold_off_ms: 5_000,
    }
}

fn dial(leg: u8) -> CallCommand {
    dial_on(leg, &format!("trunk-{leg}"))
}

fn dialing(leg: u8) -> CallEvent {
    CallEvent::Dialing {
        leg,
        trunk: format!("trunk-{leg}"),
        sip_call_id: LegIdentity::new(call(), leg).sip_call_id(),
        local: "127.0.0.1:5060".to_owned(),
        caller: None,
        hold_off_ms: 5_000,
    }
}

fn failure(code: u16) -> LegFailure {
    LegFailure {
        sip_code: Some(code),
        definite: true,
        after_ms: 100,
        ..LegFailure::default()
    }
}

fn canceled() -> LegFailure {
    LegFailure {
        cause: FailureCause::Cancelled,
        rang: true,
        ..failure(487)
    }
}

fn leg_failed(leg: u8, failure: LegFailure) -> CallEvent {
    CallEvent::LegFailed { leg, failure }
}

fn ringing(leg: u8) -> CallEvent {
    CallEvent::Ringing {
        leg,
        sip_code: 180,
        early_media: false,
    }
}

fn ring(leg: u8) -> CallCommand {
    CallCommand::NoteRinging {
        leg,
        sip_code: 180,
        early_media: false,
    }
}

fn dialog() -> AnsweredDialog {
    AnsweredDialog {
        to_tag: "t1".to_owned(),
        remote_target: "sip:callee@127.0.0.1:5070".to_owned(),
        route_set: Vec::new(),
        cseq: 1,
    }
}

fn answer(leg: u8) -> CallCommand {
    CallCommand::Answer {
        leg,
        dialog: dialog(),
    }
}

fn answered(leg: u8) -> CallEvent {
    CallEvent::Answered {
        leg,
        dialog: dialog(),
    }
}

fn late_answered(leg: u8) -> CallEvent {
    CallEvent::LateAnswered {
        leg,
        dialog: dialog(),
    }
}

fn cancel(leg: u8, reason: EndReason) -> CallCommand {
    CallCommand::RequestCancel { leg, reason }
}

fn cancel_requested(leg: u8, reason: EndReason) -> CallEvent {
    CallEvent::CancelRequested { leg, reason }
}

fn end(reason: EndReason) -> CallCommand {
    CallCommand::End(CallEnding {
        reason: Some(reason),
        heard_rtp: true,
        ..CallEnding::default()
    })
}

fn keypress(digit: char) -> CallCommand {
    CallCommand::NoteKeypress {
        leg: 1,
        node: "menu".to_owned(),
        digit,
    }
}

/// `call.ended` in its parts that differ.
fn ended(disposition: Disposition, reason: EndReason) -> CallEvent {
    CallEvent::Ended {
        disposition,
        disposition_version: 1,
        outcome: None,
        talk_ms: 0,
        charged: true,
        reason,
        sip_code: None,
        reason_header: None,
        q850: None,
        late_answer: false,
        recording_sha256: None,
        recording_bytes: None,
    }
}

fn up_to_answer() -> Vec<(u64, CallEvent)> {
    vec![
        (0, permitted()),
        (0, dialing(1)),
        (100, ringing(1)),
        (1_000, answered(1)),
    ]
}

fn and(given: Vec<(u64, CallEvent)>, event: CallEvent) -> Vec<(u64, CallEvent)> {
    [given, vec![(1_000, event)]].concat()
}

fn withdrawn() -> CallEvent {
    let mut event = ended(Disposition::Withdrawn, EndReason::OptedOut);
    if let CallEvent::Ended { charged, .. } = &mut event {
        *charged = false;
    }
    event
}

fn state_after(given: &[(u64, CallEvent)]) -> CallState {
    let mut state = CallState::default();
    for (millis, event) in given {
        Call::evolve(&mut state, event, at(*millis));
    }
    state
}

type Decided = Result<Vec<CallEvent>, CallRefusal>;

fn decide_at(millis: u64, given: &[(u64, CallEvent)], when: CallCommand) -> Decided {
    Call::decide(&state_after(given), when, Context { now: at(millis) })
}

#[track_caller]
fn check_at(millis: u64, given: &[(u64, CallEvent)], when: CallCommand, then: Decided) {
    assert_eq!(decide_at(millis, given, when), then);
}

#[track_caller]
fn check(given: &[(u64, CallEvent)], when: CallCommand, then: Decided) {
    check_at(1_000, given, when, then);
}

/// The disposition, whether it is charged, the outcome and talk time of the one `call.ended`.
#[track_caller]
fn ends(
    millis: u64,
    given: &[(u64, CallEvent)],
    when: CallCommand,
) -> (Disposition, bool, Option<Outcome>, u64) {
    let decided = decide_at(millis, given, when).unwrap();
    match decided.as_slice() {
        [
            CallEvent::Ended {
                disposition,
                charged,
                outcome,
                talk_ms,
                ..
            },
        ] => (*disposition, *charged, *outcome, *talk_ms),
        other => panic!("one call.ended was expected, not {other:?}"),
    }
}

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
    };
    let enter = || CallCommand::EnterNode {
        node: "menu".to_owned(),
    };
    let transfer = || CallCommand::RequestTransfer {
        node: "menu".to_owned(),
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
    let mut given = up_to_answer();
    given.extend((1..KEYPRESSES_MAX).map(|_| (1_000, pressed())));
    check(&given, keypress('1'), Ok(vec![pressed()]));
    given.push((1_000, pressed()));
    let refused = CallRefusal::TooManyKeypresses {
        keypresses_max: KEYPRESSES_MAX,
    };
    check(&given, keypress('1'), Err(refused));
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
fn an_answer_that_crosses_our_cancel_is_late_and_the_call_stays_unanswered() {
    let given = vec![
        (0, permitted()),
        (0, dialing(1)),
        (100, ringing(1)),
        (4_000, cancel_requested(1, EndReason::RingTimeout)),
    ];
    check(&given, answer(1), Ok(vec![late_answered(1)]));
    let given = and(given, late_answered(1));
    let CallEvent::Ended {
        disposition,
        late_answer,
        talk_ms,
        outcome,
        ..
    } = decide_at(4_200, &given, end(EndReason::RingTimeout)).unwrap()[0]
    else {
        unreachable!()
    };
    assert_eq!(
        (disposition, late_answer, talk_ms, outcome),
        (Disposition::NoAnswer, true, 0, None)
    );
    check(
        &given,
        CallCommand::EnterNode {
            node: "menu".to_owned(),
        },
        Err(CallRefusal::NotAnswered),
    );
}

#[test]
fn after_the_end_only_a_late_answer_is_recorded_and_only_once() {
    let silent = LegFailure {
        cause: FailureCause::NoResponse,
        ..LegFailure::default()
    };
    let given = vec![
        (0, permitted()),
        (0, dialing(1)),
        (4_000, leg_failed(1, silent)),
        (4_000, ended(Disposition::TrunkTimeout, EndReason::Network)),
    ];
    let late = || CallCommand::NoteLateAnswer {
        leg: 1,
        dialog: dialog(),
    };
    check(&given, late(), Ok(vec![late_answered(1)]));
    check(&given, answer(1), Ok(vec![late_answered(1)]));
    check(&given, end(EndReason::Crash), Ok(vec![]));
    for when in [ring(1), dial(2), keypress('1'), cancel(1, EndReason::OptedOut)] {
        check(&given, when, Err(CallRefusal::Ended));
    }
    check(&and(given, late_answered(1)), late(), Ok(vec![]));
}

#[test]
fn a_call_without_answer_ends_with_its_last_legs_failure_and_raw_values() {
    let busy = LegFailure {
        reason_header: Some("Q.850;cause=17".to_owned()),
        q850: Some(17),
        rang: true,
        ..failure(600)
    };
    let given = vec![
        (0, permitted()),
        (0, dialing(1)),
        (50, leg_failed(1, failure(503))),
        (60, dialing(2)),
        (900, leg_failed(2, busy)),
    ];
    let CallEvent::Ended {
        disposition,
        sip_code,
        reason_header,
        q850,
        charged,
        ..
    } = decide_at(1_000, &given, end(EndReason::Network)).unwrap()[0].clone()
    else {
        unreachable!()
    };
    assert_eq!(
        (disposition, sip_code, q850, charged),
        (Disposition::Busy, Some(600), Some(17), true)
    );
    assert_eq!(reason_header.as_deref(), Some("Q.850;cause=17"));
}

#[test]
fn our_ring_timeout_is_no_answer() {
    let given = vec![
        (0, permitted()),
        (0, dialing(1)),
        (100, ringing(1)),
        (4_000, cancel_requested(1, EndReason::RingTimeout)),
        (4_010, leg_failed(1, canceled())),
    ];
    let (disposition, charged, ..) = ends(4_020, &given, end(EndReason::RingTimeout));
    assert_eq!((disposition, charged), (Disposition::NoAnswer, true));
}

#[test]
fn talk_time_runs_from_answer_to_end_and_a_callees_hangup_is_its_outcome() {
    assert_eq!(
        ends(9_500, &up_to_answer(), end(EndReason::CalleeHungUp)),
        (Disposition::Answered, true, Some(Outcome::HungUp), 8_500)
    );
    let flow_ended = CallCommand::End(CallEnding {
        reason: Some(EndReason::FlowEnded),
        outcome: Some(Outcome::Success),
        recording: Some(RecordingFacts {
            sha256: "ab".repeat(32),
            bytes: 44,
            duration_ms: 0,
        }),
        ..CallEnding::default()
    });
    assert_eq!(
        ends(9_500, &up_to_answer(), flow_ended),
        (Disposition::Answered, true, Some(Outcome::Success), 8_500)
    );
}

#[test]
fn a_hangup_within_a_second_without_sound_is_answered_short() {
    let silent = CallCommand::End(CallEnding {
        reason: Some(EndReason::CalleeHungUp),
        ..CallEnding::default()
    });
    let given = up_to_answer();
    assert_eq!(ends(1_999, &given, silent.clone()).0, Disposition::AnsweredShort);
    assert_eq!(ends(2_000, &given, silent).0, Disposition::Answered);
    let heard = end(EndReason::CalleeHungUp);
    assert_eq!(ends(1_999, &given, heard).0, Disposition::Answered);
}

#[test]
fn what_a_crash_or_a_drain_leaves_is_interrupted_answered_or_not() {
    let dialed = vec![(0, permitted()), (0, dialing(1))];
    for reason in [EndReason::Crash, EndReason::Drain] {
        assert_eq!(
            ends(5_000, &dialed, end(reason)),
            (Disposition::Interrupted, true, None, 0)
        );
        assert_eq!(
            ends(5_000, &up_to_answer(), end(reason)),
            (Disposition::Interrupted, true, None, 4_000)
        );
    }
}

#[test]
fn a_permitted_call_that_ends_before_its_dial_is_withdrawn() {
    let (disposition, charged, ..) = ends(500, &[(0, permitted())], end(EndReason::Drain));
    assert_eq!((disposition, charged), (Disposition::Withdrawn, false));
}

#[test]
fn a_callee_who_asked_for_a_colleague_and_hung_up_is_called_back() {
    let given = and(
        up_to_answer(),
        CallEvent::TransferRequested {
            node: "colleague".to_owned(),
        },
    );
    assert_eq!(
        ends(3_000, &given, end(EndReason::CalleeHungUp)).2,
        Some(Outcome::Callback)
    );
}

#[test]
fn the_phase_follows_the_events_and_the_four_states_follow_the_requirement() {
    let mut given = Vec::new();
    let steps = [
        (permitted(), CallPhase::Permitted, FourState::Init),
        (dialing(1), CallPhase::Dialing, FourState::Init),
        (ringing(1), CallPhase::Ringing, FourState::Init),
        (answered(1), CallPhase::Answered, FourState::Conversation),
        (
            CallEvent::NodeEntered {
                node: "menu".to_owned(),
            },
            CallPhase::InConversation,
            FourState::Conversation,
        ),
        (
            ended(Disposition::Answered, EndReason::CalleeHungUp),
            CallPhase::Ended,
            FourState::End,
        ),
    ];
    for (event, phase, four_state) in steps {
        given.push((1_000, event));
        let state = state_after(&given);
        assert_eq!((state.phase(), state.four_state()), (phase, four_state));
    }
}

#[test]
fn a_transfer_ends_the_four_state_view_and_an_unanswered_end_is_an_error_in_it() {
    let transferred = and(
        up_to_answer(),
        CallEvent::TransferRequested {
            node: "colleague".to_owned(),
        },
    );
    assert_eq!(state_after(&transferred).four_state(), FourState::Manual);
    let ended_after = and(transferred, ended(Disposition::Answered, EndReason::FlowEnded));
    assert_eq!(state_after(&ended_after).four_state(), FourState::Manual);
    let unanswered = [
        (0, permitted()),
        (0, dialing(1)),
        (0, ended(Disposition::Busy, EndReason::Network)),
    ];
    assert_eq!(state_after(&unanswered).four_state(), FourState::Error);
}

#[test]
fn every_event_is_about_the_campaign_and_customer_of_the_permit() {
    let state = state_after(&[(0, permitted())]);
    let scope = Call::scope(&call(), &state, &dialing(1));
    assert_eq!(
        (scope.campaign, scope.customer),
        (Some(campaign()), Some(customer()))
    );
}
