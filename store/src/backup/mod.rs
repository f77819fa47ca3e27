//! Backups of a log: its events byte for byte in checked segments, and a manifest with their Merkle root.
//!
//! A backup holds no key of any kind, so personal fields stay sealed in it. It is written beside the running
//! writer, up to the head at its begin, and gets its final name last: what has no manifest was never
//! finished. Every byte of it is checked before it is believed. `docs/reference/backup.md` describes the
//! format.

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
pub use loader::{Loaded, check_cut, load_into};
pub use manifest::{Manifest, SegmentFacts, Source};
pub use reader::BackupReader;
pub use verify::{Demands, Verified, verify};
pub use writer::{Made, Out, Written, create};
