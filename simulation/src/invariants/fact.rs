//! One stored record as the oracle reads it: plain JSON, and a calendar that knows Beijing only.

use domain::stored_event::StoredEvent;
use domain::time::Timestamp;
use serde::Deserialize;
use serde_json::Value;

/// The members of a record that the oracle looks at.
#[derive(Deserialize)]
pub(super) struct Fact {
    pub(super) kind: String,
    pub(super) stream: String,
    pub(super) at: Timestamp,
    #[serde(default)]
    pub(super) campaign: String,
    #[serde(default)]
    pub(super) customer: String,
    #[serde(default)]
    pub(super) data: Value,
}

impl Fact {
    /// Text of a member of the data; empty when there is none.
    pub(super) fn text(&self, member: &str) -> &str {
        self.data.get(member).and_then(Value::as_str).unwrap_or("")
    }

    /// Text at a JSON pointer of the data; empty when there is none.
    pub(super) fn text_at(&self, pointer: &str) -> &str {
        self.data.pointer(pointer).and_then(Value::as_str).unwrap_or("")
    }

    /// A number of the data; 0 when there is none.
    pub(super) fn number(&self, member: &str) -> u64 {
        self.data.get(member).and_then(Value::as_u64).unwrap_or(0)
    }

    pub(super) fn is_true(&self, member: &str) -> bool {
        self.data.get(member).and_then(Value::as_bool).unwrap_or(false)
    }

    /// An instant at a JSON pointer of the data; the epoch when there is none, which is before everything.
    pub(super) fn instant_at(&self, pointer: &str) -> Timestamp {
        self.text_at(pointer).parse().unwrap_or(Timestamp::EPOCH)
    }

    /// What stands behind the aggregate's name in the stream's.
    pub(super) fn subject(&self) -> &str {
        self.stream.split_once('-').map_or("", |(_, id)| id)
    }
}

pub(super) fn facts(log: &[StoredEvent]) -> Result<Vec<Fact>, String> {
    log.iter()
        .map(|event| {
            serde_json::from_slice(&event.record)
                .map_err(|error| format!("position {}: {error}", event.position))
        })
        .collect()
}

/// Microseconds in an hour.
const HOUR_MICROS: i64 = 3_600_000_000;
/// Twenty-four hours.
const DAY_MICROS: i64 = 24 * HOUR_MICROS;
/// Beijing is UTC+8, without summer time.
const BEIJING_MICROS: i64 = 8 * HOUR_MICROS;

/// Beijing's hour and day of an instant.
pub(super) fn beijing(at: Timestamp) -> (i64, i64) {
    let local = at.micros() + BEIJING_MICROS;
    (
        local.rem_euclid(DAY_MICROS) / HOUR_MICROS,
        local.div_euclid(DAY_MICROS),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn beijing_is_eight_hours_ahead() {
        let hour = |text: &str| beijing(text.parse().unwrap()).0;
        assert_eq!(hour("2026-03-02T08:59:59.999999+08:00"), 8);
        assert_eq!(hour("2026-03-02T09:00:00+08:00"), 9);
        assert_eq!(hour("2026-03-01T16:00:00Z"), 0);
    }
}
