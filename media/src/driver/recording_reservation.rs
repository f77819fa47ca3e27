//! Reserves the disk space of a leg's recording before the leg is dialed, and frees it if the leg is not
//! dialed.

use super::MediaDriver;
use super::recording_writer::RecordingRequest;
use super::reserved_recording::ReservedRecording;
use domain::ids::CallId;
use domain::ports::line::LineError;
use std::path::PathBuf;
use tokio::sync::oneshot;

impl MediaDriver {
    /// Reserves the disk space of a leg's recording, on the thread that writes recordings. Fails if there
    /// is not enough space. `dial` then uses the reservation.
    pub(crate) async fn reserve(&self, call: CallId, leg: u8) -> Result<(), LineError> {
        let stopped = || LineError::Unavailable("the media driver has stopped".to_owned());
        let (answer, answered) = oneshot::channel();
        let piece = RecordingRequest::Reserve {
            path: self.recording_of(call),
            leg_of_call: leg,
            answer,
        };
        let writer = self.recordings.upgrade().ok_or_else(stopped)?;
        writer.send(piece).await.map_err(|_gone| stopped())?;
        drop(writer);
        let taken = answered.await.map_err(|_gone| stopped())?;
        let reserved = taken.map_err(|error| LineError::NoRecording(error.to_string()))?;
        self.places.put((call, leg), reserved);
        Ok(())
    }

    /// Frees the reserved space of a leg that is not dialed. Does nothing without a reservation.
    pub(crate) fn release(&self, call: CallId, leg: u8) {
        drop(self.places.take((call, leg)));
    }

    /// Returns the space that was reserved for a leg, or reserves it now.
    pub(super) async fn place_of(&self, call: CallId, leg: u8) -> Result<ReservedRecording, LineError> {
        if let Some(reserved) = self.places.take((call, leg)) {
            return Ok(reserved);
        }
        self.reserve(call, leg).await?;
        let gone = || LineError::NoRecording("it was given back".to_owned());
        self.places.take((call, leg)).ok_or_else(gone)
    }

    fn recording_of(&self, call: CallId) -> PathBuf {
        self.config.recordings.join(format!("{call}.wav"))
    }
}
