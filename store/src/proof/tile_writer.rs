//! Writes the tree's tiles, leaf by leaf, and picks up where it was.
//!
//! A full tile is written when its last hash comes; narrower states only when a checkpoint is about to be
//! signed. What is durable is a multiple of 256 leaves, named in the file `synced`: everything above it is
//! made again from the log after a crash, so nothing here waits for the disk at every event.

use super::error::ProofError;
use super::fold::{RootFold, root_of};
use super::leaf::{HASH_BYTES, TreeHash};
use super::positions::PositionFile;
use super::tiles::{TILE_BYTES_MAX, TILE_HASHES, TileDir};
use crate::data_lock::{create_private_dir, sync_dir};
use domain::stored_event::Position;
use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// How many leaves the tiles on disk are known to hold whatever happens.
const SYNCED_FILE: &str = "synced";

/// Leaves after which the full tiles are synced: as many are read again after a crash, in a fraction of a
/// second.
const SYNC_LEAVES_MAX: u64 = 65_536;

/// The growing tree.
#[derive(Debug)]
pub(crate) struct TileWriter {
    tiles: TileDir,
    levels: Vec<Level>,
    size: u64,
    synced: u64,
    unsynced: Vec<PathBuf>,
    /// Order numbers by position; only where the store's positions are not the order numbers.
    positions: Option<PositionFile>,
}

/// The tile of one level that is not full yet.
#[derive(Debug, Default)]
struct Level {
    hashes: Vec<u8>,
    fold: RootFold,
    /// The width last written to disk.
    written: u64,
}

impl Level {
    fn push(&mut self, hash: &TreeHash) {
        self.hashes.extend_from_slice(hash);
        self.fold.push(hash);
    }
}

impl TileWriter {
    /// Picks up a tree at what is durable of it; damaged or missing tiles make it begin anew.
    pub(crate) fn open(dir: &Path, dense: bool) -> Result<Self, ProofError> {
        let tiles = TileDir::new(dir);
        create_private_dir(dir).map_err(|error| ProofError::disk(dir, &error))?;
        let mark = fs::read_to_string(dir.join(SYNCED_FILE)).unwrap_or_default();
        let synced: u64 = mark.trim().parse().unwrap_or(0);
        let positions = if dense {
            None
        } else {
            Some(PositionFile::open(dir, synced)?)
        };
        let kept = positions.as_ref().map_or(synced, PositionFile::len);
        let levels = if synced.is_multiple_of(TILE_HASHES) && kept == synced {
            restore(&tiles, synced)
        } else {
            None
        };
        match levels {
            Some(levels) => Ok(Self {
                tiles,
                levels,
                size: synced,
                synced,
                unsynced: Vec::new(),
                positions,
            }),
            None => {
                tracing::warn!(dir = %dir.display(), synced, "tiles are missing; the tree is made again");
                Self::anew(dir, dense)
            }
        }
    }

