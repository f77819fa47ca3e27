//! Records to measure with: real ones of 400 bytes, spread over a limited number of streams.

use domain::ids::{CommandId, StreamId};
use domain::stored_event::StreamVersion;
use store::yardstick::{Batch, make_record};

/// The bytes of a record.
pub(crate) const RECORD_BYTES: usize = 400;

/// The most events that one append may have; a larger commit consists of several.
pub(crate) const APPEND_EVENTS: usize = 256;

/// The streams to which the records go in turn: as many as are live in a busy hour.
pub(crate) const STREAMS_COUNT: usize = 1_024;

/// Makes records that follow one another in their streams. Every store that gets the records of one source
/// gets the same bytes.
pub(crate) struct Payload {
    streams: Vec<(StreamId, u64)>,
    next: usize,
    made: u64,
    salt: u64,
}

impl Payload {
    /// Creates a source over `STREAMS_COUNT` streams. `salt` keeps streams and ids of two sources apart.
    pub(crate) fn new(salt: u64) -> Self {
        Self::spread(salt, STREAMS_COUNT)
    }

    /// Spread over so many streams.
    pub(crate) fn spread(salt: u64, streams_count: usize) -> Self {
        let stream = |index: usize| StreamId::new("number", &hex(salt, index as u64));
        Self {
            streams: (0..streams_count).map(|index| (stream(index), 0)).collect(),
            next: 0,
            made: 0,
            salt,
        }
    }

    /// Returns `count` events as the appends of one commit: at most 256 events each, every one to another
    /// stream.
    pub(crate) fn commit(&mut self, count: usize) -> Vec<Batch> {
        let full = std::iter::repeat_n(APPEND_EVENTS, count / APPEND_EVENTS);
        let rest = Some(count % APPEND_EVENTS).filter(|rest| *rest > 0);
        full.chain(rest).map(|events| self.append(events)).collect()
    }

    /// Returns one append of `events` to the next stream in turn.
    pub(crate) fn append(&mut self, events: usize) -> Batch {
        let place = self.next % self.streams.len().max(1);
        self.next += 1;
        self.made += 1;
        let command = CommandId::derive_from_text(&format!("bench {} {}", self.salt, self.made));
        let Some((stream, version)) = self.streams.get_mut(place) else {
            return Batch {
                stream: StreamId::new("number", &"none"),
                expected: StreamVersion(0),
                records: Vec::new(),
            };
        };
        let expected = *version;
        *version += events as u64;
        let records = (0..events).map(|index| {
            let version = expected + index as u64 + 1;
            make_record(stream, version, command, index, filler(version))
        });
        Batch {
            stream: stream.clone(),
            expected: StreamVersion(expected),
            records: records.collect(),
        }
    }
}

/// Returns text that extends a record to `RECORD_BYTES`; the rest of the record is `AROUND_BYTES` and the
/// version.
fn filler(version: u64) -> &'static str {
    const TEXT: &str = "0123456789012345678901234567890123456789";
    let digits = version.to_string().len();
    TEXT.get(..RECORD_BYTES.saturating_sub(AROUND_BYTES + digits).min(TEXT.len()))
        .unwrap_or("")
}

/// The bytes of one of these records with an empty text and no digit of the version.
const AROUND_BYTES: usize = 360;

/// Returns 32 hex digits that differ in all places from the neighbor's, as derived ids do.
fn hex(salt: u64, index: u64) -> String {
    // SplitMix64 of Steele and others: spreads a counter over 64 bits.
    let mix = |seed: u64| {
        let seed = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let seed = (seed ^ (seed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        seed ^ (seed >> 27)
    };
    format!(
        "{:016x}{:016x}",
        mix(salt * 1_000_003 + index + 1),
        mix(index + 7)
    )
}

/// Returns the bytes of all records of a commit, for an engine that has no streams.
pub(crate) fn bytes_of(batches: &[Batch]) -> impl Iterator<Item = &[u8]> {
    batches
        .iter()
        .flat_map(|batch| batch.records.iter().map(|record| &**record.bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_have_the_size_they_are_measured_for() {
        let mut payload = Payload::new(3);
        for _ in 0..2 {
            let batches = payload.commit(300);
            assert_eq!(batches.len(), 2);
            for bytes in bytes_of(&batches) {
                assert_eq!(bytes.len(), RECORD_BYTES);
            }
        }
    }

    #[test]
    fn versions_go_on_when_a_stream_has_its_turn_again() {
        let mut payload = Payload::new(3);
        let first = payload.append(2);
        for _ in 1..STREAMS_COUNT {
            payload.append(1);
        }
        let again = payload.append(1);
        assert_eq!((again.stream, again.expected), (first.stream, StreamVersion(2)));
    }
}
