//! Extracts an event's leaf, and its place according to its record.

use crate::proof::leaf::{TreeHash, event_hash};
use domain::stored_event::StoredEvent;
use serde::Deserialize;
use sha2::{Digest, Sha256};
use std::borrow::Cow;
use uuid::Uuid;

/// The members that are compared. The rest must be JSON and is ignored.
#[derive(Deserialize)]
struct Facts<'a> {
    id: Uuid,
    #[serde(borrow)]
    stream: Cow<'a, str>,
    stream_version: u64,
    #[serde(default)]
    causation: Option<Uuid>,
}

/// The leaf hash of an event and its place, prepared for the comparison.
#[derive(Debug)]
pub(super) struct Leaf {
    pub(super) hash: TreeHash,
    /// The event's place according to its record, or the reason why the record cannot be read.
    pub(super) place: Result<RecordedPlace, String>,
}

/// What a record states about its event's place: id, stream, version and cause.
#[derive(Debug, Clone, Copy)]
pub(super) struct RecordedPlace {
    /// 64 bits of the event's id.
    pub(super) id: u64,
    /// 128 bits of a hash of the stream's name.
    pub(super) stream: u128,
    pub(super) version: u64,
    pub(super) cause: Option<u64>,
}

impl Leaf {
    pub(super) fn of(event: &StoredEvent) -> Self {
        let place = match serde_json::from_slice::<Facts<'_>>(&event.record) {
            Ok(facts) => Ok(RecordedPlace {
                id: short(facts.id),
                stream: stream_key(&facts.stream),
                version: facts.stream_version,
                cause: facts.causation.map(short),
            }),
            Err(error) => Err(error.to_string()),
        };
        Self {
            hash: event_hash(event),
            place,
        }
    }
}

/// Reduces an id to 64 bits: its halves are mixed with an odd factor (2^64 divided by the golden ratio), so
/// that counters in both do not cancel out. Two ids may get the same number.
fn short(id: Uuid) -> u64 {
    let (high, low) = id.as_u64_pair();
    high.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ low
}

fn stream_key(stream: &str) -> u128 {
    let digest: [u8; 32] = Sha256::digest(stream.as_bytes()).into();
    digest
        .first_chunk::<16>()
        .map_or(0, |bytes| u128::from_be_bytes(*bytes))
}
