//! Decides commands to a call. A repeated fact makes no event; a repeated dial is refused.

use super::attendance::connect_agent;
use super::carrier_words::{dialog_without_callee, may_tell_a_number, without_callee};
use super::command::{CallCommand, CallEnding};
use super::correction::correct;
use super::dialing;
use super::end_order;
use super::event::{CallEvent, EndReason, Notice};
use super::leg_state::LegState;
use super::outcome::outcome;
use super::progress::{CallFacts, CallProgress, DISPOSITION_VERSION, derive_disposition};
use super::q850::parse_q850;
use super::recording::dispose_recording;
use super::refusal::CallRefusal;
use super::state::CallState;
use super::turn_fact::note_turn;
use crate::compliance::check_grants;
use crate::decider::Context;
use crate::personal::Personal;
use crate::ports::line::{AnsweredDialog, LegFailure};
use crate::time::Timestamp;
use values::key_rule::KeyRule;
use values::transfer_reason::TransferReason;

/// The most node entries recorded of one call; more are refused. It is above the flow's own step limit
/// (`flow::STEPS_MAX`).
pub const NODES_MAX: u32 = 500;

type DecideResult = Result<Vec<CallEvent>, CallRefusal>;

pub(super) fn decide(state: &CallState, command: CallCommand, context: Context) -> DecideResult {
    let begins = matches!(command, CallCommand::Permit { .. });
    if state.permitted().is_none() && !begins {
        return Err(CallRefusal::NotPermitted);
    }
    if state.is_ended() && !answered_after_end(&command) {
        return Err(CallRefusal::Ended);
    }
    match command {
        CallCommand::Permit { .. } => begin(state, command, context),
        CallCommand::Dial { .. } => dialing::dial(state, command, context.now),
        CallCommand::NoteRinging {
            leg,
            sip_code,
            early_media,
        } => note_ringing(state, leg, sip_code, early_media),
        CallCommand::FailLeg { leg, failure } => fail_leg(state, leg, failure),
        CallCommand::Answer { leg, dialog } => answer(state, leg, dialog),
        CallCommand::NoteNoticePlayed {
            leg,
            notice,
            recorded_ms,
        } => note_notice_played(state, leg, notice, recorded_ms),
        CallCommand::EnterNode { node } => enter_node(state, node),
        CallCommand::NoteKeypress { leg, node, digit } => note_keypress(state, leg, node, digit),
        CallCommand::NoteTurn(fact) => note_turn(state, fact),
        CallCommand::RequestTransfer { node, reason } => request_transfer(state, node, reason),
        CallCommand::ConnectAgent { leg, agent } => connect_agent(state, leg, agent),
        CallCommand::RequestCancel { leg, reason } => request_cancel(state, leg, reason),
        CallCommand::RequestHangup { leg, reason } => request_hangup(state, leg, reason),
        CallCommand::OrderEnd { hang_up, reason } => end_order::decide(state, hang_up, reason),
        CallCommand::Withdraw { reason } => withdraw(state, reason, context.now),
        CallCommand::End(ending) => Ok(end(state, &ending, context.now)),
        CallCommand::NoteLateAnswer { leg, dialog } => note_late_answer(state, leg, dialog),
        CallCommand::Correct(correction) => correct(state, correction),
        CallCommand::DisposeRecording {
            disposal: of,
            preset,
            days,
        } => dispose_recording(state, of, preset, days),
        CallCommand::DisposeTranscript(of) => super::transcript_disposal::dispose_transcript(state, of),
    }
}

/// Returns true for commands that an ended call still accepts: repeats of its beginning and end, a late 2xx,
/// corrections and disposals.
const fn answered_after_end(command: &CallCommand) -> bool {
    match command {
        CallCommand::Permit { .. }
        | CallCommand::Answer { .. }
        | CallCommand::Withdraw { .. }
        | CallCommand::End(_)
        | CallCommand::NoteLateAnswer { .. }
        | CallCommand::DisposeRecording { .. }
        | CallCommand::DisposeTranscript(_)
        | CallCommand::Correct(_) => true,
        CallCommand::Dial { .. }
        | CallCommand::NoteRinging { .. }
        | CallCommand::FailLeg { .. }
        | CallCommand::NoteNoticePlayed { .. }
        | CallCommand::EnterNode { .. }
        | CallCommand::NoteKeypress { .. }
        | CallCommand::NoteTurn(_)
        | CallCommand::RequestTransfer { .. }
        | CallCommand::ConnectAgent { .. }
        | CallCommand::RequestCancel { .. }
        | CallCommand::RequestHangup { .. }
        | CallCommand::OrderEnd { .. } => false,
    }
}

