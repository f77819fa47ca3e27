//! A cache of the event ids of streams that this process has read or written. It is emptied completely when
//! it is full.

use crate::batch::EventLocation;
use domain::ids::{CommandId, EventId, StreamId};
use domain::stored_event::{Position, StreamVersion};
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// The most events remembered over all streams, about 16 MiB. Beyond it the cache is emptied and streams are
/// read again as needed. That is simpler than evicting single streams, and a process that writes 200,000
/// events rarely needs its first ones again.
const KNOWN_EVENTS_MAX: usize = 200_000;

/// An event of a stream: its id, command and position. Consecutive events of the same command are one
/// batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct KnownEvent {
    pub(super) id: EventId,
    pub(super) command: CommandId,
    pub(super) position: Position,
}

#[derive(Default)]
struct Streams {
    /// The events of each stream from version 1 on, without a gap; possibly not up to its end. Only accessed
    /// by key.
    streams: HashMap<StreamId, Vec<KnownEvent>>,
    events: usize,
}

/// The cache of all streams' event ids.
#[derive(Default)]
pub(super) struct EventIdCache(Mutex<Streams>);

impl EventIdCache {
    /// Returns the version up to which a stream is known.
    pub(super) fn version(&self, stream: &StreamId) -> StreamVersion {
        self.with(|known| {
            let events = known.streams.get(stream).map_or(0, Vec::len);
            StreamVersion(events as u64)
        })
    }

    /// Adds the events that follow version `after`. Known ones are skipped; if there would be a gap,
    /// nothing is added. At the limit the whole cache is emptied first.
    pub(super) fn add(&self, stream: &StreamId, after: StreamVersion, events: &[KnownEvent]) {
        self.with(|known| {
            let have = known.streams.get(stream).map_or(0, Vec::len);
            let first = usize::try_from(after.0).unwrap_or(usize::MAX);
            let Some(fresh) = have.checked_sub(first).and_then(|skip| events.get(skip..)) else {
                return;
            };
            if known.events + fresh.len() > KNOWN_EVENTS_MAX {
                known.streams.clear();
                known.events = 0;
                if have > 0 {
                    return;
                }
            }
            known.events += fresh.len();
            known.streams.entry(stream.clone()).or_default().extend(fresh);
        });
    }

    /// Looks up these ids in the known part of the stream. Returns one entry per id, in order; `None` for
    /// an unknown one.
    pub(super) fn find(&self, stream: &StreamId, ids: &[EventId]) -> Vec<Option<EventLocation>> {
        self.with(|known| {
            let events = known.streams.get(stream).map_or(&[][..], Vec::as_slice);
            ids.iter().map(|id| found(stream, events, *id)).collect()
        })
    }

    fn with<T>(&self, look: impl FnOnce(&mut Streams) -> T) -> T {
        look(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn found(stream: &StreamId, events: &[KnownEvent], id: EventId) -> Option<EventLocation> {
    let at = events.iter().rposition(|seen| seen.id == id)?;
    let event = events.get(at)?;
    let same = |seen: &&KnownEvent| seen.command == event.command;
    let before = events.iter().take(at).rev().take_while(same).count();
    let behind = events.iter().skip(at + 1).take_while(same).count();
    Some(EventLocation {
        position: event.position,
        stream: stream.clone(),
        version: StreamVersion(at as u64 + 1),
        batch_index: before,
        batch_count: before + 1 + behind,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(command: &str, index: usize, position: u64) -> KnownEvent {
        let command = CommandId::derive_from_text(command);
        KnownEvent {
            id: EventId::derive(command, index),
            command,
            position: Position(position),
        }
    }

    #[test]
    fn batches_are_what_one_command_led_to() {
        let (known, a) = (EventIdCache::default(), StreamId::from_stored("a".to_owned()));
        let events = [seen("one", 0, 17), seen("one", 1, 1_017), seen("two", 0, 2_017)];
        known.add(&a, StreamVersion(0), &events[..2]);
        known.add(&a, StreamVersion(1), &events[1..]);
        known.add(&a, StreamVersion(9), &events);
        assert_eq!(known.version(&a), StreamVersion(3));
        let found = known.find(&a, &events.map(|event| event.id));
        let places: Vec<_> = found
            .iter()
            .flatten()
            .map(|found| {
                (
                    found.version.0,
                    found.batch_index,
                    found.batch_count,
                    found.position.0,
                )
            })
            .collect();
        assert_eq!(places, [(1, 0, 2, 17), (2, 1, 2, 1_017), (3, 0, 1, 2_017)]);
        assert_eq!(known.find(&a, &[seen("three", 0, 0).id]), [None]);
    }

    #[test]
    fn at_the_limit_everything_is_kept_and_past_it_forgotten() {
        let (known, a) = (EventIdCache::default(), StreamId::from_stored("a".to_owned()));
        let b = StreamId::from_stored("b".to_owned());
        let many = vec![seen("one", 0, 1); KNOWN_EVENTS_MAX];
        known.add(&a, StreamVersion(0), &many);
        assert_eq!(known.version(&a).0, KNOWN_EVENTS_MAX as u64);
        known.add(&b, StreamVersion(0), &many[..1]);
        assert_eq!((known.version(&a).0, known.version(&b).0), (0, 1));
    }
}
