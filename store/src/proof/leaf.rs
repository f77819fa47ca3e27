//! The hashes of the tree: RFC 6962, 2.1 (the same in RFC 9162), with SHA-256.
//!
//! A leaf consists of `recorded_at` as 8 bytes, big-endian microseconds since 1970, and the record's bytes as
//! stored. Personal values are ciphertext there, so erasing a person's key changes no hash.

use domain::stored_event::StoredEvent;
use domain::time::Timestamp;
use sha2::{Digest, Sha256};

/// The length of a SHA-256 hash, in bytes.
pub const HASH_BYTES: usize = 32;

/// The hash of a leaf, a node or a root.
pub type TreeHash = [u8; HASH_BYTES];

/// Returns the leaf hash of an event: SHA-256 of 0x00, `recorded_at` and the record.
pub fn leaf_hash(recorded_at: Timestamp, record: &[u8]) -> TreeHash {
    Sha256::new()
        .chain_update([0x00])
        .chain_update(recorded_at.micros().to_be_bytes())
        .chain_update(record)
        .finalize()
        .into()
}

/// Returns the leaf hash of a stored event.
pub fn event_hash(event: &StoredEvent) -> TreeHash {
    leaf_hash(event.recorded_at, &event.record)
}

/// Returns the hash of an inner node: SHA-256 of 0x01, the left and the right hash.
pub fn node_hash(left: &TreeHash, right: &TreeHash) -> TreeHash {
    Sha256::new()
        .chain_update([0x01])
        .chain_update(left)
        .chain_update(right)
        .finalize()
        .into()
}
