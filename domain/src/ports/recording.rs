//! The Recordings port: repairs, hashes and deletes recordings, including those that a crash left open.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use values::ids::CallId;

/// The facts of a finished recording. Its file is `<recordings>/<call id>.wav`: two channels (robot, callee),
/// 8 kHz, 16 bit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordingFacts {
    /// SHA-256 of the whole file, lower hex.
    pub sha256: String,
    pub bytes: u64,
    pub duration_ms: u64,
    /// Milliseconds from the beginning until the callee's channel is first not silent; `None`: silent
    /// throughout.
    pub callee_audio_from_ms: Option<u64>,
}

/// The reason why a recording could not be read or repaired.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("recording of call {call}: {why}")]
pub struct RecordingError {
    pub call: CallId,
    pub why: String,
}

/// The recordings in the recordings folder that are no longer being written.
#[async_trait]
pub trait Recordings: Send + Sync {
    /// Repairs the header of a file that a crash left open and returns its facts; `None` if there is no file.
    /// Idempotent: a good file is only hashed.
    async fn close_left_over(&self, call: CallId) -> Result<Option<RecordingFacts>, RecordingError>;
    /// Deletes the recording of an ended call. When it returns, the file's name is gone durably. Returns true
    /// if there was a file; idempotent.
    async fn delete(&self, call: CallId) -> Result<bool, RecordingError>;
    /// Returns the calls that have a recording in the folder, in any order; empty if the folder does not
    /// exist.
    async fn kept(&self) -> std::io::Result<Vec<CallId>>;
}