    /// Forgets all tiles and begins with the empty tree.
    pub(crate) fn anew(dir: &Path, dense: bool) -> Result<Self, ProofError> {
        let disk = |error: io::Error| ProofError::disk(dir, &error);
        match fs::remove_dir_all(dir.join("tile")) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(disk(error)),
            Ok(()) | Err(_) => {}
        }
        replace_durably(&dir.join(SYNCED_FILE), b"0\n").map_err(disk)?;
        let positions = if dense {
            None
        } else {
            Some(PositionFile::open(dir, 0)?)
        };
        Ok(Self {
            tiles: TileDir::new(dir),
            levels: Vec::new(),
            size: 0,
            synced: 0,
            unsynced: Vec::new(),
            positions,
        })
    }

    pub(crate) const fn size(&self) -> u64 {
        self.size
    }

    pub(crate) const fn tiles(&self) -> &TileDir {
        &self.tiles
    }

    /// The position of the last leaf, to read on from.
    pub(crate) fn reached(&self) -> Result<Position, ProofError> {
        match &self.positions {
            None => Ok(Position(self.size)),
            Some(positions) => positions.last(),
        }
    }

    /// Adds the next leaf.
    pub(crate) fn push(&mut self, leaf: &TreeHash, position: Position) -> Result<(), ProofError> {
        if let Some(positions) = &mut self.positions {
            positions.push(position);
        }
        let mut hash = *leaf;
        let mut level = 0_u8;
        loop {
            let at = usize::from(level);
            if self.levels.len() == at {
                self.levels.push(Level::default());
            }
            let Some(tile) = self.levels.get_mut(at) else {
                break;
            };
            tile.push(&hash);
            if tile.hashes.len() < TILE_BYTES_MAX {
                break;
            }
            let full = std::mem::take(tile);
            let index = self.size >> (8 * (u32::from(level) + 1));
            self.write_full(level, index, &full.hashes)?;
            hash = full.fold.root();
            level += 1;
        }
        self.size += 1;
        Ok(())
    }

    /// The root of the tree as it is.
    pub(crate) fn root(&self) -> TreeHash {
        let peaks = self.levels.iter().rev().flat_map(|level| level.fold.peaks());
        RootFold::resume(self.size, peaks.copied().collect()).map_or([0; HASH_BYTES], |fold| fold.root())
    }

    /// Writes the tiles that are not full, so that proofs for the tree as it is can be made from files.
    pub(crate) fn write_partial(&mut self) -> Result<(), ProofError> {
        for (level, tile) in (0_u8..).zip(&mut self.levels) {
            let width = tile.fold.size();
            if width == 0 || width == tile.written {
                continue;
            }
            let index = self.size >> (8 * (u32::from(level) + 1));
            let path = self.tiles.partial_dir(level, index).join(width.to_string());
            replace(&path, &tile.hashes).map_err(|error| ProofError::disk(&path, &error))?;
            tile.written = width;
        }
        match &mut self.positions {
            Some(positions) => positions.flush(),
            None => Ok(()),
        }
    }

    /// True when enough leaves came to make the tiles durable.
    pub(crate) const fn wants_sync(&self) -> bool {
        self.size - self.synced >= SYNC_LEAVES_MAX
    }

    /// Makes every full tile durable, and remembers it.
    pub(crate) fn sync(&mut self) -> Result<(), ProofError> {
        let mark = self.size - self.size % TILE_HASHES;
        if mark == self.synced {
            return Ok(());
        }
        let mut dirs = BTreeSet::new();
        for path in self.unsynced.drain(..) {
            let synced = File::open(&path).and_then(|file| file.sync_all());
            synced.map_err(|error| ProofError::disk(&path, &error))?;
            dirs.extend(path.parent().map(Path::to_owned));
        }
        for dir in dirs {
            sync_dir(&dir).map_err(|error| ProofError::disk(&dir, &error))?;
        }
        if let Some(positions) = &mut self.positions {
            positions.sync()?;
        }
        let file = self.tiles.dir().join(SYNCED_FILE);
        replace_durably(&file, format!("{mark}\n").as_bytes())
            .map_err(|error| ProofError::disk(&file, &error))?;
        self.synced = mark;
        Ok(())
    }

    fn write_full(&mut self, level: u8, index: u64, hashes: &[u8]) -> Result<(), ProofError> {
        let path = self.tiles.full(level, index);
        replace(&path, hashes).map_err(|error| ProofError::disk(&path, &error))?;
        // The full tile holds whatever the narrower ones did; they may be there or not.
        drop(fs::remove_dir_all(self.tiles.partial_dir(level, index)));
        self.unsynced.push(path);
        Ok(())
    }
}

/// The tiles above the full ones of `size` leaves, a multiple of 256; `None` when one is missing.
fn restore(tiles: &TileDir, size: u64) -> Option<Vec<Level>> {
    let mut levels = Vec::new();
    let mut count = size;
    for level in 0_u8..8 {
        if count == 0 {
            break;
        }
        let mut tile = Level::default();
        let width = count % TILE_HASHES;
        // Level 0 is empty here: its hash would be a leaf, and a tile below holds none.
        let below = level.checked_sub(1);
        for index in (count - width)..count {
            let data = tiles.read(below?, index, TILE_HASHES).ok()?;
            tile.push(&root_of(&data));
        }
        levels.push(tile);
        count /= TILE_HASHES;
    }
    Some(levels)
}

/// Writes aside and renames: a reader sees the old file, the new one or none.
fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let aside = path.with_extension("new");
    let wrote = fs::write(&aside, bytes);
    if wrote.is_err() {
        create_private_dir(path.parent().unwrap_or(Path::new(".")))?;
        fs::write(&aside, bytes)?;
    }
    fs::rename(&aside, path)
}

/// The same, durable when it returns.
pub(crate) fn replace_durably(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let aside = path.with_extension("new");
    let mut file = File::create(&aside)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&aside, path)?;
    sync_dir(path.parent().unwrap_or(Path::new(".")))
}
