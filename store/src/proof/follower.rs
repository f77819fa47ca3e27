//! Builds the tree from the log: reads the events in order and writes tiles, independently of commits.

use super::checkpoint::Checkpoint;
use super::checkpoint_store::FileCheckpointStore;
use super::error::ProofError;
use super::leaf::event_hash;
use super::tile_writer::TileWriter;
use super::tiles::TileDir;
use domain::ports::event_store::{EventStore, PAGE_EVENTS_MAX, StoreError};
use domain::stored_event::{Position, StoredEvent};
use std::path::{Path, PathBuf};

/// The name of the directory of the tree and its checkpoints, in a data directory.
pub const PROOF_DIR: &str = "proof";

/// Builds the Merkle tree of a log and follows the log as it grows. The tree's files depend only on the
/// records.
#[derive(Debug)]
pub struct ProofFollower {
    dir: PathBuf,
    dense: bool,
    writer: TileWriter,
}

impl ProofFollower {
    /// Opens the tree in `dir`, with as many leaves as its files can be trusted for. `dense`: the store's
    /// positions are 1, 2, 3 … without gaps.
    pub fn open(dir: &Path, dense: bool) -> Result<Self, ProofError> {
        // The checkpoint only limits how far tiles are checked. If it cannot be read, the publisher
        // reports that.
        let published = FileCheckpointStore::new(dir).read().ok().flatten();
        let size = published.map_or(0, |signed| signed.claimed().size);
        Ok(Self {
            dir: dir.to_owned(),
            dense,
            writer: TileWriter::open(dir, dense, size)?,
        })
    }

    /// Starts again with the empty tree if the tiles belong to another history: they have more leaves than
    /// the log has events, or another last leaf. Checks nothing if positions are not dense.
    pub async fn hold_to_log(&mut self, store: &dyn EventStore) -> Result<(), ProofError> {
        let Some(before) = self.size().checked_sub(1).filter(|_| self.dense) else {
            return Ok(());
        };
        let event = store.read_all(Position(before), 1).await?;
        let last = self.writer.last_leaf_of_full_tiles()?;
        if event.first().map(event_hash) != last {
            self.restart()?;
        }
        Ok(())
    }

    /// Deletes the tiles and starts with the empty tree. The log can always produce them again.
    pub fn restart(&mut self) -> Result<(), ProofError> {
        self.writer = TileWriter::create(&self.dir, self.dense)?;
        Ok(())
    }

    /// Adds the log's events up to its head to the tree. If the store reports damage, fails with all events
    /// before the damaged one added.
    pub async fn catch_up(&mut self, store: &dyn EventStore) -> Result<(), ProofError> {
        let mut limit = PAGE_EVENTS_MAX;
        loop {
            let page = match store.read_all(self.reached()?, limit).await {
                Err(StoreError::Damaged(_)) if limit > 1 => {
                    limit = 1;
                    continue;
                }
                read => read?,
            };
            if page.is_empty() {
                return Ok(());
            }
            self.add(&page)?;
        }
    }

    /// Adds the next events of the log, in order. Fails if dense positions have a gap.
    pub fn add(&mut self, events: &[StoredEvent]) -> Result<(), ProofError> {
        for event in events {
            let next = self.writer.size() + 1;
            if self.dense && event.position != Position(next) {
                let why = format!("position {} follows position {}", event.position, next - 1);
                return Err(ProofError::malformed("the log", why));
            }
            self.writer.push(&event_hash(event), event.position)?;
        }
        if self.writer.wants_mark() {
            self.writer.mark()?;
        }
        Ok(())
    }

    /// Returns the position of the last event in the tree.
    pub fn reached(&self) -> Result<Position, ProofError> {
        self.writer.reached()
    }

    /// Returns the number of events in the tree.
    pub const fn size(&self) -> u64 {
        self.writer.size()
    }

    /// Returns the tree's size and root as a checkpoint of `origin`, unsigned. Writes the partial tiles
    /// first, so that proofs for it can be made from the files.
    pub fn checkpoint(&mut self, origin: &str) -> Result<Checkpoint, ProofError> {
        self.writer.write_partial()?;
        Ok(Checkpoint {
            origin: origin.to_owned(),
            size: self.writer.size(),
            root: self.writer.root(),
        })
    }

    pub const fn tiles(&self) -> &TileDir {
        self.writer.tiles()
    }

    /// Returns true if every leaf came from the log since the tree was opened, and none from tiles on disk.
    pub const fn is_wholly_from_log(&self) -> bool {
        self.writer.is_wholly_from_log()
    }

    /// Stores how many leaves the full tiles hold, so that the next start reads little of the log again.
    pub fn mark(&mut self) -> Result<(), ProofError> {
        self.writer.mark()
    }
}
