//! Derives the command behind a recorded event and gives it to this build's decider again.

use domain::call::command::{CallCommand, CallEnding};
use domain::call::event::CallEvent;
use domain::call::progress::DISPOSITION_VERSION;
use domain::call::{Call, CallRefusal, CallState};
use domain::decider::{Context, Decider};
use domain::key_rule::KeyRule;
use domain::time::Timestamp;

/// Derives the command behind a recorded event, decides it by this build and returns in words what is
/// decided differently; `None` if the result is the same.
pub(super) fn find_differing_decision(
    state: &CallState,
    recorded: &CallEvent,
    at: Timestamp,
) -> Option<String> {
    let decided = decide(state, recorded, at);
    let expected = this_version(recorded);
    match decided {
        Ok(events) if events.as_slice() == [expected.clone()] => None,
        Ok(events) => Some(describe_difference(&events, &expected)),
        Err(refusal) => Some(format!("this build refuses: {refusal}")),
    }
}

/// Returns the recorded event with the versions of this build, for a comparison. A different version of a
/// table or rule alone is no difference, because the flow is replayed with the recorded one; nor is the
/// length of a recording, which older events do not have.
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

fn describe_difference(events: &[CallEvent], recorded: &CallEvent) -> String {
    let Some(first) = events.first() else {
        return "this build stores no event".to_owned();
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

type DecideResult = Result<Vec<CallEvent>, CallRefusal>;

fn decide(state: &CallState, recorded: &CallEvent, at: Timestamp) -> DecideResult {
    let context = Context { now: at };
    let CallEvent::Ended { q850, .. } = recorded else {
        return Call::decide(state, CallCommand::behind(recorded, state), context);
    };
    // The cause of a BYE is in no event before the end; it is taken from the recorded end only if the
    // failures do not determine it.
    let derived = Call::decide(
        state,
        CallCommand::End(CallEnding::behind(recorded, state, None)),
        context,
    );
    let says = |decided: &DecideResult| match decided.as_deref() {
        Ok([CallEvent::Ended { q850: derived, .. }]) => *derived == *q850,
        Ok(_) | Err(_) => true,
    };
    if says(&derived) {
        return derived;
    }
    Call::decide(
        state,
        CallCommand::End(CallEnding::behind(recorded, state, *q850)),
        context,
    )
}
