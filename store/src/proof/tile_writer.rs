//! Writes the tree's tiles, leaf by leaf, and resumes from existing ones.
//!
//! A full tile is written when its last hash arrives; partial tiles only before a checkpoint is signed. Tiles
//! are not synced, because all of them can be made again from the log. The file `written` contains a multiple
//! of 256 leaves and the machine's boot id at which the tiles held them: until the next boot, the written
//! tiles exist, even if the process was killed. After another boot, tiles may be missing or torn, so they are
//! trusted only up to a durable checkpoint, and only if all of them fit together.

use super::error::ProofError;
use super::fold::{RootFold, root_of};
use super::leaf::{HASH_BYTES, TreeHash};
use super::positions::PositionFile;
use super::tiles::{TILE_BYTES_MAX, TILE_HASHES, TileDir};
use super::written_leaves::{self, WrittenLeaves};
use crate::data_lock::{create_private_dir, sync_dir};
use domain::stored_event::Position;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// The number of leaves after which the progress is stored in `written`. After a kill at most as many
/// events are read again, in a fraction of a second.
const MARK_LEAVES: u64 = 65_536;

/// A Merkle tree that grows leaf by leaf, with its tiles on disk.
#[derive(Debug)]
pub(crate) struct TileWriter {
    tiles: TileDir,
    levels: Vec<Level>,
    size: u64,
    /// The number of leaves that came from tiles on disk and not from the log.
    resumed: u64,
    marked: u64,
    /// The positions of the leaves. `None` if the store's positions are dense.
    positions: Option<PositionFile>,
}

/// The partial tile of one level.
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
    /// Opens the tree as far as its tiles can be trusted. If a tile is damaged or missing, starts with the
    /// empty tree. `published` is the size of the last checkpoint; its tiles are durable.
    pub(crate) fn open(dir: &Path, dense: bool, published: u64) -> Result<Self, ProofError> {
        let tiles = TileDir::new(dir);
        create_private_dir(dir).map_err(|error| ProofError::disk(dir, &error))?;
        let kept = match WrittenLeaves::read(dir) {
            WrittenLeaves {
                leaves,
                same_boot: true,
            } => leaves,
            WrittenLeaves { leaves, .. } => believable(&tiles, leaves.min(published)),
        };
        let positions = if dense {
            None
        } else {
            Some(PositionFile::open(dir, kept)?)
        };
        let has_positions = positions.as_ref().is_none_or(|positions| positions.len() == kept);
        let levels = if kept.is_multiple_of(TILE_HASHES) && has_positions {
            restore(&tiles, kept)
        } else {
            None
        };
        match levels {
            Some(levels) => Ok(Self {
                tiles,
                levels,
                size: kept,
                resumed: kept,
                marked: kept,
                positions,
            }),
            None => {
                tracing::warn!(dir = %dir.display(), kept, "tiles are missing or damaged; the tree is rebuilt");
                Self::create(dir, dense)
            }
        }
    }

    /// Deletes all tiles and starts with the empty tree.
    pub(crate) fn create(dir: &Path, dense: bool) -> Result<Self, ProofError> {
        let disk = |error: io::Error| ProofError::disk(dir, &error);
        match fs::remove_dir_all(dir.join("tile")) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(disk(error)),
            Ok(()) | Err(_) => {}
        }
        written_leaves::write(dir, 0).map_err(disk)?;
        let positions = if dense {
            None
        } else {
            Some(PositionFile::open(dir, 0)?)
        };
        Ok(Self {
            tiles: TileDir::new(dir),
            levels: Vec::new(),
            size: 0,
            resumed: 0,
            marked: 0,
            positions,
        })
    }

    pub(crate) const fn size(&self) -> u64 {
        self.size
    }

    /// Returns true if every leaf came from the log since the tree was opened.
    pub(crate) const fn is_wholly_from_log(&self) -> bool {
        self.resumed == 0
    }

    pub(crate) const fn tiles(&self) -> &TileDir {
        &self.tiles
    }

    /// Returns the last leaf of a tree that was just opened, and thus ends with a full tile; `None` for the
    /// empty tree.
    pub(crate) fn last_leaf_of_full_tiles(&self) -> Result<Option<TreeHash>, ProofError> {
        let Some(index) = (self.size / TILE_HASHES).checked_sub(1) else {
            return Ok(None);
        };
        let hashes = self.tiles.read(0, index, TILE_HASHES)?;
        Ok(hashes.as_chunks::<HASH_BYTES>().0.last().copied())
    }

    /// Returns the position of the last leaf, after which reading continues.
    pub(crate) fn reached(&self) -> Result<Position, ProofError> {
        match &self.positions {
            None => Ok(Position(self.size)),
            Some(positions) => positions.last(),
        }
    }

    /// Adds the next leaf, with its position in the log, and writes each tile that it fills.
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

    /// Returns the root of the current tree.
    pub(crate) fn root(&self) -> TreeHash {
        let peaks = self.levels.iter().rev().flat_map(|level| level.fold.peaks());
        RootFold::resume(self.size, peaks.copied().collect()).map_or([0; HASH_BYTES], |fold| fold.root())
    }

    /// Writes the partial tiles, so that proofs for the current tree can be made from files.
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

    /// Returns true if enough leaves were added to store the progress.
    pub(crate) const fn wants_mark(&self) -> bool {
        self.size - self.marked >= MARK_LEAVES
    }

    /// Stores the number of leaves in full tiles in the file `written`. Does nothing if it has not changed.
    pub(crate) fn mark(&mut self) -> Result<(), ProofError> {
        let leaves = self.size - self.size % TILE_HASHES;
        if leaves == self.marked {
            return Ok(());
        }
        if let Some(positions) = &mut self.positions {
            // A leaf's position cannot be checked against a root, so it is durable before the number of
            // leaves is stored.
            positions.sync()?;
        }
        let dir = self.tiles.dir();
        written_leaves::write(dir, leaves).map_err(|error| ProofError::disk(dir, &error))?;
        self.marked = leaves;
        Ok(())
    }

    fn write_full(&mut self, level: u8, index: u64, hashes: &[u8]) -> Result<(), ProofError> {
        let path = self.tiles.full(level, index);
        replace(&path, hashes).map_err(|error| ProofError::disk(&path, &error))?;
        // The full tile contains the hashes of the partial ones, which may or may not exist.
        drop(fs::remove_dir_all(self.tiles.partial_dir(level, index)));
        Ok(())
    }
}

