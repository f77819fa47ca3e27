//! A call at a time, on both axes: what was known at a position or instant, and what was true at an instant.
//!
//! Known = folded from the call's own stream up to the moment. True = the same, with every correction read
//! back to the event it corrects: it counts from when the call ended, not from when somebody noticed.

use crate::as_of::moment::Then;
use crate::calls::{describe, describe_finding};
use domain::call::event::CallEvent;
use domain::call::{Call, CallState};
use domain::decider::Decider;
use domain::ids::CallId;
use domain::problem::Problem;
use domain::stored_event::{Envelope, Position, StoredEvent, read_event};
use domain::time::Timestamp;
use serde_json::{Value, json};

/// An event of a call with what stands around it.
struct Told {
    position: Position,
    recorded_at: Timestamp,
    envelope: Envelope,
    event: CallEvent,
}

fn told(stored: &StoredEvent) -> Result<Told, Problem> {
    let envelope = stored
        .envelope()
        .map_err(|error| Problem::fault(error.to_string()))?;
    let event = read_event::<Call>(&envelope).map_err(|error| Problem::fault(error.to_string()))?;
    Ok(Told {
        position: stored.position,
        recorded_at: stored.recorded_at,
        envelope,
        event,
    })
}

fn fold<'a>(events: impl Iterator<Item = &'a Told>) -> CallState {
    let mut state = CallState::default();
    for told in events {
        Call::evolve(&mut state, &told.event, told.envelope.at);
    }
    state
}

/// The corrections of a call, in order, as shown.
pub fn corrections(stored: &[StoredEvent]) -> Result<Vec<Value>, Problem> {
    let told: Vec<Told> = stored.iter().map(told).collect::<Result<_, _>>()?;
    Ok(describe_corrections(&told))
}

fn describe_corrections(known: &[Told]) -> Vec<Value> {
    let mut shown = Vec::new();
    for told in known {
        let CallEvent::Corrected {
            corrects,
            before,
            after,
            reason,
            by,
        } = &told.event
        else {
            continue;
        };
        shown.push(json!({
            "id": told.envelope.id,
            "corrects": corrects,
            "position": told.position.to_string(),
            "at": told.envelope.at,
            "recorded_at": told.recorded_at,
            "before": describe_finding(*before),
            "after": describe_finding(*after),
            "reason": reason,
            "by": by,
        }));
    }
    shown
}

/// The call as known at the moment, with `true_then` beside it where an instant is asked for. The number
/// stays sealed, and so is not shown.
pub fn describe_at(call: CallId, stored: &[StoredEvent], then: &Then) -> Result<Value, Problem> {
    let known: Vec<Told> = stored
        .iter()
        .filter(|event| then.knows(event))
        .map(told)
        .collect::<Result<_, _>>()?;
    let Some(last) = known.last() else {
        return Err(Problem::missing("this call, at the time asked for,"));
    };
    let mut shown = describe(call, &fold(known.iter()));
    let Some(members) = shown.as_object_mut() else {
        return Ok(shown);
    };
    let mut around = then.describe();
    around.insert("events".to_owned(), json!(known.len()));
    around.insert("last_position".to_owned(), json!(last.position.to_string()));
    around.insert("last_recorded_at".to_owned(), json!(last.recorded_at));
    // The call is as known; what was true stands beside it.
    around.insert("label_zh".to_owned(), json!("当时所知"));
    around.insert("label_en".to_owned(), json!("known then"));
    members.insert("known".to_owned(), Value::Object(around));
    members.insert("corrections".to_owned(), json!(describe_corrections(&known)));
    if let Some(valid_at) = then.valid_at() {
        members.insert("true_then".to_owned(), describe_truth(&known, valid_at));
    }
    Ok(shown)
}

/// What had happened by `valid_at`, as far as is known: corrections count from the end of the call.
fn describe_truth(known: &[Told], valid_at: Timestamp) -> Value {
    let happened = |told: &&Told| told.envelope.at <= valid_at;
    let is_correction = |told: &&Told| matches!(told.event, CallEvent::Corrected { .. });
    let is_end = |told: &&Told| matches!(told.event, CallEvent::Ended { .. });
    let ended = known.iter().filter(happened).any(|told| is_end(&told));
    let events = known.iter().filter(|told| {
        if is_correction(told) {
            ended
        } else {
            happened(told)
        }
    });
    let state = fold(events);
    json!({
        "valid_at": valid_at,
        "label_zh": "当时事实", "label_en": "true then",
        "existed": state.permitted().is_some(),
        "state": state.permitted().map(|_| state.four_state()),
        "node": state.node(),
        "answered": state.answered_at().is_some(),
        "ended_at": state.ended().map(|ended| ended.at),
        "finding": state.finding().map(describe_finding),
    })
}
