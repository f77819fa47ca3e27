//! The disk space of a recording, reserved before its leg is dialed: a call that must be recorded is not
//! started if it cannot be. Space that no answer uses is freed when dropped.

use crate::audio::recording::Recorder;
use domain::ids::CallId;
use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// End of the name of a reserved file until its call is answered: the file is `<call id>.wav.<leg>.place`.
const PLACE_END: &str = ".place";

/// A file that reserves disk space for the recording of the longest call. Dropping it removes the file.
pub(super) struct ReservedRecording {
    recorder: Option<Recorder>,
    place: PathBuf,
    path: PathBuf,
}

impl ReservedRecording {
    /// Reserves the space for the recording `path` of this leg. Fails if there is not enough. Blocks on the
    /// disk. Replaces an earlier reservation of the same leg.
    pub(super) fn take(path: &Path, leg: u8) -> io::Result<Self> {
        let mut name = path.as_os_str().to_owned();
        name.push(format!(".{leg}{PLACE_END}"));
        let place = PathBuf::from(name);
        // Left by an earlier order of the same leg that was never dialed.
        remove(&place)?;
        // Dropped on an error, so that a partly reserved file is removed.
        let mut reserved = Self {
            recorder: None,
            place,
            path: path.to_owned(),
        };
        reserved.recorder = Some(Recorder::reserve(&reserved.place)?);
        Ok(reserved)
    }

    /// A reservation without a file, for tests of unanswered legs.
    #[cfg(test)]
    pub(super) fn nowhere() -> Self {
        Self {
            recorder: None,
            place: PathBuf::new(),
            path: PathBuf::new(),
        }
    }

    /// Turns the reserved file into the recording, after the answer. Fails if the recording exists already.
    pub(super) fn begin(mut self) -> io::Result<Recorder> {
        if self.path.exists() {
            return Err(io::Error::from(io::ErrorKind::AlreadyExists));
        }
        std::fs::rename(&self.place, &self.path)?;
        let recorder = self.recorder.take();
        let mut recorder = recorder.ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))?;
        recorder.moved_to(&self.path);
        Ok(recorder)
    }
}

impl Drop for ReservedRecording {
    fn drop(&mut self) {
        // Begun or never reserved: the file does not exist. A file that cannot be removed now is removed at
        // the next start.
        if let Err(error) = remove(&self.place) {
            tracing::warn!(%error, "the unused place of a recording could not be given back yet");
        }
    }
}

fn remove(place: &Path) -> io::Result<()> {
    match std::fs::remove_file(place) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        Ok(()) | Err(_) => Ok(()),
    }
}

/// Removes the reserved files that a crash left in the directory of recordings. Call it before any leg is
/// dialed.
pub(super) fn remove_left_over(recordings: &Path) -> io::Result<()> {
    for entry in std::fs::read_dir(recordings)? {
        let entry = entry?;
        if entry
            .file_name()
            .as_encoded_bytes()
            .ends_with(PLACE_END.as_bytes())
        {
            remove(&entry.path())?;
        }
    }
    Ok(())
}

/// Disk space reserved for legs that are about to be dialed, by call and leg.
#[derive(Default)]
pub(super) struct RecordingReservations(Mutex<BTreeMap<(CallId, u8), ReservedRecording>>);

impl RecordingReservations {
    pub(super) fn put(&self, leg: (CallId, u8), reserved: ReservedRecording) {
        self.lock().insert(leg, reserved);
    }
    pub(super) fn take(&self, leg: (CallId, u8)) -> Option<ReservedRecording> {
        self.lock().remove(&leg)
    }
    fn lock(&self) -> MutexGuard<'_, BTreeMap<(CallId, u8), ReservedRecording>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::MetadataExt;

    #[test]
    fn a_place_is_as_large_as_the_longest_call_and_is_given_back_without_an_answer() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("call.wav");
        let reserved = ReservedRecording::take(&path, 1).unwrap();
        let place = dir.path().join("call.wav.1.place");
        let taken_bytes = place.metadata().unwrap().blocks() * 512;
        assert!(
            taken_bytes >= crate::audio::recording::RESERVED_BYTES,
            "{taken_bytes}"
        );
        assert!(!path.exists());
        drop(reserved);
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
    }

    #[test]
    fn an_answered_call_gives_back_what_it_did_not_need() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("call.wav");
        let mut recorder = ReservedRecording::take(&path, 1).unwrap().begin().unwrap();
        for _ in 0..75 {
            recorder.push_frame(None, None).unwrap();
        }
        let facts = recorder.finish().unwrap();
        let metadata = path.metadata().unwrap();
        assert_eq!((facts.duration_ms, metadata.len()), (1_500, facts.bytes));
        assert!(metadata.blocks() * 512 <= 64 * 1_024, "{}", metadata.blocks());
        assert!(
            ReservedRecording::take(&path, 2).unwrap().begin().is_err(),
            "it exists"
        );
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[test]
    fn places_that_a_crash_left_are_given_back_and_recordings_stay() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["a.wav", "a.wav.1.place", "b.wav.2.place"] {
            std::fs::write(dir.path().join(name), "x").unwrap();
        }
        remove_left_over(dir.path()).unwrap();
        let left = std::fs::read_dir(dir.path()).unwrap();
        let left: Vec<_> = left.map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(left, ["a.wav"]);
    }
}
