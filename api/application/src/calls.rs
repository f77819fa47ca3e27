//! Calls, whoever asks: what is shown of one, and its own events.

use crate::masked::masked;
use domain::call::{Call, CallState, Finding, LegState};
use domain::decider::Decider;
use domain::disposition::Outcome;
use domain::ids::CallId;
use domain::phone_number::mask_e164;
use domain::ports::event_store::EventStore;
use domain::problem::Problem;
use domain::stored_event::{StoredEvent, StreamVersion};
use serde_json::{Value, json};

/// Events of one call shown: its legs, keypresses and nodes are bounded far below.
const CALL_EVENTS_MAX: usize = 2_000;

/// A finding with its labels.
pub(crate) fn describe_finding(finding: Finding) -> Value {
    json!({
        "disposition": finding.disposition,
        "disposition_zh": finding.disposition.label_zh(),
        "disposition_en": finding.disposition.label_en(),
        "outcome": finding.outcome,
        "outcome_zh": finding.outcome.map(Outcome::label_zh),
        "outcome_en": finding.outcome.map(Outcome::label_en),
    })
}

/// The stored events of one call.
pub async fn stream_of(store: &dyn EventStore, call: CallId) -> Result<Vec<StoredEvent>, Problem> {
    let stream = Call::stream(&call);
    Ok(store
        .read_stream(&stream, StreamVersion(0), CALL_EVENTS_MAX)
        .await?)
}

/// A call as shown; the number is masked, or absent where its key is not at hand.
pub fn describe(call: CallId, state: &CallState) -> Value {
    let ended = state.ended().zip(state.finding()).map(|(ended, found)| {
        let recorded = Finding {
            disposition: ended.disposition,
            outcome: ended.outcome,
        };
        let mut shown = describe_finding(found);
        put(&mut shown, "at", json!(ended.at));
        put(&mut shown, "talk_ms", json!(ended.talk_ms));
        put(&mut shown, "reason", json!(ended.reason));
        if found != recorded {
            put(&mut shown, "recorded", describe_finding(recorded));
        }
        shown
    });
    json!({
        "id": call,
        "campaign": state.campaign(),
        "customer": state.customer(),
        "attempt": state.permitted().map(|permitted| permitted.attempt),
        "callee": masked(state.callee(), mask_e164),
        "state": state.four_state(),
        "flow": state.flow(),
        "node": state.node(),
        "answered_at": state.answered_at(),
        "transfer_requested": state.transfer_requested(),
        "legs": state.legs().iter().map(describe_leg).collect::<Vec<_>>(),
        "ended": ended,
    })
}

fn describe_leg(leg: &LegState) -> Value {
    json!({
        "leg": leg.leg,
        "trunk": leg.trunk,
        "sip_call_id": leg.sip_call_id,
        "caller": leg.caller,
        "dialing_at": leg.dialing_at,
        "rang": leg.rang,
        "answered": leg.answered.is_some(),
        "late_answered": leg.late_answered.is_some(),
        "sip_code": leg.failure.as_ref().and_then(|failure| failure.sip_code),
        "q850": leg.failure.as_ref().and_then(|failure| failure.q850),
    })
}

pub fn put(shown: &mut Value, name: &str, value: Value) {
    if let Some(members) = shown.as_object_mut() {
        members.insert(name.to_owned(), value);
    }
}
