//! Shared by the tests of the call decider: events and commands of one call, and check helpers.

use super::command::{CallCommand, CallEnding};
use super::event::{CallEvent, EndReason};
use super::{Call, CallRefusal, CallState, LegIdentity};
use crate::calling_plan::FlowRef;
use crate::compliance::{CustomerGrant, Decision, NumberGrant, Verdict};
use crate::decider::{Context, Decider};
use crate::personal::Personal;
use crate::ports::line::{AnsweredDialog, FailureCause, LegFailure};
use crate::time::Timestamp;
use std::collections::BTreeMap;
use values::disposition::{Disposition, Outcome};
use values::ids::{CallId, CampaignId, CustomerId, EnrolmentId, NumberId};

pub(super) fn start() -> Timestamp {
    "2026-03-02T02:00:00Z".parse().unwrap()
}

pub(super) fn at(millis: u64) -> Timestamp {
    start().plus_ms(millis)
}

pub(super) fn campaign() -> CampaignId {
    "T".parse().unwrap()
}

pub(super) fn customer() -> CustomerId {
    "00112233445566778899aabbccddeeff".parse().unwrap()
}

pub(super) fn number() -> NumberId {
    "ffeeddccbbaa99887766554433221100".parse().unwrap()
}

pub(super) fn call() -> CallId {
    CallId::derive(
        &EnrolmentId {
            campaign: campaign(),
            customer: customer(),
        },
        1,
    )
}

pub(super) fn verdict(decision: Decision) -> Verdict {
    Verdict {
        rule: "calling_window".to_owned(),
        version: 1,
        effective_from: "2026-01-01".to_owned(),
        decision,
        facts: BTreeMap::new(),
    }
}

pub(super) fn customer_grant() -> CustomerGrant {
    CustomerGrant {
        call: call(),
        campaign: campaign(),
        customer: customer(),
        number: number(),
        valid_until: at(2_000),
        legs_until: None,
        verdicts: vec![verdict(Decision::Allow)],
    }
}

/// A number grant that expires 100 ms before the customer grant.
pub(super) fn number_grant() -> NumberGrant {
    NumberGrant {
        call: call(),
        campaign: campaign(),
        number: number(),
        valid_until: at(1_900),
        verdicts: Vec::new(),
    }
}

pub(super) fn flow() -> FlowRef {
    FlowRef {
        flow: "reminder".parse().unwrap(),
        version: 1,
        content_hash: "00".repeat(32),
    }
}

pub(super) fn permit_with(customer_grant: CustomerGrant, number_grant: NumberGrant) -> CallCommand {
    CallCommand::Permit {
        call: call(),
        attempt: 1,
        callee: "+8613800138000".to_owned(),
        customer_grant: Box::new(customer_grant),
        number_grant: Box::new(number_grant),
        flow: flow(),
    }
}

pub(super) fn permitted() -> CallEvent {
    CallEvent::Permitted {
        attempt: 1,
        callee: Personal::open_hashed("+8613800138000".to_owned()),
        customer_grant: Box::new(customer_grant()),
        number_grant: Box::new(number_grant()),
        flow: flow(),
    }
}

pub(super) fn dial_on(leg: u8, trunk: &str) -> CallCommand {
    CallCommand::Dial {
        leg,
        trunk: trunk.to_owned(),
        sip_call_id: LegIdentity::from_ids(call(), leg).sip_call_id(),
        local: "127.0.0.1:5060".to_owned(),
        caller: None,
        hold_off_ms: 5_000,
    }
}

pub(super) fn dial(leg: u8) -> CallCommand {
    dial_on(leg, &format!("trunk-{leg}"))
}

pub(super) fn dialing(leg: u8) -> CallEvent {
    CallEvent::Dialing {
        leg,
        trunk: format!("trunk-{leg}"),
        sip_call_id: LegIdentity::from_ids(call(), leg).sip_call_id(),
        local: "127.0.0.1:5060".to_owned(),
        caller: None,
        hold_off_ms: 5_000,
    }
}

pub(super) fn failure(code: u16) -> LegFailure {
    LegFailure {
        sip_code: Some(code),
        definite: true,
        after_ms: 100,
        ..LegFailure::default()
    }
}

pub(super) fn canceled() -> LegFailure {
    LegFailure {
        cause: FailureCause::Cancelled,
        rang: true,
        ..failure(487)
    }
}

