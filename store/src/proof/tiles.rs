//! The tree's files in the C2SP tlog-tiles layout: `tile/<level>/<index>[.p/<width>]` in one directory.
//!
//! A tile holds 256 hashes of one level; every eighth level of the tree has tiles, and a full tile never
//! changes. Their content is not trusted: each proof made from tiles is checked against the root.

use super::checkpoint::Checkpoint;
use super::error::ProofError;
use super::leaf::{HASH_BYTES, TreeHash};
use std::path::{Path, PathBuf};
use tlog_tiles::{Hash, HashReader, Tile};

/// The number of tree levels in one tile (C2SP tlog-tiles: 8).
pub(crate) const TILE_HEIGHT: u8 = 8;

/// The number of hashes in a full tile.
pub const TILE_HASHES: u64 = 256;

/// The length of a full tile, in bytes.
pub(crate) const TILE_BYTES_MAX: usize = 256 * HASH_BYTES;

/// The directory of a tree's tiles.
#[derive(Debug, Clone)]
pub struct TileDir {
    dir: PathBuf,
}

impl TileDir {
    /// Names the tree in the directory `dir`, for example `DATA/proof`. Reads nothing.
    pub fn new(dir: &Path) -> Self {
        Self { dir: dir.to_owned() }
    }

    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Returns the path of a full tile.
    pub(crate) fn full(&self, level: u8, index: u64) -> PathBuf {
        let mut rest = index / 1_000;
        let mut name = format!("{:03}", index % 1_000);
        while rest > 0 {
            name = format!("x{:03}/{name}", rest % 1_000);
            rest /= 1_000;
        }
        self.dir.join(format!("tile/{level}/{name}"))
    }

    /// Returns the folder of a tile's partial states.
    pub(crate) fn partial_dir(&self, level: u8, index: u64) -> PathBuf {
        let mut path = self.full(level, index).into_os_string();
        path.push(".p");
        PathBuf::from(path)
    }

    /// Reads the first `width` hashes of a tile, from the full tile or otherwise from the narrowest partial
    /// one that has them. Fails if none has.
    pub(crate) fn read(&self, level: u8, index: u64, width: u64) -> Result<Vec<u8>, ProofError> {
        let bytes = usize::try_from(width)
            .unwrap_or(usize::MAX)
            .saturating_mul(HASH_BYTES);
        let full = self.full(level, index);
        let partial = self.partial_dir(level, index);
        // Between the two reads the full tile may appear and its partial ones disappear.
        let found = std::fs::read(&full)
            .ok()
            .or_else(|| read_partial(&partial, width))
            .or_else(|| std::fs::read(&full).ok());
        match found {
            Some(mut data) if data.len() >= bytes && data.len() <= TILE_BYTES_MAX => {
                data.truncate(bytes);
                Ok(data)
            }
            Some(data) => Err(self.damaged(format!(
                "{} has {} bytes instead of {bytes}",
                full.display(),
                data.len()
            ))),
            None => Err(self.damaged(format!("there is no {} of width {width}", full.display()))),
        }
    }

    /// Returns the audit path of the leaf with this index (from 0) in the tree of the checkpoint `at`. It
    /// is verified before: fails if it does not lead to the checkpoint's root.
    pub fn inclusion(
        &self,
        at: &Checkpoint,
        index: u64,
        leaf: &TreeHash,
    ) -> Result<Vec<TreeHash>, ProofError> {
        covers(at, index)?;
        let proof = tlog_tiles::prove_record(at.size, index, self).map_err(|error| self.failed(&error))?;
        let proof: Vec<TreeHash> = proof.into_iter().map(|hash| hash.0).collect();
        check_inclusion(&proof, at, index, leaf)?;
        Ok(proof)
    }

    /// Returns the proof that the tree of `newer` begins with the tree of `older`. It is verified before:
    /// fails if it does not fit both roots. Empty if there is nothing to prove (size 0, or the same size).
    pub fn consistency(&self, older: &Checkpoint, newer: &Checkpoint) -> Result<Vec<TreeHash>, ProofError> {
        if older.size == 0 || older.size >= newer.size {
            check_consistency(&[], older, newer)?;
            return Ok(Vec::new());
        }
        let proof =
            tlog_tiles::prove_tree(newer.size, older.size, self).map_err(|error| self.failed(&error))?;
        let proof: Vec<TreeHash> = proof.into_iter().map(|hash| hash.0).collect();
        check_consistency(&proof, older, newer)?;
        Ok(proof)
    }

