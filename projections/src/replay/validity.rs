//! Filters events by valid time: those that had happened by an instant, by the events' own `at`.

use domain::call::event::CallEvent;
use domain::ids::StreamId;
use domain::stored_event::{StoredEvent, UnreadableRecord};
use domain::time::Timestamp;
use serde::Deserialize;
use std::borrow::Cow;
use std::collections::BTreeSet;

/// A filter of the events that had happened by an instant; it reads them in the order of the log.
pub(super) struct ValidTimeFilter {
    at: Timestamp,
    /// Streams of calls that had ended by the instant; their later corrections count.
    ended: BTreeSet<StreamId>,
}

/// The envelope members that the filter needs, borrowed from the record.
#[derive(Deserialize)]
struct EventHeader<'a> {
    #[serde(borrow)]
    kind: Cow<'a, str>,
    stream: StreamId,
    at: Timestamp,
}

impl ValidTimeFilter {
    pub(super) const fn at(at: Timestamp) -> Self {
        Self {
            at,
            ended: BTreeSet::new(),
        }
    }

    pub(super) fn retain(&mut self, page: &mut Vec<StoredEvent>) -> Result<(), UnreadableRecord> {
        let mut unreadable = None;
        page.retain(
            |event| match serde_json::from_slice::<EventHeader<'_>>(&event.record) {
                Ok(when) => self.had_happened(when),
                Err(error) => {
                    unreadable.get_or_insert(UnreadableRecord {
                        position: event.position,
                        why: error.to_string(),
                    });
                    false
                }
            },
        );
        unreadable.map_or(Ok(()), Err)
    }

    fn had_happened(&mut self, when: EventHeader<'_>) -> bool {
        match when.kind.as_ref() {
            CallEvent::CORRECTED => self.ended.contains(&when.stream),
            CallEvent::ENDED if when.at <= self.at => self.ended.insert(when.stream),
            _ => when.at <= self.at,
        }
    }
}
