//! Reads the recordings of an inspection's calls and compares each with the SHA-256 in the record of its
//! call.

use super::response::{InspectionCallResponse, RecordingState};
use domain::hex;
use domain::problem::Problem;
use sha2::{Digest, Sha256};
use std::io::ErrorKind;
use std::path::Path;
use store::proof::bundle::{Attachments, recording_name};

/// Most bytes of recordings in one bundle; further recordings are left out. It is more than an hour of
/// audio (8 kHz, two channels, 16 bit), and half of the largest bundle.
const RECORDINGS_BYTES_MAX: usize = 128 * 1024 * 1024;

/// The recordings that are attached to the bundle.
pub(super) struct Recordings {
    pub files: Attachments,
}

impl Recordings {
    /// Reads the recording of each call that has one from `folder`, compares it with the record, and sets
    /// its state in `calls`.
    pub(super) async fn of(folder: &Path, calls: &mut [InspectionCallResponse]) -> Result<Self, Problem> {
        let mut files = Attachments::new();
        let mut bytes_left = RECORDINGS_BYTES_MAX;
        for call in calls {
            let Some(recording) = &mut call.recording else {
                continue;
            };
            if recording.state == RecordingState::Disposed {
                continue;
            }
            let id = call.call.to_string();
            // The length is known from the record, so a recording without space is not read.
            let expected = recording.bytes.and_then(|bytes| usize::try_from(bytes).ok());
            if expected.is_some_and(|bytes| bytes > bytes_left) {
                recording.state = RecordingState::LeftOut;
                continue;
            }
            let bytes = match tokio::fs::read(folder.join(format!("{id}.wav"))).await {
                Ok(bytes) => bytes,
                Err(error) if error.kind() == ErrorKind::NotFound => {
                    recording.state = RecordingState::Gone;
                    continue;
                }
                Err(error) => {
                    let why = format!("the recording of call {id} cannot be read: {error}");
                    return Err(Problem::unavailable(why));
                }
            };
            recording.state = if hex::encode(&Sha256::digest(&bytes)) != recording.sha256 {
                RecordingState::Altered
            } else if bytes.len() > bytes_left {
                RecordingState::LeftOut
            } else {
                bytes_left -= bytes.len();
                files.insert(recording_name(&id), bytes);
                RecordingState::Kept
            };
        }
        Ok(Self { files })
    }
}
