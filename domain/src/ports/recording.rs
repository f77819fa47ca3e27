//! The Recordings port: what a crash left of a recording is repaired, hashed and accounted for.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use values::ids::CallId;

/// A finished recording. Its file is `<recordings>/<call id>.wav`: two channels (robot, callee), 8 kHz, 16
/// bit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordingFacts {
    /// SHA-256 of the whole file, lower hex.
    pub sha256: String,
    pub bytes: u64,
    pub duration_ms: u64,
    /// When the callee's channel is first not silent, from the beginning; `None`: it is silent throughout.
    pub callee_audio_from_ms: Option<u64>,
}

/// Why a recording could not be read or repaired.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("recording of call {call}: {why}")]
pub struct RecordingError {
    pub call: CallId,
    pub why: String,
}

/// Recordings that are no longer being written.
#[async_trait]
pub trait Recordings: Send + Sync {
    /// Repairs the header of a file that a crash left and answers its facts; `None` when there is no file.
    /// Idempotent: a good file is only hashed.
    async fn close_left_over(&self, call: CallId) -> Result<Option<RecordingFacts>, RecordingError>;
    /// Deletes the recording of a call that has ended; the name is gone for good when it returns. Answers
    /// whether there was a file; idempotent.
    async fn delete(&self, call: CallId) -> Result<bool, RecordingError>;
    /// The calls whose recordings are here, in any order; of a folder that is not there, none.
    async fn kept(&self) -> std::io::Result<Vec<CallId>>;
}
