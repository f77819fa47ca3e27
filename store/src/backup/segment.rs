//! A segment: a run of events as bytes. Each event has its own check value, so that damage is reported
//! by position.
//!
//! `ledgerline events 1\n · first position (8) · count (4)`, then for each event `record length (4) ·
//! recorded_at (8, µs since 1970) · record · check (8)`; numbers are big-endian. The check is the first 8
//! bytes of SHA-256(position ‖ leaf hash of the log's Merkle tree), so neither a changed byte nor a changed
//! order passes.

use super::error::BackupError;
use crate::proof::{TreeHash, leaf_hash};
use domain::stored_event::{Position, RECORD_BYTES_MAX, StoredEvent};
use domain::time::Timestamp;
use sha2::{Digest, Sha256};

const MAGIC: &[u8] = b"ledgerline events 1\n";
/// The length of a segment's header, in bytes.
const HEADER_BYTES: usize = MAGIC.len() + 8 + 4;
/// The length of an event's check value, in bytes.
const CHECK_BYTES: usize = 8;
/// The number of events at which a segment is full.
pub(super) const SEGMENT_EVENTS_MAX: usize = 65_536;
/// The bytes of events from which a segment is full; its last event may exceed them. A segment is in memory
/// while it is written or read.
pub(super) const SEGMENT_BYTES_MAX: usize = 16 * 1024 * 1024;

/// A segment that is being filled.
#[derive(Debug, Default)]
pub(super) struct SegmentBuilder {
    first: u64,
    count: u32,
    body: Vec<u8>,
}

impl SegmentBuilder {
    pub(super) fn starting_at(first: u64) -> Self {
        Self {
            first,
            ..Self::default()
        }
    }

    pub(super) const fn count(&self) -> u32 {
        self.count
    }

    pub(super) fn is_full(&self) -> bool {
        self.count as usize >= SEGMENT_EVENTS_MAX || self.body.len() >= SEGMENT_BYTES_MAX
    }

    /// Appends the next event to the segment. Returns its leaf hash in the log's Merkle tree.
    pub(super) fn push(&mut self, event: &StoredEvent) -> TreeHash {
        let leaf = leaf_hash(event.recorded_at, &event.record);
        let position = self.first + u64::from(self.count);
        // A record has at most RECORD_BYTES_MAX bytes.
        let length = u32::try_from(event.record.len()).unwrap_or(u32::MAX);
        self.body.extend_from_slice(&length.to_be_bytes());
        self.body
            .extend_from_slice(&event.recorded_at.micros().to_be_bytes());
        self.body.extend_from_slice(&event.record);
        self.body.extend_from_slice(&check_of(position, &leaf));
        self.count += 1;
        leaf
    }

    pub(super) fn finish(self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(HEADER_BYTES + self.body.len());
        bytes.extend_from_slice(MAGIC);
        bytes.extend_from_slice(&self.first.to_be_bytes());
        bytes.extend_from_slice(&self.count.to_be_bytes());
        bytes.extend_from_slice(&self.body);
        bytes
    }
}

fn check_of(position: u64, leaf: &TreeHash) -> [u8; CHECK_BYTES] {
    let hash: TreeHash = Sha256::new()
        .chain_update(position.to_be_bytes())
        .chain_update(leaf)
        .finalize()
        .into();
    let [a, b, c, d, e, f, g, h, ..] = hash;
    [a, b, c, d, e, f, g, h]
}

/// Decodes a segment of `count` events, the first at position `first`. Fails if the header or the check
/// value of an event is wrong. `part`: the segment's name for the error.
pub(super) fn decode(
    part: &str,
    bytes: &[u8],
    first: u64,
    count: u32,
) -> Result<Vec<StoredEvent>, BackupError> {
    let mut rest = SegmentReader(bytes);
    let wrong_header = || BackupError::altered(part, None, "its header is not what was written");
    let expected = [MAGIC, &first.to_be_bytes(), &count.to_be_bytes()].concat();
    if rest.take(HEADER_BYTES).ok_or_else(wrong_header)? != expected {
        return Err(wrong_header());
    }
    // The capacity is also limited by the number of bytes: the header's count is not trusted.
    let mut events = Vec::with_capacity((count as usize).min(bytes.len() / HEADER_BYTES));
    for position in (first..).take(count as usize) {
        let event = decode_event(&mut rest, position);
        events.push(event.ok_or_else(|| {
            BackupError::altered(
                part,
                Some(position),
                "the event is not what was written, or not in its place",
            )
        })?);
    }
    if !rest.0.is_empty() {
        return Err(BackupError::altered(part, None, "bytes follow its last event"));
    }
    Ok(events)
}

fn decode_event(rest: &mut SegmentReader<'_>, position: u64) -> Option<StoredEvent> {
    let length = u32::from_be_bytes(rest.array()?) as usize;
    if length > RECORD_BYTES_MAX {
        return None;
    }
    let recorded_at = Timestamp::from_micros(i64::from_be_bytes(rest.array()?));
    let record = rest.take(length)?;
    let check: [u8; CHECK_BYTES] = rest.array()?;
    if check != check_of(position, &leaf_hash(recorded_at, record)) {
        return None;
    }
    Some(StoredEvent::new(Position(position), recorded_at, record.into()))
}

/// The bytes of a segment that are still to be read.
struct SegmentReader<'a>(&'a [u8]);

impl<'a> SegmentReader<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.take(N)?.try_into().ok()
    }
}