fn begin(state: &CallState, command: CallCommand, context: Context) -> DecideResult {
    let CallCommand::Permit {
        call,
        attempt,
        callee,
        customer_grant,
        number_grant,
        flow,
    } = command
    else {
        return Ok(Vec::new());
    };
    if let Some(permitted) = state.permitted() {
        let same = permitted.customer_grant == *customer_grant && permitted.number_grant == *number_grant;
        return if same {
            Ok(Vec::new())
        } else {
            Err(CallRefusal::AlreadyPermitted)
        };
    }
    // The result is only checked. The dialer makes the line's permit from the same grants.
    check_grants(&customer_grant, &number_grant, context.now)?;
    if customer_grant.call != call {
        return Err(CallRefusal::Permit(crate::compliance::PermitRefusal::Mismatch));
    }
    Ok(vec![CallEvent::Permitted {
        attempt,
        callee: Personal::open_hashed(callee),
        customer_grant,
        number_grant,
        flow,
    }])
}

fn known_leg(state: &CallState, leg: u8) -> Result<&LegState, CallRefusal> {
    state.leg(leg).ok_or(CallRefusal::UnknownLeg { leg })
}

fn answered_leg(state: &CallState, leg: u8) -> Result<&LegState, CallRefusal> {
    let known = known_leg(state, leg)?;
    if known.answered.is_none() {
        return Err(CallRefusal::NotAnswered);
    }
    Ok(known)
}

/// Records the first 18x response of a leg. No event for a later one, or after the leg's answer or failure.
fn note_ringing(state: &CallState, leg: u8, sip_code: u16, early_media: bool) -> DecideResult {
    let known = known_leg(state, leg)?;
    if known.rang || known.failure.is_some() || known.answered.is_some() {
        return Ok(Vec::new());
    }
    Ok(vec![CallEvent::Ringing {
        leg,
        sip_code,
        early_media,
    }])
}

fn fail_leg(state: &CallState, leg: u8, failure: LegFailure) -> DecideResult {
    let known = known_leg(state, leg)?;
    if known.failure.is_some() {
        return Ok(Vec::new());
    }
    if known.answered.is_some() {
        return Err(CallRefusal::AlreadyAnswered { leg });
    }
    let reason_header = reason_without_callee(state, failure.reason_header.as_deref());
    let failure = LegFailure {
        reason_header,
        ..failure
    };
    Ok(vec![CallEvent::LegFailed { leg, failure }])
}

/// Records a 2xx of a leg: as the answer, or as a late answer after our CANCEL, the leg's failure or the
/// call's end. A late answer never reaches the robot. No event if the leg was answered already.
fn answer(state: &CallState, leg: u8, dialog: AnsweredDialog) -> DecideResult {
    let known = known_leg(state, leg)?;
    if known.answered.is_some() {
        return Ok(Vec::new());
    }
    let given_up = known.cancel_requested.is_some() || known.failure.is_some();
    if given_up || state.is_ended() {
        return note_late_answer(state, leg, dialog);
    }
    let dialog = dialog_without_callee(dialog, callee(state));
    Ok(vec![CallEvent::Answered {
        leg,
        dialog,
        key_rule: Some(KeyRule::CURRENT),
    }])
}

fn note_late_answer(state: &CallState, leg: u8, dialog: AnsweredDialog) -> DecideResult {
    let known = known_leg(state, leg)?;
    if known.late_answered.is_some() || known.answered.is_some() {
        return Ok(Vec::new());
    }
    let dialog = AnsweredDialog {
        key_paths: None,
        ..dialog_without_callee(dialog, callee(state))
    };
    Ok(vec![CallEvent::LateAnswered { leg, dialog }])
}

/// Returns the number dialed; `None` if it is sealed or erased.
fn callee(state: &CallState) -> Option<&str> {
    state.callee()?.value().map(String::as_str)
}

/// Returns a Reason header with placeholders for the number dialed. If that number is not readable any
/// more, returns `None` for a header with at least seven digits in a row, which may be a phone number.
fn reason_without_callee(state: &CallState, reason_header: Option<&str>) -> Option<String> {
    let said = reason_header?;
    match callee(state) {
        Some(callee) => Some(without_callee(said, callee)),
        None => Some(said.to_owned()).filter(|said| !may_tell_a_number(said)),
    }
}

fn note_notice_played(state: &CallState, leg: u8, notice: Notice, recorded_ms: Option<u64>) -> DecideResult {
    answered_leg(state, leg)?;
    if state.notices().contains(&notice) {
        return Ok(Vec::new());
    }
    Ok(vec![CallEvent::NoticePlayed {
        leg,
        notice,
        recorded_ms,
    }])
}

fn enter_node(state: &CallState, node: String) -> DecideResult {
    if state.answered_at().is_none() {
        return Err(CallRefusal::NotAnswered);
    }
    if state.nodes_count >= NODES_MAX {
        return Err(CallRefusal::TooManyNodes { nodes_max: NODES_MAX });
    }
    Ok(vec![CallEvent::NodeEntered { node }])
}