    /// Returns the proof that `newer` begins with the tree of the first `old_size` leaves, the root of
    /// which is computed from the tiles.
    pub fn consistency_from(&self, old_size: u64, newer: &Checkpoint) -> Result<Vec<TreeHash>, ProofError> {
        if old_size == 0 {
            return Ok(Vec::new());
        }
        let older = Checkpoint {
            origin: newer.origin.clone(),
            size: old_size,
            root: if old_size == newer.size {
                newer.root
            } else {
                self.root(old_size)?
            },
        };
        self.consistency(&older, newer)
    }

    /// Returns the root over the first `size` leaves, computed from the tiles.
    pub(crate) fn root(&self, size: u64) -> Result<TreeHash, ProofError> {
        let root = tlog_tiles::tree_hash(size, self).map_err(|error| self.failed(&error))?;
        Ok(root.0)
    }

    /// Returns the root over the first `size` leaves; for size 0 the root of the empty tree.
    pub(crate) fn root_or_empty(&self, size: u64) -> Result<TreeHash, ProofError> {
        if size == 0 {
            return Ok(super::fold::RootFold::new().root());
        }
        self.root(size)
    }

    pub(crate) fn damaged(&self, why: String) -> ProofError {
        ProofError::Tree {
            path: self.dir.clone(),
            why,
        }
    }

    fn failed(&self, error: &tlog_tiles::Error) -> ProofError {
        self.damaged(error.to_string())
    }
}

/// Reads the narrowest partial tile that has at least `width` hashes; `None` if there is none.
fn read_partial(dir: &Path, width: u64) -> Option<Vec<u8>> {
    let exact = std::fs::read(dir.join(width.to_string()));
    if let Ok(data) = exact {
        return Some(data);
    }
    let widths = std::fs::read_dir(dir).ok()?.filter_map(|entry| {
        let name = entry.ok()?.file_name();
        name.to_str()?.parse::<u64>().ok()
    });
    let wide = widths.filter(|found| *found >= width).min()?;
    std::fs::read(dir.join(wide.to_string())).ok()
}

impl HashReader for TileDir {
    /// Reads hashes from the tiles without verifying them; the proof made from them is verified.
    fn read_hashes(&self, indexes: &[u64]) -> Result<Vec<Hash>, tlog_tiles::Error> {
        indexes
            .iter()
            .map(|index| {
                let tile = Tile::from_index(TILE_HEIGHT, *index);
                let data = self
                    .read(tile.level(), tile.level_index(), u64::from(tile.width()))
                    .map_err(|error| tlog_tiles::Error::InvalidInput(error.to_string()))?;
                tile.hash_at_index(&data, *index)
            })
            .collect()
    }
}

fn covers(at: &Checkpoint, index: u64) -> Result<(), ProofError> {
    if index < at.size {
        return Ok(());
    }
    Err(ProofError::NotCovered {
        number: index.saturating_add(1),
        size: at.size,
    })
}

/// Returns an error unless the audit path `proof` leads from the leaf with this index to the root of the
/// checkpoint `at`.
pub fn check_inclusion(
    proof: &[TreeHash],
    at: &Checkpoint,
    index: u64,
    leaf: &TreeHash,
) -> Result<(), ProofError> {
    covers(at, index)?;
    let path = proof.iter().copied().map(Hash).collect();
    match tlog_tiles::check_record(&path, at.size, Hash(at.root), index, Hash(*leaf)) {
        Ok(()) => Ok(()),
        Err(_) => Err(ProofError::NotProved {
            what: format!("event number {}", index.saturating_add(1)),
            size: at.size,
        }),
    }
}

/// Returns an error unless `proof` shows that the tree of `newer` begins with the tree of `older`.
pub fn check_consistency(
    proof: &[TreeHash],
    older: &Checkpoint,
    newer: &Checkpoint,
) -> Result<(), ProofError> {
    let wrong = || ProofError::NotProved {
        what: format!("the checkpoint of size {}", older.size),
        size: newer.size,
    };
    if older.size == 0 && proof.is_empty() {
        return Ok(());
    }
    if older.size == newer.size {
        return if proof.is_empty() && older.root == newer.root {
            Ok(())
        } else {
            Err(wrong())
        };
    }
    let path = proof.iter().copied().map(Hash).collect();
    match tlog_tiles::check_tree(&path, newer.size, Hash(newer.root), older.size, Hash(older.root)) {
        Ok(()) => Ok(()),
        Err(_) => Err(wrong()),
    }
}
