//! Where published checkpoints are kept, so that the next signer knows what was promised.
//!
//! The last one is in `DATA/proof/checkpoint`. Of the earlier ones the first of each day and the first at
//! or above each power of two stay in `DATA/proof/checkpoints/`: enough to show for years, and bounded.

use super::checkpoint::SignedCheckpoint;
use super::error::ProofError;
use super::key::VerifierKey;
use super::tile_writer::replace_durably;
use crate::data_lock::create_private_dir;
use async_trait::async_trait;
use domain::time::Timestamp;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// The last published checkpoint, in the proof directory.
pub const CHECKPOINT_FILE: &str = "checkpoint";

/// Earlier checkpoints that are kept, `<day>-<size>` each.
pub const CHECKPOINTS_DIR: &str = "checkpoints";

/// Checkpoints that an authority stamped with a time, and the stamps.
pub const STAMPS_DIR: &str = "stamps";

/// The log's public key, for whoever reads the directory.
pub const LOG_KEY_FILE: &str = "log.vkey";

/// Most kept checkpoints read: one a day and one per power of two, for a lifetime.
const KEPT_MAX: usize = 50_000;

/// What was published last, and putting the next in its place.
#[async_trait]
pub trait CheckpointShelf: Send + Sync {
    /// The last published checkpoint, with its cosignatures; not believed yet.
    async fn published(&self) -> Result<Option<SignedCheckpoint>, ProofError>;

    /// Publishes `next` when `previous` (by what it says, not by who signed it) is still the last;
    /// otherwise `Overtaken`. Durable when it returns. Also adds cosignatures, by publishing the same
    /// again.
    async fn publish(
        &self,
        previous: Option<&SignedCheckpoint>,
        next: &SignedCheckpoint,
        at: Timestamp,
    ) -> Result<(), ProofError>;
}

/// The shelf in a directory, for one process at a time.
#[derive(Debug, Clone)]
pub struct FileShelf {
    dir: PathBuf,
}

impl FileShelf {
    pub fn new(dir: &Path) -> Self {
        Self { dir: dir.to_owned() }
    }

    /// The last published checkpoint, for readers beside the signer.
    pub fn read(&self) -> Result<Option<SignedCheckpoint>, ProofError> {
        let path = self.dir.join(CHECKPOINT_FILE);
        match fs::read_to_string(&path) {
            Ok(text) => SignedCheckpoint::parse_signed(&text).map(Some),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(ProofError::disk(&path, &error)),
        }
    }

    /// Writes the log's public key beside its checkpoints.
    pub fn show_key(&self, key: &VerifierKey) -> Result<(), ProofError> {
        let path = self.dir.join(LOG_KEY_FILE);
        let disk = |error: io::Error| ProofError::disk(&path, &error);
        create_private_dir(&self.dir).map_err(disk)?;
        let text = format!("{key}\n");
        if fs::read_to_string(&path).is_ok_and(|there| there == text) {
            return Ok(());
        }
        replace_durably(&path, text.as_bytes()).map_err(disk)
    }

    /// Every kept checkpoint, the smallest first.
    pub fn kept(&self) -> Result<Vec<SignedCheckpoint>, ProofError> {
        let dir = self.dir.join(CHECKPOINTS_DIR);
        let entries = match fs::read_dir(&dir) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(ProofError::disk(&dir, &error)),
        };
        let mut kept = Vec::new();
        for entry in entries.take(KEPT_MAX) {
            let path = entry.map_err(|error| ProofError::disk(&dir, &error))?.path();
            if path.extension().is_some() {
                continue;
            }
            let text = fs::read_to_string(&path).map_err(|error| ProofError::disk(&path, &error))?;
            kept.push(SignedCheckpoint::parse_signed(&text)?);
        }
        kept.sort_by_key(|signed| signed.claimed().size);
        Ok(kept)
    }

    /// Writes the last checkpoint, and keeps it when its day or its power of two is new.
    pub(crate) fn put(
        &self,
        previous: Option<&SignedCheckpoint>,
        next: &SignedCheckpoint,
        at: Timestamp,
    ) -> Result<(), ProofError> {
        let path = self.dir.join(CHECKPOINT_FILE);
        let disk = |error: io::Error| ProofError::disk(&path, &error);
        create_private_dir(&self.dir.join(CHECKPOINTS_DIR)).map_err(disk)?;
        replace_durably(&path, next.text().as_bytes()).map_err(disk)?;
        let size = next.claimed().size;
        let before = previous.map_or(0, |previous| previous.claimed().size);
        let day = at.to_string().chars().take(10).collect::<String>();
        if before.checked_ilog2() != size.checked_ilog2() || !self.has_day(&day) {
            let kept = self.dir.join(CHECKPOINTS_DIR).join(format!("{day}-{size}"));
            replace_durably(&kept, next.text().as_bytes()).map_err(disk)?;
        }
        Ok(())
    }

    fn has_day(&self, day: &str) -> bool {
        fs::read_dir(self.dir.join(CHECKPOINTS_DIR)).is_ok_and(|entries| {
            entries
                .filter_map(Result::ok)
                .any(|entry| entry.file_name().to_string_lossy().starts_with(day))
        })
    }
}

#[async_trait]
impl CheckpointShelf for FileShelf {
    async fn published(&self) -> Result<Option<SignedCheckpoint>, ProofError> {
        self.read()
    }

    async fn publish(
        &self,
        previous: Option<&SignedCheckpoint>,
        next: &SignedCheckpoint,
        at: Timestamp,
    ) -> Result<(), ProofError> {
        let last = self.read()?;
        if last.as_ref().map(SignedCheckpoint::signed_text) != previous.map(SignedCheckpoint::signed_text) {
            return Err(ProofError::Overtaken);
        }
        self.put(previous, next, at)
    }
}
