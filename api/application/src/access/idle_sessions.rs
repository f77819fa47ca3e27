//! Last use of each session: an idle session ends before its time limit.

use domain::digest::SecretDigest;
use domain::time::Timestamp;
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// Most sessions that are remembered: far more than an installation has users at work. Above it, the
/// session that was idle longest is forgotten, and its idle time begins again at its next request.
const SESSIONS_MAX: usize = 10_000;

/// What caused a browser's request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RequestTrigger {
    /// A person is using the page.
    ByPerson,
    /// The page refreshed by itself; no person has used it for a while.
    ByItself,
}

/// Last use of each session, as this process saw it. After a restart the idle time of each session starts
/// from zero.
#[derive(Default)]
pub(crate) struct IdleSessions(Mutex<BTreeMap<SecretDigest, Timestamp>>);

impl IdleSessions {
    /// Notes a use of the session. Returns false if it was idle for `idle_ms` or longer; the session is
    /// then over. A request that the page made by itself does not restart the idle time.
    pub(crate) fn uses(
        &self,
        session: SecretDigest,
        by: RequestTrigger,
        idle_ms: u64,
        now: Timestamp,
    ) -> bool {
        let mut uses = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(last) = uses.get_mut(&session) {
            let rested = now.ms_since(*last) >= idle_ms;
            if !rested && by == RequestTrigger::ByPerson {
                *last = now;
            }
            return !rested;
        }
        if uses.len() >= SESSIONS_MAX {
            let oldest = uses.iter().min_by_key(|(_, last)| **last);
            let oldest = oldest.map(|(session, _)| *session);
            oldest.and_then(|session| uses.remove(&session));
        }
        uses.insert(session, now);
        true
    }

    /// Returns true if the session was idle for `idle_ms` or longer. Does not count as a use. False for a
    /// session that this process has not seen.
    pub(crate) fn has_rested(&self, session: SecretDigest, idle_ms: u64, now: Timestamp) -> bool {
        let uses = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let last = uses.get(&session);
        last.is_some_and(|last| now.ms_since(*last) >= idle_ms)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Default of the setting for the idle time of sessions, in milliseconds.
    const IDLE_MS: u64 = 15 * 60_000;

    #[test]
    fn a_session_that_rests_too_long_is_over_and_stays_so() {
        let idle = IdleSessions::default();
        let session = SecretDigest::of("s");
        let start: Timestamp = "2026-03-02T10:00:00Z".parse().unwrap();
        assert!(idle.uses(session, RequestTrigger::ByPerson, IDLE_MS, start));
        let later = start.plus_ms(IDLE_MS - 1);
        assert!(idle.uses(session, RequestTrigger::ByPerson, IDLE_MS, later));
        assert!(!idle.has_rested(session, IDLE_MS, later.plus_ms(IDLE_MS - 1)));
        let too_late = later.plus_ms(IDLE_MS);
        assert!(idle.has_rested(session, IDLE_MS, too_late));
        assert!(!idle.uses(session, RequestTrigger::ByPerson, IDLE_MS, too_late));
        assert!(
            !idle.uses(session, RequestTrigger::ByPerson, IDLE_MS, too_late.plus_ms(1)),
            "no use revives it"
        );
    }

    /// A console that is left open sends requests every few seconds. They keep no session alive.
    #[test]
    fn what_a_page_asks_by_itself_is_no_use() {
        let idle = IdleSessions::default();
        let session = SecretDigest::of("s");
        let start: Timestamp = "2026-03-02T10:00:00Z".parse().unwrap();
        assert!(idle.uses(session, RequestTrigger::ByPerson, IDLE_MS, start));
        for minute in 1..15 {
            let now = start.plus_ms(minute * 60_000);
            assert!(idle.uses(session, RequestTrigger::ByItself, IDLE_MS, now));
        }
        assert!(!idle.uses(session, RequestTrigger::ByItself, IDLE_MS, start.plus_ms(IDLE_MS)));
        let unseen = SecretDigest::of("first asked by itself after a restart");
        assert!(idle.uses(unseen, RequestTrigger::ByItself, IDLE_MS, start));
        assert!(!idle.uses(unseen, RequestTrigger::ByItself, IDLE_MS, start.plus_ms(IDLE_MS)));
    }
}
