//! The tail: index entries of the log's last events, which `index.db` does not have yet, in memory.
//!
//! Events are added after their commit and before they are acknowledged or published, so every event that a
//! caller knows is found. The tail is bounded: a full segment goes to the indexer, and the writer waits if
//! the indexer is too far behind.

use super::entry::{Entry, Key, LookupProperty};
use domain::stored_event::Position;
use std::collections::{HashMap, VecDeque};
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

/// The number of events of a segment, at about 120 bytes each: large enough that adjacent keys share pages
/// of the index file, small enough that a log opens within a fraction of a second after a kill. Few in unit
/// tests, so that the tests cross segments.
pub(in crate::sqlite) const SEGMENT_EVENTS: usize = if cfg!(test) { 16 } else { 32_768 };

/// Consecutive events of the log, found by the keys of the index.
#[derive(Debug, Default)]
pub(in crate::sqlite) struct Segment {
    entries: Vec<Entry>,
    /// For each of `LookupProperty::ALL`: the index of the last entry of a key.
    latest: [HashMap<Key, u32, BuildHasherDefault<KeyIsHash>>; 4],
    /// For each entry and each of `LookupProperty::ALL`: the index of the previous entry of the same key
    /// plus one; 0 for none.
    before: Vec<[u32; 4]>,
}

/// A hasher that returns the key itself, because a key is already a hash.
#[derive(Debug, Default)]
struct KeyIsHash(u64);

impl Hasher for KeyIsHash {
    fn finish(&self) -> u64 {
        self.0
    }
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }
    fn write_u64(&mut self, number: u64) {
        self.0 = number;
    }
}

impl Segment {
    fn push(&mut self, entry: Entry) {
        let place = u32::try_from(self.entries.len()).unwrap_or(u32::MAX);
        let mut before = [0; 4];
        for ((by, latest), before) in LookupProperty::ALL.iter().zip(&mut self.latest).zip(&mut before) {
            if let Some(key) = entry.key(*by) {
                *before = latest.insert(key, place).map_or(0, |earlier| earlier + 1);
            }
        }
        self.entries.push(entry);
        self.before.push(before);
    }

    pub(super) fn entries(&self) -> &[Entry] {
        &self.entries
    }

    fn last(&self) -> Option<Position> {
        self.entries.last().map(|entry| entry.position)
    }

    /// Iterates over the segment's entries with a key, the latest first.
    fn of(&self, by: LookupProperty, key: Key) -> impl Iterator<Item = &Entry> {
        let column = by as usize;
        let latest = self.latest.get(column).and_then(|latest| latest.get(&key));
        let mut next = latest.map_or(0, |place| place + 1) as usize;
        std::iter::from_fn(move || {
            let place = next.checked_sub(1)?;
            let before = self.before.get(place).and_then(|before| before.get(column));
            next = before.copied().unwrap_or(0) as usize;
            self.entries.get(place)
        })
    }
}

/// The index entries of the log's last events, which the index file may lack.
#[derive(Debug)]
pub(in crate::sqlite) struct Tail(RwLock<Segments>);

#[derive(Debug)]
struct Segments {
    /// All events up to this position are in the index file.
    base: Position,
    /// All events up to this position are known.
    end: Position,
    full: VecDeque<Arc<Segment>>,
    filling: Segment,
    /// True if the file turned out to be damaged.
    is_index_given_up: bool,
}

/// The position of an event and its version in its stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::sqlite) struct IndexedEvent {
    pub(in crate::sqlite) position: Position,
    pub(in crate::sqlite) version: u64,
}

/// The entries of a key in the tail. Earlier events, up to `base`, are in the index file, if it is read
/// after this lookup.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::sqlite) struct TailEntries {
    pub(in crate::sqlite) base: Position,
    /// The end of the log at the time of the lookup.
    pub(in crate::sqlite) end: Position,
    /// In ascending order.
    pub(in crate::sqlite) places: Vec<IndexedEvent>,
}

impl Tail {
    pub(in crate::sqlite) const fn new(base: Position) -> Self {
        Self(RwLock::new(Segments {
            base,
            end: base,
            full: VecDeque::new(),
            filling: Segment {
                entries: Vec::new(),
                latest: [EMPTY, EMPTY, EMPTY, EMPTY],
                before: Vec::new(),
            },
            is_index_given_up: false,
        }))
    }

    /// Marks the index file as damaged: it is removed when its writers have closed it, and built again at
    /// the next start.
    pub(super) fn give_index_up(&self) {
        self.write().is_index_given_up = true;
    }

    pub(in crate::sqlite) fn is_index_given_up(&self) -> bool {
        self.read().is_index_given_up
    }

    /// Adds committed events. Returns the segments that became full, which the indexer writes to the file.
    pub(in crate::sqlite) fn add(&self, entries: &[Entry]) -> Vec<Arc<Segment>> {
        let mut segments = self.write();
        let mut filled = Vec::new();
        for entry in entries {
            segments.filling.push(*entry);
            segments.end = entry.position;
            if segments.filling.entries.len() >= SEGMENT_EVENTS {
                filled.extend(segments.fill());
            }
        }
        filled
    }

    /// Ends the current segment before it is full and returns it; `None` if it is empty.
    pub(super) fn cut(&self) -> Option<Arc<Segment>> {
        self.write().fill()
    }

