//! How calls end, and what follows the end: given events, when a command comes, then these events.

use super::command::{CallCommand, CallEnding};
use super::event::{CallEvent, EndReason};
use super::test_support::{
    and, answer, answered, answered_dialog, at, call, campaign, cancel, cancel_requested, canceled, check,
    customer, decide_at, dial, dialing, end, ended, ends, failure, keypress, late_answered, leg_failed,
    permitted, ring, ringing, state_after, up_to_answer,
};
use super::{Call, CallPhase, CallRefusal, FourState};
use crate::decider::Decider;
use crate::ports::line::{FailureCause, LegFailure};
use crate::ports::recording::RecordingFacts;
use values::disposition::{Disposition, Outcome};

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
        dialog: answered_dialog(),
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
            callee_audio_from_ms: None,
        }),
        ..CallEnding::default()
    });
    assert_eq!(
        ends(9_500, &up_to_answer(), flow_ended),
        (Disposition::Answered, true, Some(Outcome::Success), 8_500)
    );
}

#[test]
fn talk_time_ends_when_the_line_was_hung_up_and_never_after_now() {
    for (hung_up_at_ms, talk_ms) in [(9_000, 8_000), (9_500, 8_500), (9_501, 8_500), (0, 0)] {
        let ending = CallCommand::End(CallEnding {
            reason: Some(EndReason::CalleeHungUp),
            heard_rtp: true,
            hung_up_at: Some(at(hung_up_at_ms)),
            ..CallEnding::default()
        });
        assert_eq!(ends(9_500, &up_to_answer(), ending).3, talk_ms, "{hung_up_at_ms}");
    }
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
fn what_a_crash_a_drain_or_a_stop_leaves_is_interrupted_answered_or_not() {
    let dialed = vec![(0, permitted()), (0, dialing(1))];
    for reason in [EndReason::Crash, EndReason::Drain, EndReason::EmergencyStop] {
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
fn what_a_drain_or_a_stop_cancels_is_interrupted_and_what_failed_by_itself_keeps_its_disposition() {
    let ringing = vec![(0, permitted()), (0, dialing(1)), (0, ringing(1))];
    let ends_as = |given: &[(u64, CallEvent)], reason| ends(5_000, given, end(reason)).0;
    for reason in [EndReason::Drain, EndReason::EmergencyStop] {
        let drained = and(ringing.clone(), cancel_requested(1, reason));
        let drained = and(drained, leg_failed(1, canceled()));
        assert_eq!(ends_as(&drained, reason), Disposition::Interrupted);
        let busy = and(ringing.clone(), leg_failed(1, failure(486)));
        assert_eq!(ends_as(&busy, reason), Disposition::Busy);
    }
    let timed_out = and(ringing, cancel_requested(1, EndReason::RingTimeout));
    let timed_out = and(timed_out, leg_failed(1, canceled()));
    assert_eq!(ends_as(&timed_out, EndReason::Crash), Disposition::NoAnswer);
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
            reason: None,
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
            reason: None,
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

#[test]
fn a_flow_that_calls_it_hung_up_after_a_transfer_was_asked_for_means_callback() {
    let given = and(
        up_to_answer(),
        CallEvent::TransferRequested {
            node: "colleague".to_owned(),
            reason: None,
        },
    );
    let hung_up = CallCommand::End(CallEnding {
        reason: Some(EndReason::CalleeHungUp),
        outcome: Some(Outcome::HungUp),
        ..CallEnding::default()
    });
    assert_eq!(ends(3_000, &given, hung_up).2, Some(Outcome::Callback));
}

#[test]
fn the_cause_of_a_hangup_is_read_from_its_header() {
    let ending = CallCommand::End(CallEnding {
        reason: Some(EndReason::CalleeHungUp),
        reason_header: Some("Q.850;cause=16".to_owned()),
        heard_rtp: true,
        ..CallEnding::default()
    });
    let events = decide_at(3_000, &up_to_answer(), ending).unwrap();
    assert!(
        matches!(events.as_slice(), [CallEvent::Ended { q850: Some(16), .. }]),
        "{events:?}"
    );
}

#[test]
fn a_reason_that_names_the_number_is_stored_without_it() {
    let said = |text: &str| LegFailure {
        sip_code: Some(404),
        definite: true,
        reason_header: Some(format!("Q.850;cause=1;text=\"{text} vacant\"")),
        ..LegFailure::default()
    };
    let given = vec![(0, permitted()), (0, dialing(1))];
    let when = CallCommand::FailLeg {
        leg: 1,
        failure: said("008613800138000"),
    };
    check(&given, when, Ok(vec![leg_failed(1, said("00{callee:13}"))]));
}
