//! A fake of the recordings port: each recording exists, without audio.

use super::line::recording;
use async_trait::async_trait;
use domain::ids::CallId;
use domain::ports::recording::{RecordingError, RecordingFacts, Recordings};

/// Finds a recording for every call.
pub(crate) struct FakeRecordings;

#[async_trait]
impl Recordings for FakeRecordings {
    async fn close_left_over(&self, _: CallId) -> Result<Option<RecordingFacts>, RecordingError> {
        Ok(Some(recording()))
    }
    async fn delete(&self, _: CallId) -> Result<bool, RecordingError> {
        Ok(true)
    }
    async fn kept(&self) -> std::io::Result<Vec<CallId>> {
        Ok(Vec::new())
    }
}