    /// Drops the full segments that the index file has, which now reaches the position `reached`.
    pub(super) fn settle(&self, reached: Position) {
        let mut segments = self.write();
        while let Some(last) = segments.full.front().and_then(|segment| segment.last())
            && last <= reached
        {
            segments.base = last;
            segments.full.pop_front();
        }
    }

    /// Returns at most `most` entries of a key after a position, in ascending order of position.
    pub(in crate::sqlite) fn look(
        &self,
        by: LookupProperty,
        key: Key,
        after: Position,
        most: usize,
    ) -> TailEntries {
        let segments = self.read();
        let mut places = Vec::new();
        for segment in segments.full.iter().map(Arc::as_ref).chain([&segments.filling]) {
            if places.len() >= most || segment.last().is_none_or(|last| last <= after) {
                continue;
            }
            let first = places.len();
            let later = segment.of(by, key).take_while(|entry| entry.position > after);
            places.extend(later.map(|entry| IndexedEvent {
                position: entry.position,
                version: entry.version,
            }));
            if let Some(found) = places.get_mut(first..) {
                found.reverse();
            }
            places.truncate(most);
        }
        TailEntries {
            base: segments.base,
            end: segments.end,
            places,
        }
    }

    /// Empties the tail after the index file was extended to the log's end at `reached`.
    pub(in crate::sqlite) fn begin_again(&self, reached: Position) {
        let mut segments = self.write();
        segments.full.clear();
        segments.filling = Segment::default();
        segments.base = reached;
        segments.end = reached;
    }

    pub(super) fn end(&self) -> Position {
        self.read().end
    }

    /// Returns the full segments that the index file may not have yet.
    pub(super) fn full_segments(&self) -> Vec<Arc<Segment>> {
        self.read().full.iter().cloned().collect()
    }

    fn read(&self) -> RwLockReadGuard<'_, Segments> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Segments> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }
}

const EMPTY: HashMap<Key, u32, BuildHasherDefault<KeyIsHash>> =
    HashMap::with_hasher(BuildHasherDefault::new());

impl Segments {
    fn fill(&mut self) -> Option<Arc<Segment>> {
        if self.filling.entries.is_empty() {
            return None;
        }
        let filled = Arc::new(std::mem::take(&mut self.filling));
        self.full.push_back(Arc::clone(&filled));
        Some(filled)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(position: u64, stream: &str) -> Entry {
        Entry {
            position: Position(position),
            version: position,
            stream: Key::of(stream),
            id: Key::of(&position.to_string()),
            campaign: position.is_multiple_of(2).then(|| Key::of("even")),
            customer: None,
        }
    }

    fn positions(seen: &TailEntries) -> Vec<u64> {
        seen.places.iter().map(|place| place.position.0).collect()
    }

    #[test]
    fn places_of_a_key_come_in_order_across_segments_from_any_position_on() {
        let tail = Tail::new(Position(0));
        for position in 1..=9 {
            tail.add(&[entry(position, if position % 3 == 0 { "third" } else { "other" })]);
            if position % 4 == 0 {
                assert!(tail.cut().is_some());
            }
        }
        let look = |by, key: &str, after, most| tail.look(by, Key::of(key), Position(after), most);
        assert_eq!(positions(&look(LookupProperty::Stream, "third", 0, 9)), [3, 6, 9]);
        assert_eq!(positions(&look(LookupProperty::Stream, "third", 3, 9)), [6, 9]);
        assert_eq!(
            positions(&look(LookupProperty::Stream, "other", 0, 4)),
            [1, 2, 4, 5]
        );
        assert_eq!(positions(&look(LookupProperty::Campaign, "even", 4, 9)), [6, 8]);
        assert_eq!(positions(&look(LookupProperty::Id, "7", 0, 9)), [7]);
        assert!(positions(&look(LookupProperty::Customer, "even", 0, 9)).is_empty());
        assert_eq!(look(LookupProperty::Stream, "none", 0, 9).end, Position(9));
    }

    #[test]
    fn what_the_index_has_is_forgotten_by_whole_segments() {
        let tail = Tail::new(Position(0));
        for position in 1..=6 {
            tail.add(&[entry(position, "s")]);
            if position % 2 == 0 {
                tail.cut();
            }
        }
        tail.add(&[entry(7, "s")]);
        assert!(tail.cut().is_some() && tail.cut().is_none());
        tail.settle(Position(5));
        let seen = tail.look(LookupProperty::Stream, Key::of("s"), Position(0), 9);
        assert_eq!((seen.base, positions(&seen)), (Position(4), vec![5, 6, 7]));
        assert_eq!(tail.full_segments().len(), 2);
        tail.settle(Position(7));
        let seen = tail.look(LookupProperty::Stream, Key::of("s"), Position(0), 9);
        assert_eq!(
            (seen.base, seen.end, seen.places),
            (Position(7), Position(7), vec![])
        );
    }

    #[test]
    fn a_full_segment_is_handed_over_once() {
        let tail = Tail::new(Position(0));
        let entries: Vec<_> = (1..=SEGMENT_EVENTS as u64 + 1).map(|at| entry(at, "s")).collect();
        let filled = tail.add(&entries);
        assert_eq!(filled.len(), 1);
        assert_eq!(filled[0].entries().len(), SEGMENT_EVENTS);
        assert_eq!(tail.end(), Position(SEGMENT_EVENTS as u64 + 1));
        assert!(tail.add(&[entry(SEGMENT_EVENTS as u64 + 2, "s")]).is_empty());
    }
}
