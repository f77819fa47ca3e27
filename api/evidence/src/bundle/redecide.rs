//! The command behind a recorded event, put to this build's decider again.

use domain::call::command::{CallCommand, CallEnding};
use domain::call::event::CallEvent;
use domain::call::progress::DISPOSITION_VERSION;
use domain::call::{Call, CallRefusal, CallState, Correction};
use domain::decider::{Context, Decider};
use domain::disposition::Disposition;
use domain::key_rule::KeyRule;
use domain::personal::Personal;
use domain::ports::recording::RecordingFacts;
use domain::time::Timestamp;

/// What this build decides otherwise than was recorded; `None` when the same.
pub(super) fn otherwise(state: &CallState, recorded: &CallEvent, at: Timestamp) -> Option<String> {
    let decided = decide(state, recorded, at);
    let expected = this_version(recorded);
    match decided {
        Ok(events) if events.as_slice() == [expected.clone()] => None,
        Ok(events) => Some(told(&events, &expected)),
        Err(refusal) => Some(format!("this build refuses: {refusal}")),
    }
}

/// The version of a table or rule alone is no difference: the flow is walked by the recorded one. Nor is the
/// length of a recording that was not stored yet.
fn this_version(recorded: &CallEvent) -> CallEvent {
    let mut recorded = recorded.clone();
    if let CallEvent::Ended {
        disposition_version,
        recording_sha256,
        recording_ms,
        ..
    } = &mut recorded
    {
        *disposition_version = DISPOSITION_VERSION;
        if recording_sha256.is_some() {
            recording_ms.get_or_insert(0);
        }
    }
    if let CallEvent::Answered { key_rule, .. } = &mut recorded {
        *key_rule = Some(KeyRule::CURRENT);
    }
    recorded
}

fn told(events: &[CallEvent], recorded: &CallEvent) -> String {
    let Some(first) = events.first() else {
        return "this build writes nothing".to_owned();
    };
    if let (
        CallEvent::Ended {
            disposition: now,
            outcome: now_outcome,
            charged: now_charged,
            ..
        },
        CallEvent::Ended {
            disposition,
            outcome,
            charged,
            ..
        },
    ) = (first, recorded)
    {
        let outcome_code =
            |outcome: &Option<domain::disposition::Outcome>| outcome.map_or("-", |one| one.code());
        return format!(
            "this build: {} {} charged {now_charged}; recorded: {} {} charged {charged}",
            now.code(),
            outcome_code(now_outcome),
            disposition.code(),
            outcome_code(outcome),
        );
    }
    format!("this build: {first:?}; recorded: {recorded:?}")
}

type Decided = Result<Vec<CallEvent>, CallRefusal>;

fn decide(state: &CallState, recorded: &CallEvent, at: Timestamp) -> Decided {
    let context = Context { now: at };
    let CallEvent::Ended { q850, .. } = recorded else {
        return Call::decide(state, command(state, recorded), context);
    };
    // The cause of a BYE stands in no event before the end: taken as given only where the failures say
    // nothing.
    let derived = Call::decide(state, CallCommand::End(ending(state, recorded, None)), context);
    let says = |decided: &Decided| match decided.as_deref() {
        Ok([CallEvent::Ended { q850: derived, .. }]) => *derived == *q850,
        Ok(_) | Err(_) => true,
    };
    if says(&derived) {
        return derived;
    }
    Call::decide(state, CallCommand::End(ending(state, recorded, *q850)), context)
}

/// What was asked when this event was written.
fn command(state: &CallState, recorded: &CallEvent) -> CallCommand {
    match recorded.clone() {
        CallEvent::Permitted {
            attempt,
            callee,
            customer_grant,
            number_grant,
            flow,
        } => CallCommand::Permit {
            call: customer_grant.call,
            attempt,
            callee: callee.value().cloned().unwrap_or_default(),
            customer_grant,
            number_grant,
            flow,
        },
        CallEvent::Dialing {
            leg,
            trunk,
            sip_call_id,
            local,
            caller,
            hold_off_ms,
        } => CallCommand::Dial {
            leg,
            trunk,
            sip_call_id,
            local,
            caller,
            hold_off_ms,
        },
        CallEvent::Ringing {
            leg,
            sip_code,
            early_media,
        } => CallCommand::NoteRinging {
            leg,
            sip_code,
            early_media,
        },
        CallEvent::LegFailed { leg, failure } => CallCommand::FailLeg { leg, failure },
        // Both are decided from an answer: whether it came too late is the decider's to say.
        CallEvent::Answered { leg, dialog, .. } | CallEvent::LateAnswered { leg, dialog } => {
            CallCommand::Answer { leg, dialog }
        }
        CallEvent::NoticePlayed { leg, notice, .. } => CallCommand::NoteNoticePlayed {
            leg,
            notice,
            recorded_ms: recorded_ms(recorded),
        },
        CallEvent::NodeEntered { node } => CallCommand::EnterNode { node },
        CallEvent::Keypressed { leg, node, digit } => press(leg, node, &digit),
        CallEvent::TransferRequested { node } => CallCommand::RequestTransfer { node },
        CallEvent::CancelRequested { leg, reason } => CallCommand::RequestCancel { leg, reason },
        CallEvent::HangupRequested { leg, reason } => CallCommand::RequestHangup { leg, reason },
        CallEvent::Ended { q850, .. } => CallCommand::End(ending(state, recorded, q850)),
        CallEvent::Corrected {
            corrects,
            before,
            after,
            reason,
            by,
        } => CallCommand::Correct(Correction {
            corrects,
            before,
            after,
            reason,
            by,
        }),
    }
}

/// How long the recording was when a notice was over, where that was stored.
const fn recorded_ms(recorded: &CallEvent) -> Option<u64> {
    match recorded {
        CallEvent::NoticePlayed { recorded_ms, .. } => *recorded_ms,
        _ => None,
    }
}

/// What cannot be read is no key, and is refused.
fn press(leg: u8, node: String, digit: &Personal<String>) -> CallCommand {
    let digit = digit.value().and_then(|digit| digit.chars().next());
    CallCommand::NoteKeypress {
        leg,
        node,
        digit: digit.unwrap_or('?'),
    }
}

/// What was known at the end beyond the stream, as far as `call.ended` shows it. Whether a packet was heard
/// is only kept in what followed from it.
fn ending(state: &CallState, recorded: &CallEvent, q850: Option<u16>) -> CallEnding {
    let CallEvent::Ended {
        disposition,
        outcome,
        talk_ms,
        reason,
        reason_header,
        recording_sha256,
        recording_bytes,
        cause,
        recording_ms,
        callee_audio_from_ms,
        ..
    } = recorded
    else {
        return CallEnding::default();
    };
    let recording = recording_sha256.clone().zip(*recording_bytes);
    CallEnding {
        reason: Some(*reason),
        outcome: *outcome,
        heard_rtp: *disposition != Disposition::AnsweredShort,
        reason_header: reason_header.clone(),
        q850,
        recording: recording.map(|(sha256, bytes)| RecordingFacts {
            sha256,
            bytes,
            duration_ms: recording_ms.unwrap_or(0),
            callee_audio_from_ms: *callee_audio_from_ms,
        }),
        hung_up_at: state
            .answered_at()
            .map(|answered_at| answered_at.plus_ms(*talk_ms)),
        cause: *cause,
    }
}