fn note_keypress(state: &CallState, leg: u8, node: String, digit: char) -> DecideResult {
    answered_leg(state, leg)?;
    // RFC 4733, 3.2: events 0 to 15.
    if !matches!(digit, '0'..='9' | '*' | '#' | 'A'..='D') {
        return Err(CallRefusal::InvalidDigit { digit });
    }
    let keypresses_max = state.key_rule.keypresses_max();
    if state.keypresses_count >= keypresses_max {
        return Err(CallRefusal::TooManyKeypresses { keypresses_max });
    }
    Ok(vec![CallEvent::Keypressed {
        leg,
        node,
        digit: Personal::open(digit.to_string()),
    }])
}

fn request_transfer(state: &CallState, node: String, reason: Option<TransferReason>) -> DecideResult {
    if state.answered_at().is_none() {
        return Err(CallRefusal::NotAnswered);
    }
    if state.transfer_requested() {
        return Ok(Vec::new());
    }
    Ok(vec![CallEvent::TransferRequested { node, reason }])
}

/// Records that we give up an unanswered leg. Also accepted between two legs, when no CANCEL is due: it
/// forbids the next leg. Refused once the leg is answered or another leg follows it.
fn request_cancel(state: &CallState, leg: u8, reason: EndReason) -> DecideResult {
    let known = known_leg(state, leg)?;
    if known.answered.is_some() {
        return Err(CallRefusal::AlreadyAnswered { leg });
    }
    if state.last_leg().is_some_and(|last| last.leg != leg) {
        return Err(CallRefusal::LegOver { leg });
    }
    // A CANCEL by a timer does not withdraw the call; an opt-out after it still does.
    if known.cancel_requested == Some(reason) || state.is_withdrawn() {
        return Ok(Vec::new());
    }
    Ok(vec![CallEvent::CancelRequested { leg, reason }])
}

fn request_hangup(state: &CallState, leg: u8, reason: EndReason) -> DecideResult {
    let known = answered_leg(state, leg)?;
    if known.hangup_requested.is_some() {
        return Ok(Vec::new());
    }
    Ok(vec![CallEvent::HangupRequested { leg, reason }])
}

fn withdraw(state: &CallState, reason: EndReason, now: Timestamp) -> DecideResult {
    if let Some(first) = state.legs().first() {
        return Err(CallRefusal::AlreadyDialed { leg: first.leg });
    }
    let ending = CallEnding {
        reason: Some(reason),
        ..CallEnding::default()
    };
    Ok(end(state, &ending, now))
}

/// Makes `call.ended` with the derived disposition and outcome, for every way in which a call can end. No
/// event if the call has ended already.
fn end(state: &CallState, ending: &CallEnding, now: Timestamp) -> Vec<CallEvent> {
    if state.is_ended() {
        return Vec::new();
    }
    let last = state.last_leg();
    let failure = last.and_then(|leg| leg.failure.as_ref());
    let reason = ending.reason.unwrap_or(EndReason::Network);
    let over_at = ending.hung_up_at.map_or(now, |hung_up_at| hung_up_at.min(now));
    let talk_ms = state
        .answered_at()
        .map(|answered_at| over_at.ms_since(answered_at));
    let progress = match (last, talk_ms) {
        (None, _) => CallProgress::NotDialed,
        (Some(_), Some(talk_ms)) => CallProgress::Answered {
            talk_ms,
            heard_rtp: ending.heard_rtp,
        },
        (Some(_), None) => CallProgress::Unanswered {
            rang: state.legs().iter().any(|leg| leg.rang),
            cancel_requested: state.cancel_requested().is_some(),
            failure,
        },
    };
    let disposed = derive_disposition(&CallFacts { reason, progress });
    let raw_reason = |failure: &LegFailure| failure.reason_header.clone();
    let reason_header = reason_without_callee(state, ending.reason_header.as_deref())
        .or_else(|| failure.and_then(raw_reason));
    let q850 = ending.q850.or_else(|| failure.and_then(|failure| failure.q850));
    let q850 = q850.or_else(|| reason_header.as_deref().and_then(parse_q850));
    let recording = ending.recording.as_ref();
    vec![CallEvent::Ended {
        disposition: disposed.disposition,
        disposition_version: DISPOSITION_VERSION,
        outcome: outcome(state, ending, disposed.disposition, reason),
        talk_ms: talk_ms.unwrap_or(0),
        charged: disposed.charged,
        reason,
        sip_code: failure.and_then(|failure| failure.sip_code),
        reason_header,
        q850,
        late_answer: state.legs().iter().any(|leg| leg.late_answered.is_some()),
        recording_sha256: recording.map(|facts| facts.sha256.clone()),
        recording_bytes: recording.map(|facts| facts.bytes),
        cause: ending.cause.or_else(|| failure.and_then(|failure| failure.lack)),
        recording_ms: recording.map(|facts| facts.duration_ms),
        callee_audio_from_ms: recording.and_then(|facts| facts.callee_audio_from_ms),
    }]
}
