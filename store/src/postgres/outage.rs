//! What the writer remembers of a database that is away: since when, why, and when to try again.

use super::connect::BackOff;
use domain::ports::event_store::StoreError;
use domain::time::Timestamp;

/// Since when the database is away, and when to try again.
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
            tracing::warn!(why, "the database is away");
        }
        self.since.get_or_insert(now);
        self.next_attempt = now.plus_ms(self.back_off.next_ms());
        self.why = why;
    }

    pub(super) fn end(&mut self, now: Timestamp) {
        if let Some(since) = self.since.take() {
            tracing::info!(away_ms = now.ms_since(since), "the database is back");
        }
        self.back_off.reset();
        self.next_attempt = Timestamp::EPOCH;
    }

    pub(super) fn lasts(&self, now: Timestamp, away_ms: u64) -> bool {
        self.since.is_some_and(|since| now.ms_since(since) >= away_ms)
    }

    pub(super) fn error(&self) -> StoreError {
        StoreError::Unavailable(format!("the database is away: {}", self.why))
    }
}
