//! The call with the longest silence, to explain it.

use crate::history::{History, member};
use domain::time::Timestamp;
use serde_json::{Value, json};

/// The most events of a call that are shown at the end of a proof; a long call has more.
const EVENTS_MAX: usize = 60;

/// The longest silence of a call in milliseconds, and that call's events.
#[derive(Debug, Clone, Default)]
pub(super) struct LongestSilence {
    pub(super) ms: u64,
    events: Vec<String>,
}

impl LongestSilence {
    pub(super) fn of(ms: u64, sip_call_id: &str, history: &History) -> Self {
        let calls = history.calls();
        let is_it = |events: &&Vec<&Value>| {
            let mut ids = events.iter().map(|event| member(event, "/data/sip_call_id"));
            ids.any(|id| id == sip_call_id)
        };
        let events = calls.values().find(is_it).cloned().unwrap_or_default();
        let answered = events
            .iter()
            .find(|event| member(event, "/type") == "call.answered");
        let from = answered.and_then(|event| at(event));
        let formatted = events.iter().filter_map(|event| format_event(event, from));
        Self {
            ms,
            events: formatted.take(EVENTS_MAX).collect(),
        }
    }

    /// Returns the longer of two.
    pub(super) fn or(self, other: Self) -> Self {
        if other.ms > self.ms { other } else { self }
    }

    /// Returns the call's events if the silence is longer than allowed; otherwise null.
    pub(super) fn shown(&self, ms_max: u64) -> Value {
        if self.ms > ms_max {
            json!(self.events)
        } else {
            Value::Null
        }
    }
}

fn at(event: &Value) -> Option<Timestamp> {
    member(event, "/time").as_str()?.parse().ok()
}

/// Returns an event as `+1234 call.said prompt`: milliseconds since the answer, the kind, and what identifies
/// it.
fn format_event(event: &Value, answered: Option<Timestamp>) -> Option<String> {
    let ms = at(event)?.ms_since(answered?);
    let kind = member(event, "/type").as_str()?;
    let which = ["node", "prompt", "class", "rule", "cause", "key"].map(|name| {
        member(event, &format!("/data/{name}"))
            .as_str()
            .unwrap_or_default()
    });
    Some(format!("+{ms} {kind} {}", which.join(" ")).trim_end().to_owned())
}
