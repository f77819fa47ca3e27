//! The positions of all leaves, for stores with gaps between positions: a file with 8 bytes per
//! leaf, big-endian.
//!
//! Positions increase, so the leaf of a position is found by binary search; the position of a leaf is a
//! single read.

use super::error::ProofError;
use domain::stored_event::Position;
use std::fs::{File, OpenOptions};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// The name of the file in the proof directory.
const POSITIONS_FILE: &str = "positions";

/// The length of one entry, in bytes.
const ENTRY_BYTES: u64 = 8;

/// The open file with the positions of the leaves 0, 1, 2 …, and the entries that are not yet written to
/// it.
#[derive(Debug)]
pub(crate) struct PositionFile {
    path: PathBuf,
    file: File,
    flushed: u64,
    pending: Vec<u8>,
    last: u64,
}

impl PositionFile {
    /// Opens the file for writing, creates it if needed, and truncates it to `len` entries. A shorter file
    /// stays shorter.
    pub(crate) fn open(dir: &Path, len: u64) -> Result<Self, ProofError> {
        let path = dir.join(POSITIONS_FILE);
        let disk = |error: std::io::Error| ProofError::disk(&path, &error);
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&path)
            .map_err(disk)?;
        let found = file.metadata().map_err(disk)?.len() / ENTRY_BYTES;
        let flushed = found.min(len);
        file.set_len(flushed * ENTRY_BYTES).map_err(disk)?;
        let last = match flushed.checked_sub(1) {
            None => 0,
            Some(leaf) => entry(&file, leaf).map_err(disk)?,
        };
        Ok(Self {
            path,
            file,
            flushed,
            pending: Vec::new(),
            last,
        })
    }

    /// Returns the number of entries, including those not yet written.
    pub(crate) fn len(&self) -> u64 {
        let pending = u64::try_from(self.pending.len()).unwrap_or(u64::MAX);
        self.flushed + pending / ENTRY_BYTES
    }

    pub(crate) fn last(&self) -> Result<Position, ProofError> {
        Ok(Position(self.last))
    }

    pub(crate) fn push(&mut self, position: Position) {
        self.pending.extend_from_slice(&position.0.to_be_bytes());
        self.last = position.0;
    }

    pub(crate) fn flush(&mut self) -> Result<(), ProofError> {
        self.file
            .write_all_at(&self.pending, self.flushed * ENTRY_BYTES)
            .map_err(|error| ProofError::disk(&self.path, &error))?;
        self.flushed = self.len();
        self.pending.clear();
        Ok(())
    }

    pub(crate) fn sync(&mut self) -> Result<(), ProofError> {
        self.flush()?;
        self.file
            .sync_data()
            .map_err(|error| ProofError::disk(&self.path, &error))
    }
}

fn entry(file: &File, leaf: u64) -> std::io::Result<u64> {
    let mut bytes = [0_u8; 8];
    file.read_exact_at(&mut bytes, leaf * ENTRY_BYTES)?;
    Ok(u64::from_be_bytes(bytes))
}

/// Returns the leaf index (from 0) of the event at `position`; `None` if the file has no event there. If
/// positions are dense there is no file: the index is the position minus 1.
pub fn leaf_of(dir: &Path, position: Position, dense: bool) -> Result<Option<u64>, ProofError> {
    if dense {
        return Ok(position.0.checked_sub(1));
    }
    let path = dir.join(POSITIONS_FILE);
    let disk = |error: std::io::Error| ProofError::disk(&path, &error);
    let file = File::open(&path).map_err(disk)?;
    let (mut low, mut high) = (0, file.metadata().map_err(disk)?.len() / ENTRY_BYTES);
    while low < high {
        let middle = low.midpoint(high);
        match entry(&file, middle).map_err(disk)?.cmp(&position.0) {
            std::cmp::Ordering::Equal => return Ok(Some(middle)),
            std::cmp::Ordering::Less => low = middle + 1,
            std::cmp::Ordering::Greater => high = middle,
        }
    }
    Ok(None)
}
