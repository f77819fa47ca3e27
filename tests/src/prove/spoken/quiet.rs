//! The call in which nobody was heard for longest, for whoever asks why.

use crate::history::{History, member};
use domain::time::Timestamp;
use serde_json::{Value, json};

/// Of a call's events, shown at the end of a proof: a text that turns for minutes has more.
const EVENTS_MAX: usize = 60;

/// The longest silence of a call, and what the log has of that call.
#[derive(Debug, Clone, Default)]
pub(super) struct Quiet {
    pub(super) ms: u64,
    events: Vec<String>,
}

impl Quiet {
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
        let told = events.iter().filter_map(|event| told(event, from));
        Self {
            ms,
            events: told.take(EVENTS_MAX).collect(),
        }
    }

    /// The longer of two.
    pub(super) fn or(self, other: Self) -> Self {
        if other.ms > self.ms { other } else { self }
    }

    /// The call's events, where nobody may be quiet for so long.
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

/// `+1234 call.said prompt`: milliseconds since the answer, and what tells one from another.
fn told(event: &Value, answered: Option<Timestamp>) -> Option<String> {
    let ms = at(event)?.ms_since(answered?);
    let kind = member(event, "/type").as_str()?;
    let which = ["node", "prompt", "class", "rule", "cause", "key"].map(|name| {
        member(event, &format!("/data/{name}"))
            .as_str()
            .unwrap_or_default()
    });
    Some(format!("+{ms} {kind} {}", which.join(" ")).trim_end().to_owned())
}
