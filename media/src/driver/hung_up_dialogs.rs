//! Dialogs that this process has hung up. A driver that starts later in the same process acknowledges copies
//! of their 200 and sends no second BYE.

use domain::time::Timestamp;
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// How long a dialog is kept, in milliseconds: a far end repeats its 200 for 32 s (RFC 3261, 13.3.1.4), and
/// 8 s for a restart in between.
const KEPT_MS: u64 = 40_000;

/// Most dialogs kept: 40 s at 100 answered calls per second, and some more. The oldest are dropped first.
const DIALOGS_MAX: usize = 5_000;

/// Call-ID and To tag.
type DialogId = (String, String);

/// The dialogs that were hung up by the drivers of a process, which run one after another.
#[derive(Debug, Default)]
pub struct HungUpDialogs(Mutex<BTreeMap<DialogId, Timestamp>>);

impl HungUpDialogs {
    /// Adds a dialog in which a BYE was sent or received.
    pub(super) fn insert(&self, call_id: &str, to_tag: &str, now: Timestamp) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= DIALOGS_MAX {
            kept.retain(|_, at| now.ms_since(*at) < KEPT_MS);
        }
        if kept.len() >= DIALOGS_MAX
            && let Some(oldest) = kept.iter().min_by_key(|(_, at)| **at).map(|(id, _)| id.clone())
        {
            kept.remove(&oldest);
        }
        kept.insert((call_id.to_owned(), to_tag.to_owned()), now);
    }

    /// Returns true if the dialog was hung up less than `KEPT_MS` ago, so that copies of its 200 may still
    /// come.
    pub(super) fn contains(&self, call_id: &str, to_tag: &str, now: Timestamp) -> bool {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let at = kept.get(&(call_id.to_owned(), to_tag.to_owned()));
        at.is_some_and(|at| now.ms_since(*at) < KEPT_MS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dialog_is_kept_while_copies_may_come_and_the_oldest_goes_first() {
        let kept = HungUpDialogs::default();
        let at = |ms| Timestamp::from_millis(1_000_000).plus_ms(ms);
        kept.insert("a", "1", at(0));
        assert!(kept.contains("a", "1", at(KEPT_MS - 1)));
        assert!(!kept.contains("a", "2", at(0)), "another fork");
        assert!(!kept.contains("a", "1", at(KEPT_MS)));
        for index in 1..=DIALOGS_MAX {
            kept.insert(&index.to_string(), "1", at(1));
        }
        assert!(!kept.contains("a", "1", at(1)), "the oldest");
        assert!(kept.contains(&DIALOGS_MAX.to_string(), "1", at(1)));
    }
}