/// Reads from the trusted tiles the tree of at most `size` leaves, and its last leaf; an empty tree if a
/// tile is missing. Writes nothing.
pub(super) fn read_trusted_tree(dir: &Path, size: u64) -> (RootFold, Option<TreeHash>) {
    let tiles = TileDir::new(dir);
    let written = WrittenLeaves::read(dir);
    let leaves = written.leaves.min(size);
    let leaves = leaves - leaves % TILE_HASHES;
    let leaves = if written.same_boot {
        leaves
    } else {
        believable(&tiles, leaves)
    };
    let found = restore(&tiles, leaves).and_then(|levels| {
        let peaks = levels.iter().rev().flat_map(|level| level.fold.peaks());
        let fold = RootFold::resume(leaves, peaks.copied().collect())?;
        let last = tiles
            .read(0, (leaves / TILE_HASHES).checked_sub(1)?, TILE_HASHES)
            .ok()?;
        Some((fold, last.as_chunks::<HASH_BYTES>().0.last().copied()))
    });
    found.unwrap_or_default()
}

/// Returns how many of `leaves` can be trusted after a restart of the machine: all if each full tile has
/// the root that the full tile above it contains, otherwise 0. Tiles without a full one above are trusted
/// here: the root over them is compared with the published one before anything is signed.
fn believable(tiles: &TileDir, leaves: u64) -> u64 {
    let leaves = leaves - leaves % TILE_HASHES;
    let mut level = 1_u8;
    let mut full = leaves / TILE_HASHES / TILE_HASHES;
    while full > 0 {
        if !(0..full).all(|index| names_its_tiles(tiles, level, index)) {
            return 0;
        }
        level += 1;
        full /= TILE_HASHES;
    }
    leaves
}

/// Returns true if the 256 hashes of a full tile at `level` are the roots of the tiles below it. False also
/// if a tile is missing.
fn names_its_tiles(tiles: &TileDir, level: u8, index: u64) -> bool {
    let Ok(hashes) = tiles.read(level, index, TILE_HASHES) else {
        return false;
    };
    let first = index * TILE_HASHES;
    (first..)
        .zip(hashes.as_chunks::<HASH_BYTES>().0)
        .all(|(below, hash)| {
            tiles
                .read(level - 1, below, TILE_HASHES)
                .is_ok_and(|data| root_of(&data) == *hash)
        })
}

/// Computes the partial tiles above the full ones of `size` leaves, a multiple of 256. `None` if a tile
/// is missing.
fn restore(tiles: &TileDir, size: u64) -> Option<Vec<Level>> {
    let mut levels = Vec::new();
    let mut count = size;
    for level in 0_u8..8 {
        if count == 0 {
            break;
        }
        let mut tile = Level::default();
        let width = count % TILE_HASHES;
        // The partial tile of level 0 is empty here: its hashes would be leaves, which no tile
        // below contains.
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

/// Replaces a file by renaming a temporary one: a reader sees the old content, the new one or none. Not
/// durable. Creates the folder if needed.
pub(super) fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let aside = path.with_extension("new");
    let wrote = fs::write(&aside, bytes);
    if wrote.is_err() {
        create_private_dir(path.parent().unwrap_or(Path::new(".")))?;
        fs::write(&aside, bytes)?;
    }
    fs::rename(&aside, path)
}

/// Replaces a file as `replace` does, with a mode that lets only its owner read it.
pub(super) fn replace_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let aside = path.with_extension("new");
    private(&aside)?.write_all(bytes)?;
    fs::rename(&aside, path)
}

fn private(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    let options = options.write(true).create(true).truncate(true).mode(0o600);
    options.open(path)
}

/// Replaces a file by renaming a temporary one; durable when it returns.
pub(crate) fn replace_durably(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let aside = path.with_extension("new");
    finish_durably(File::create(&aside)?, &aside, path, bytes)
}

/// Replaces a file as `replace_durably` does, with a mode that lets only its owner read it.
pub(crate) fn replace_private_durably(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let aside = path.with_extension("new");
    finish_durably(private(&aside)?, &aside, path, bytes)
}

fn finish_durably(mut file: File, aside: &Path, path: &Path, bytes: &[u8]) -> io::Result<()> {
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(aside, path)?;
    sync_dir(path.parent().unwrap_or(Path::new(".")))
}
