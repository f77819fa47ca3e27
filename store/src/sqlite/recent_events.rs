//! The newest events of the log in memory, for subscriptions.
//!
//! A subscription that has caught up takes new events from here. All subscriptions get the same objects: none
//! reads the file again for events that were just written, and a record that one of them has parsed is parsed
//! for all. The events here are durable: they are added after the commit and before it is published.

use domain::stored_event::{Position, StoredEvent};
use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The most events kept: as many as one group commit has. A subscription that is further behind reads
/// the file.
const EVENTS_MAX: usize = 4_096;

/// The most bytes of the kept events' records, as one group commit has; older events are dropped.
const RECORD_BYTES_MAX: usize = 4 * 1024 * 1024;

/// The newest events of the log, without a gap up to its end.
#[derive(Debug, Default)]
pub(super) struct RecentEvents(Mutex<EventBuffer>);

#[derive(Debug, Default)]
struct EventBuffer {
    events: VecDeque<StoredEvent>,
    bytes: usize,
}

impl RecentEvents {
    /// Adds committed events, in order, and drops the oldest above the limits. If an event does not follow
    /// the stored ones, those are dropped. Leaves `added` empty.
    pub(super) fn add(&self, added: &mut Vec<StoredEvent>) {
        let mut kept = self.kept();
        for event in added.drain(..) {
            let follows = kept
                .events
                .back()
                .is_none_or(|last| last.position.0 + 1 == event.position.0);
            if !follows {
                *kept = EventBuffer::default();
            }
            kept.bytes += event.record.len();
            kept.events.push_back(event);
        }
        while kept.events.len() > EVENTS_MAX || kept.bytes > RECORD_BYTES_MAX {
            let Some(first) = kept.events.pop_front() else {
                break;
            };
            kept.bytes -= first.record.len();
        }
    }

    /// Returns at most `limit` events after a position. `None` if the next one is not kept, or does not
    /// exist yet.
    pub(super) fn page(&self, after: Position, limit: usize) -> Option<Vec<StoredEvent>> {
        let kept = self.kept();
        let first = kept.events.front()?.position.0;
        let skipped = usize::try_from((after.0 + 1).checked_sub(first)?).ok()?;
        let page: Vec<_> = kept.events.iter().skip(skipped).take(limit).cloned().collect();
        (!page.is_empty()).then_some(page)
    }

    fn kept(&self) -> MutexGuard<'_, EventBuffer> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::time::Timestamp;

    fn event(position: u64, bytes: usize) -> StoredEvent {
        StoredEvent::new(Position(position), Timestamp::EPOCH, vec![0; bytes].into())
    }

    fn positions(recent: &RecentEvents, after: u64, limit: usize) -> Option<Vec<u64>> {
        let page = recent.page(Position(after), limit)?;
        Some(page.iter().map(|event| event.position.0).collect())
    }

    #[test]
    fn a_follower_gets_what_comes_next_or_is_sent_to_the_file() {
        let recent = RecentEvents::default();
        assert_eq!(positions(&recent, 0, 9), None);
        recent.add(&mut (5..=8).map(|position| event(position, 1)).collect());
        assert_eq!(positions(&recent, 5, 2), Some(vec![6, 7]));
        assert_eq!(positions(&recent, 4, 9), Some(vec![5, 6, 7, 8]));
        assert_eq!(positions(&recent, 3, 9), None, "the fourth is not here");
        assert_eq!(positions(&recent, 8, 9), None, "there is none behind the last");
        // Events of another log were loaded in between.
        recent.add(&mut vec![event(20, 1)]);
        assert_eq!(positions(&recent, 7, 9), None);
        assert_eq!(positions(&recent, 19, 9), Some(vec![20]));
    }

    #[test]
    fn the_first_go_when_there_are_too_many_or_they_are_too_large() {
        let recent = RecentEvents::default();
        let last = EVENTS_MAX as u64 + 3;
        recent.add(&mut (1..=last).map(|position| event(position, 1)).collect());
        assert_eq!(positions(&recent, 2, 9), None);
        assert_eq!(positions(&recent, 3, 1), Some(vec![4]));
        recent.add(&mut vec![
            event(last + 1, RECORD_BYTES_MAX - 1),
            event(last + 2, 1),
        ]);
        assert_eq!(positions(&recent, last, 9), Some(vec![last + 1, last + 2]));
        assert_eq!(positions(&recent, last - 1, 9), None);
    }
}