pub(super) fn leg_failed(leg: u8, failure: LegFailure) -> CallEvent {
    CallEvent::LegFailed { leg, failure }
}

pub(super) fn ringing(leg: u8) -> CallEvent {
    CallEvent::Ringing {
        leg,
        sip_code: 180,
        early_media: false,
    }
}

pub(super) fn ring(leg: u8) -> CallCommand {
    CallCommand::NoteRinging {
        leg,
        sip_code: 180,
        early_media: false,
    }
}

/// The answered dialog as the carrier sends it, with the callee's number.
pub(super) fn answered_dialog() -> AnsweredDialog {
    AnsweredDialog {
        to_tag: "t1".to_owned(),
        remote_target: "sip:+8613800138000@127.0.0.1:5070".to_owned(),
        route_set: Vec::new(),
        cseq: 1,
        key_paths: None,
    }
}

pub(super) fn dialog() -> AnsweredDialog {
    AnsweredDialog {
        remote_target: "sip:+{callee:13}@127.0.0.1:5070".to_owned(),
        ..answered_dialog()
    }
}

pub(super) fn answer(leg: u8) -> CallCommand {
    CallCommand::Answer {
        leg,
        dialog: answered_dialog(),
    }
}

pub(super) fn answered(leg: u8) -> CallEvent {
    CallEvent::Answered {
        leg,
        dialog: dialog(),
        key_rule: Some(values::key_rule::KeyRule::CURRENT),
    }
}

pub(super) fn late_answered(leg: u8) -> CallEvent {
    CallEvent::LateAnswered {
        leg,
        dialog: dialog(),
    }
}

pub(super) fn cancel(leg: u8, reason: EndReason) -> CallCommand {
    CallCommand::RequestCancel { leg, reason }
}

pub(super) fn cancel_requested(leg: u8, reason: EndReason) -> CallEvent {
    CallEvent::CancelRequested { leg, reason }
}

pub(super) fn end(reason: EndReason) -> CallCommand {
    CallCommand::End(CallEnding {
        reason: Some(reason),
        heard_rtp: true,
        ..CallEnding::default()
    })
}

pub(super) fn keypress(digit: char) -> CallCommand {
    CallCommand::NoteKeypress {
        leg: 1,
        node: "menu".to_owned(),
        digit,
    }
}

/// A `call.ended` with the given disposition and reason and defaults for the rest.
pub(super) fn ended(disposition: Disposition, reason: EndReason) -> CallEvent {
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
        cause: None,
        recording_ms: None,
        callee_audio_from_ms: None,
    }
}

pub(super) fn up_to_answer() -> Vec<(u64, CallEvent)> {
    vec![
        (0, permitted()),
        (0, dialing(1)),
        (100, ringing(1)),
        (1_000, answered(1)),
    ]
}

pub(super) fn and(given: Vec<(u64, CallEvent)>, event: CallEvent) -> Vec<(u64, CallEvent)> {
    [given, vec![(1_000, event)]].concat()
}

pub(super) fn withdrawn() -> CallEvent {
    let mut event = ended(Disposition::Withdrawn, EndReason::OptedOut);
    if let CallEvent::Ended { charged, .. } = &mut event {
        *charged = false;
    }
    event
}

pub(super) fn state_after(given: &[(u64, CallEvent)]) -> CallState {
    let mut state = CallState::default();
    for (millis, event) in given {
        Call::evolve(&mut state, event, at(*millis));
    }
    state
}

pub(super) type DecideResult = Result<Vec<CallEvent>, CallRefusal>;

pub(super) fn decide_at(millis: u64, given: &[(u64, CallEvent)], when: CallCommand) -> DecideResult {
    Call::decide(&state_after(given), when, Context { now: at(millis) })
}

#[track_caller]
pub(super) fn check_at(millis: u64, given: &[(u64, CallEvent)], when: CallCommand, then: DecideResult) {
    assert_eq!(decide_at(millis, given, when), then);
}

#[track_caller]
pub(super) fn check(given: &[(u64, CallEvent)], when: CallCommand, then: DecideResult) {
    check_at(1_000, given, when, then);
}

/// Decides `when` and returns four members of the resulting `call.ended`: disposition, `charged`, outcome and
/// talk time.
#[track_caller]
pub(super) fn ends(
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
