//! Tracks whether the database accepts writes, for the readiness check. Writer and listener report to it.
//!
//! A database that is unreachable, a standby or read-only may recover without our doing, and so does this
//! state. A successful write overrides what the listener reported, because the listener has another session.

use domain::ports::event_store::StoreError;
use domain::time::Timestamp;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The time for which a refused append makes the store not ready, in milliseconds.
const REFUSED_MS: u64 = 10_000;

/// The longest time without an answer to appends before the database counts as stuck, in milliseconds: a
/// group commit takes milliseconds.
const UNDER_WAY_MS_MAX: u64 = 3_000;

#[derive(Default)]
struct WriteReports {
    /// The last append that the database refused, with its time and reason. `None` after a successful one.
    refused: Option<(Timestamp, String)>,
    /// The problem that the listener reported last; `None` if it found none.
    finding: Option<String>,
    /// The start of the appends in progress; `None` if there are none.
    asked: Option<Timestamp>,
}

/// The latest reports of writer and listener.
#[derive(Default)]
pub(super) struct WriteStatus(Mutex<WriteReports>);

impl WriteStatus {
    fn heard(&self) -> MutexGuard<'_, WriteReports> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Records that appends were sent to the database. The start of earlier ones without an answer is kept.
    pub(super) fn note_asked(&self, now: Timestamp) {
        self.heard().asked.get_or_insert(now);
    }

    /// Records that the appends in progress were answered. `taken`: at least one was stored; `refused`: the
    /// reason if the database was unavailable.
    pub(super) fn note_answered(&self, now: Timestamp, taken: bool, refused: Option<&StoreError>) {
        let mut heard = self.heard();
        heard.asked = None;
        if taken {
            heard.refused = None;
            heard.finding = None;
        } else if let Some(why) = refused {
            heard.refused = Some((now, why.to_string()));
        }
    }

    /// Records what the listener found: why the database refuses writes or does not respond, or `None` if
    /// it found no problem.
    pub(super) fn note_finding(&self, why: Option<String>) {
        self.heard().finding = why;
    }

    /// Returns why an append would not be stored at present: the listener's finding, a recent refusal, or
    /// appends without an answer. `None` if there is no known reason.
    pub(super) fn failure(&self, now: Timestamp) -> Option<StoreError> {
        let heard = self.heard();
        let refused = heard.refused.as_ref();
        let refused = refused.filter(|(at, _)| now.ms_since(*at) < REFUSED_MS);
        let stuck = heard.asked.map(|asked| now.ms_since(asked));
        let stuck = stuck.filter(|ms| *ms > UNDER_WAY_MS_MAX);
        let why = heard
            .finding
            .clone()
            .or_else(|| refused.map(|(_, why)| why.clone()));
        let why = why.or_else(|| stuck.map(|ms| format!("the database has not taken a write for {ms} ms")));
        why.map(StoreError::Unavailable)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: i64) -> Timestamp {
        Timestamp::from_micros(ms * 1_000)
    }

    #[test]
    fn a_refused_append_is_remembered_for_ten_seconds_or_until_one_is_taken() {
        let writable = WriteStatus::default();
        let full = StoreError::Unavailable("no space left on device".to_owned());
        assert_eq!(writable.failure(at(0)), None);
        writable.note_answered(at(0), false, Some(&full));
        assert!(writable.failure(at(9_999)).is_some());
        assert_eq!(writable.failure(at(10_000)), None);
        writable.note_answered(at(20_000), false, Some(&full));
        writable.note_answered(at(20_001), true, None);
        assert_eq!(writable.failure(at(20_002)), None);
    }

    #[test]
    fn what_hangs_and_what_the_listener_found_is_reported_until_a_write_is_taken() {
        let writable = WriteStatus::default();
        writable.note_asked(at(0));
        writable.note_asked(at(2_000));
        assert_eq!(writable.failure(at(3_000)), None);
        assert!(writable.failure(at(3_001)).is_some());
        writable.note_finding(Some("it is read-only".to_owned()));
        assert!(writable.failure(at(1)).is_some());
        writable.note_answered(at(4_000), true, None);
        assert_eq!(writable.failure(at(9_000)), None);
    }
}
