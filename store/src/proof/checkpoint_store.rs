//! Storage of published checkpoints, from which the next signer learns what was published.
//!
//! The last one is in `DATA/proof/checkpoint`. Of the earlier ones, the first of each day and the first
//! at or above each power of two stay in `DATA/proof/checkpoints/`: enough evidence for years, and a
//! bounded number.

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

/// The name of the file with the last published checkpoint, in the proof directory.
pub const CHECKPOINT_FILE: &str = "checkpoint";

/// The folder of the earlier checkpoints that are kept, each named `<day>-<size>`.
pub const CHECKPOINTS_DIR: &str = "checkpoints";

/// The folder of the checkpoints that an authority has time-stamped, and of their stamps.
pub const STAMPS_DIR: &str = "stamps";

/// The name of the file with the log's public key, for readers of the directory.
pub const LOG_KEY_FILE: &str = "log.vkey";

/// The most kept checkpoints that are read; further ones are not. There is one per day and one per power of
/// two, so this covers a lifetime.
const KEPT_MAX: usize = 50_000;

/// Stores the last published checkpoint of one log.
#[async_trait]
pub trait CheckpointStore: Send + Sync {
    /// Returns the last published checkpoint with its cosignatures; `None` if none was published. Its
    /// signature is not checked.
    async fn published(&self) -> Result<Option<SignedCheckpoint>, ProofError>;

    /// Publishes `next` if the text of `previous`, without signatures, is still the last one; otherwise
    /// returns `Overtaken`. Durable when it returns. Publishing the same checkpoint again adds cosignatures.
    async fn publish(
        &self,
        previous: Option<&SignedCheckpoint>,
        next: &SignedCheckpoint,
        at: Timestamp,
    ) -> Result<(), ProofError>;
}

/// The published checkpoints in a directory. One process at a time may publish.
#[derive(Debug, Clone)]
pub struct FileCheckpointStore {
    dir: PathBuf,
}

impl FileCheckpointStore {
    /// Makes a store of checkpoints in this directory.
    pub fn new(dir: &Path) -> Self {
        Self { dir: dir.to_owned() }
    }

    /// Returns the last published checkpoint; `None` if there is none. Readers may call it while another
    /// process signs.
    pub fn read(&self) -> Result<Option<SignedCheckpoint>, ProofError> {
        let path = self.dir.join(CHECKPOINT_FILE);
        match fs::read_to_string(&path) {
            Ok(text) => SignedCheckpoint::parse_signed(&text).map(Some),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(ProofError::disk(&path, &error)),
        }
    }

    /// Writes the log's public key to the directory of its checkpoints, for readers. Does nothing if it is
    /// there already.
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

    /// Returns the earlier checkpoints that were kept, the one with the fewest events first; empty if there
    /// are none.
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

    /// Replaces the last checkpoint, and also keeps it among the earlier ones if it is the first of its day
    /// or its size reaches another power of two.
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
impl CheckpointStore for FileCheckpointStore {
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
