//! The writer's record of an outage of the database: its start, its reason, and the time of the next attempt.

use super::connect::BackOff;
use domain::ports::event_store::StoreError;
use domain::time::Timestamp;

/// The current outage of the database as the writer sees it, if there is one, and the time of the next
/// attempt to connect.
#[derive(Default)]
pub(super) struct Outage {
    since: Option<Timestamp>,
    pub(super) next_attempt: Timestamp,
    back_off: BackOff,
    why: String,
}

impl Outage {
    pub(super) fn begin(&mut self, now: Timestamp, why: String) {
        if self.since.is_none() {
            tracing::warn!(why, "the database is unreachable");
        }
        self.since.get_or_insert(now);
        self.next_attempt = now.plus_ms(self.back_off.next_ms());
        self.why = why;
    }

    pub(super) fn end(&mut self, now: Timestamp) {
        if let Some(since) = self.since.take() {
            tracing::info!(away_ms = now.ms_since(since), "the database is reachable again");
        }
        self.back_off.reset();
        self.next_attempt = Timestamp::EPOCH;
    }

    pub(super) fn lasts(&self, now: Timestamp, away_ms: u64) -> bool {
        self.since.is_some_and(|since| now.ms_since(since) >= away_ms)
    }

    pub(super) fn error(&self) -> StoreError {
        StoreError::Unavailable(format!("the database is unreachable: {}", self.why))
    }
}
