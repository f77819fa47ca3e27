//! What the events of a call say of its recording: which file it is, and whether its time is over.

use domain::call::Call;
use domain::call::event::CallEvent;
use domain::problem::Problem;
use domain::stored_event::{StoredEvent, read_event};
use domain::time::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

/// What a call's record says of its recording.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Logged {
    /// Of the file, lower hex.
    pub sha256: String,
    /// That it was destroyed when its time was over.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub disposed: Option<Disposed>,
}

/// That a recording was destroyed when its time was over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Disposed {
    pub at: Timestamp,
    /// The number of the disposal of recordings that it was part of.
    #[schemars(example = 17)]
    pub disposal: u64,
    /// For how long it was to be kept.
    #[schemars(example = 365)]
    pub days: u32,
}

/// What the events of a call say of its recording; `None` where nothing was recorded, or it has not ended.
pub fn logged(stored: &[StoredEvent]) -> Result<Option<Logged>, Problem> {
    let mut found = None;
    for one in stored {
        let envelope = one
            .envelope()
            .map_err(|error| Problem::fault(error.to_string()))?;
        let event = read_event::<Call>(&envelope).map_err(|error| Problem::fault(error.to_string()))?;
        match event {
            CallEvent::Ended { recording_sha256, .. } => {
                found = recording_sha256.map(|sha256| Logged {
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
