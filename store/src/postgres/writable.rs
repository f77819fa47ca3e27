//! Whether the database takes writes, as writer and listener last heard: what a process's readiness asks.
//!
//! A database that is away, stands by or was made read-only comes back by itself, and so does this. What was
//! last written counts for more than what the listener was told, because its session is another.

use domain::ports::event_store::StoreError;
use domain::time::Timestamp;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// How long an append that was refused says that the next one would be too.
const REFUSED_MS: u64 = 10_000;

/// Longest time that appends may be on their way before their database counts as stuck: a group commit takes
/// milliseconds, and a lock is given up after 5 s.
const UNDER_WAY_MS_MAX: u64 = 3_000;

#[derive(Default)]
struct Heard {
    /// The last append that the database did not take, while none was taken after it.
    refused: Option<(Timestamp, String)>,
    /// What the listener met last, unless all was well.
    told: Option<String>,
    /// Since when appends are under way that have no answer.
    asked: Option<Timestamp>,
}

/// What was heard last.
#[derive(Default)]
pub(super) struct Writable(Mutex<Heard>);

impl Writable {
    fn heard(&self) -> MutexGuard<'_, Heard> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Appends are on their way.
    pub(super) fn note_asked(&self, now: Timestamp) {
        self.heard().asked.get_or_insert(now);
    }

    /// They are answered: something was stored, or nothing could be.
    pub(super) fn note_answered(&self, now: Timestamp, taken: bool, refused: Option<&StoreError>) {
        let mut heard = self.heard();
        heard.asked = None;
        if taken {
            heard.refused = None;
            heard.told = None;
        } else if let Some(why) = refused {
            heard.refused = Some((now, why.to_string()));
        }
    }

    /// What the listener was told: whether the database refuses writes, or why it does not answer.
    pub(super) fn note_told(&self, why: Option<String>) {
        self.heard().told = why;
    }

    /// Why an append would not be stored now; `None` while nothing speaks against it.
    pub(super) fn failure(&self, now: Timestamp) -> Option<StoreError> {
        let heard = self.heard();
        let refused = heard.refused.as_ref();
        let refused = refused.filter(|(at, _)| now.ms_since(*at) < REFUSED_MS);
        let stuck = heard.asked.map(|asked| now.ms_since(asked));
        let stuck = stuck.filter(|ms| *ms > UNDER_WAY_MS_MAX);
        let why = heard.told.clone().or_else(|| refused.map(|(_, why)| why.clone()));
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
        let writable = Writable::default();
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
    fn what_hangs_and_what_the_listener_was_told_is_said_until_a_write_is_taken() {
        let writable = Writable::default();
        writable.note_asked(at(0));
        writable.note_asked(at(2_000));
        assert_eq!(writable.failure(at(3_000)), None);
        assert!(writable.failure(at(3_001)).is_some());
        writable.note_told(Some("it is read-only".to_owned()));
        assert!(writable.failure(at(1)).is_some());
        writable.note_answered(at(4_000), true, None);
        assert_eq!(writable.failure(at(9_000)), None);
    }
}
