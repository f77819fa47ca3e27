//! Proofs: a Merkle tree over the log, signed checkpoints of it, and inclusion and consistency proofs.
//!
//! The formats are those of C2SP (tlog-tiles, tlog-checkpoint, signed-note, tlog-proof, tlog-witness), so
//! that third-party tools can check what this crate writes; `docs/reference/proof.md` describes them. The
//! tree follows the log and depends only on its records.

pub mod bundle;
mod checkpoint;
mod checkpoint_store;
mod error;
mod fold;
mod follower;
mod key;
mod leaf;
mod lost_history;
mod positions;
mod postgres_checkpoint_store;
mod proof_text;
mod publisher;
mod tile_writer;
mod tiles;
mod time_stamp;
pub mod whole_log;
mod witness;
mod written_leaves;

#[cfg(test)]
mod tests;

pub use checkpoint::{CHECKPOINT_BYTES_MAX, Checkpoint, SignedCheckpoint, SignedText};
pub use checkpoint_store::{
    CHECKPOINT_FILE, CHECKPOINTS_DIR, CheckpointStore, FileCheckpointStore, LOG_KEY_FILE, STAMPS_DIR,
};
pub use error::ProofError;
pub use fold::RootFold;
pub use follower::{PROOF_DIR, ProofFollower};
pub use key::{KEY_NAME_BYTES_MAX, KeyKind, SigningKey, VerifierKey};
pub use leaf::{HASH_BYTES, TreeHash, event_hash, leaf_hash, node_hash};
pub use lost_history::{EARLIER_DIR, LogState, compare, put_aside};
pub use positions::leaf_of;
pub use postgres_checkpoint_store::PostgresCheckpointStore;
pub use proof_text::{ConsistencyProof, InclusionProof};
pub use publisher::{PublishResult, Publisher};
pub use tiles::{TILE_HASHES, TileDir, check_consistency, check_inclusion};
pub use time_stamp::{STAMP_BYTES_MAX, StampRequest, StampedCheckpoint, TimeStamp, TimeStampStore};
pub use witness::{WITNESS_BODY_BYTES_MAX, Witness, WitnessRefusal};
