//! Backups of a log: its events byte for byte in hashed segments, and a manifest with their Merkle root.
//!
//! A backup holds no key of any kind, so personal fields stay sealed in it. It is made while the log's
//! writer runs and holds the events up to the head at its beginning. The manifest is written last: a backup
//! without one is unfinished. Every byte is checked before it is used. `docs/reference/backup.md` describes
//! the format.

mod chunks;
mod container;
mod error;
mod loader;
mod manifest;
mod reader;
mod segment;
#[cfg(test)]
mod tests;
mod verify;
mod writer;

pub use chunks::Chunks;
pub use container::MANIFEST_FILE;
pub use error::BackupError;
pub use loader::{RestoreResult, check_cut, load_into};
pub use manifest::{Manifest, SegmentFacts, Source};
pub use reader::BackupReader;
pub use verify::{VerifyRequirements, VerifyResult, verify};
pub use writer::{BackupDestination, BackupFacts, BackupResult, create};
