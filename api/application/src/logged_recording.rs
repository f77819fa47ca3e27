//! What a call's events state about its recording: the file's digest, and whether it was disposed of.

use domain::call::Call;
use domain::call::event::CallEvent;
use domain::problem::Problem;
use domain::stored_event::{StoredEvent, read_event};
use domain::time::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

/// The recording of a call, as its events state it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct LoggedRecording {
    /// SHA-256 of the file, lower-case hex.
    pub sha256: String,
    /// The disposal of the recording after its retention period. Absent while it is kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub disposed: Option<Disposed>,
}

/// The disposal of a recording after its retention period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Disposed {
    pub at: Timestamp,
    /// Number of the disposal run that destroyed the recording.
    #[schemars(example = 17)]
    pub disposal: u64,
    /// The retention period that applied, in days.
    #[schemars(example = 365)]
    pub days: u32,
}

/// Returns what a call's events state about its recording. `None` if nothing was recorded or the call has
/// not ended. Fails if an event cannot be read.
pub fn read_logged_recording(stored: &[StoredEvent]) -> Result<Option<LoggedRecording>, Problem> {
    let mut found = None;
    for one in stored {
        let envelope = one
            .envelope()
            .map_err(|error| Problem::fault(error.to_string()))?;
        let event = read_event::<Call>(&envelope).map_err(|error| Problem::fault(error.to_string()))?;
        match event {
            CallEvent::Ended { recording_sha256, .. } => {
                found = recording_sha256.map(|sha256| LoggedRecording {
                    sha256,
                    disposed: None,
                });
            }
            CallEvent::RecordingDisposed { disposal, days, .. } => {
                if let Some(logged) = &mut found {
                    logged.disposed = Some(Disposed {
                        at: envelope.at,
                        disposal,
                        days,
                    });
                }
            }
            _ => {}
        }
    }
    Ok(found)
}
