//! The tree follows the log: it reads in order and writes tiles, off the path of any commit.

use super::checkpoint::Checkpoint;
use super::error::ProofError;
use super::leaf::event_hash;
use super::shelf::FileShelf;
use super::tile_writer::TileWriter;
use super::tiles::TileDir;
use domain::ports::event_store::{EventStore, PAGE_EVENTS_MAX, StoreError};
use domain::stored_event::{Position, StoredEvent};
use std::path::{Path, PathBuf};

/// The directory of the tree and its checkpoints, in a data directory.
pub const PROOF_DIR: &str = "proof";

/// A tree that grows with its log. What is on disk is a pure function of the records.
#[derive(Debug)]
pub struct ProofFollower {
    dir: PathBuf,
    dense: bool,
    writer: TileWriter,
}

impl ProofFollower {
    /// Picks up the tree in `dir` where its files can be believed. `dense`: the store's positions run 1, 2,
    /// 3 …
    pub fn open(dir: &Path, dense: bool) -> Result<Self, ProofError> {
        // Only how far tiles are worth a look: a checkpoint that cannot be read is the publisher's matter.
        let published = FileShelf::new(dir).read().ok().flatten();
        let size = published.map_or(0, |signed| signed.claimed().size);
        Ok(Self {
            dir: dir.to_owned(),
            dense,
            writer: TileWriter::open(dir, dense, size)?,
        })
    }

    /// Begins with the empty tree where the tiles are of another history than the log: longer, or with
    /// another last leaf.
    pub async fn hold_to_log(&mut self, store: &dyn EventStore) -> Result<(), ProofError> {
        let Some(before) = self.size().checked_sub(1).filter(|_| self.dense) else {
            return Ok(());
        };
        let event = store.read_all(Position(before), 1).await?;
        let last = self.writer.last_leaf_of_full_tiles()?;
        if event.first().map(event_hash) != last {
            self.begin_anew()?;
        }
        Ok(())
    }

    /// Forgets the tiles, which the log can always make again.
    pub fn begin_anew(&mut self) -> Result<(), ProofError> {
        self.writer = TileWriter::anew(&self.dir, self.dense)?;
        Ok(())
    }

    /// Reads on to the log's head. Where the store meets damage, everything before it is in the tree.
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

    /// Adds the next events of the log, in order.
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

    /// The position of the last event in the tree.
    pub fn reached(&self) -> Result<Position, ProofError> {
        self.writer.reached()
    }

    /// Events in the tree.
    pub const fn size(&self) -> u64 {
        self.writer.size()
    }

    /// The tree's state under an origin, provable from files when it returns.
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

    /// True when every leaf came from the log since this was opened, none from the tiles found on disk.
    pub const fn is_wholly_from_log(&self) -> bool {
        self.writer.is_wholly_from_log()
    }

    /// Remembers how far the tiles are, so that the next start reads little again.
    pub fn mark(&mut self) -> Result<(), ProofError> {
        self.writer.mark()
    }
}
