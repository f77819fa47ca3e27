//! Two-channel recordings: written while the call runs, readable after a crash, hashed at the end.
//!
//! A file is WAV, PCM, 16 bit, 8 kHz; channel 1 is the robot, channel 2 the callee. The header is rewritten
//! with every second of audio, so that a crash costs at most the last second, and `repair` makes the header
//! agree with the file's length. Mode 0600. The functions block on the disk: call them where that is allowed.

use crate::audio::frame::{FRAME_MS, FRAME_SAMPLES, Frame, SILENCE};
use async_trait::async_trait;
use domain::hex;
use domain::ids::CallId;
use domain::ports::recording::{RecordingError, RecordingFacts, Recordings};
use domain::ports::speech::SAMPLES_PER_SECOND;
use rustix::fs::{FallocateFlags, fallocate, fstatvfs};
use rustix::io::Errno;
use sha2::{Digest, Sha256};
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// Bytes of the WAV header: RIFF, fmt of 16 bytes, data.
const HEADER_BYTES: u64 = 44;
/// Number of channels: robot and callee.
const CHANNELS: u16 = 2;
/// Bytes of one sample of both channels.
const SAMPLE_FRAME_BYTES: u64 = 4;
/// Bytes of one second of audio.
const SECOND_BYTES: u64 = SAMPLES_PER_SECOND as u64 * SAMPLE_FRAME_BYTES;
/// Longest recording, in bytes of audio: 4 hours. Frames beyond it are counted and not written. Far above
/// any call, far below the limit of a WAV header.
const DATA_BYTES_MAX: u64 = SECOND_BYTES * 4 * 3_600;
/// Bytes reserved on the disk before a call is dialed: those of the longest answered call (190 s).
pub const RESERVED_BYTES: u64 = HEADER_BYTES + SECOND_BYTES * 190;
/// Bytes that are read at once to compute the hash.
const HASH_BLOCK_BYTES: usize = 64 * 1_024;

/// A two-channel recording that is being written.
pub struct Recorder {
    path: PathBuf,
    file: File,
    /// Audio that is not written to the file yet: at most one second.
    pending: Vec<u8>,
    written_bytes: u64,
    left_out_frames: u64,
}

impl Recorder {
    /// Creates the file, which must not exist, with the header of an empty recording.
    pub fn create(path: &Path) -> io::Result<Self> {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create_new(true).mode(0o600);
        let file = options.open(path)?;
        file.write_all_at(&header(0), 0)?;
        Ok(Self {
            path: path.to_owned(),
            file,
            pending: Vec::with_capacity(usize::try_from(SECOND_BYTES).unwrap_or(0)),
            written_bytes: 0,
            left_out_frames: 0,
        })
    }

    /// Creates the file as `create` does and reserves disk space for the longest call. Fails if there is
    /// not enough.
    pub(crate) fn reserve(path: &Path) -> io::Result<Self> {
        let recorder = Self::create(path)?;
        take_room(&recorder.file)?;
        Ok(recorder)
    }

    /// Sets the file's new path after it was renamed.
    pub(crate) fn moved_to(&mut self, path: &Path) {
        path.clone_into(&mut self.path);
    }

    /// Adds 20 ms of both channels. A channel without samples is silent; samples beyond a frame are left
    /// out. After the longest recording, the frame is only counted.
    pub fn push_frame(&mut self, robot: Option<&[i16]>, callee: Option<&[i16]>) -> io::Result<()> {
        let pending = self.pending.len() as u64;
        if self.written_bytes + pending >= DATA_BYTES_MAX {
            self.left_out_frames += 1;
            return Ok(());
        }
        let (robot, callee) = (filled(robot), filled(callee));
        for (left, right) in robot.iter().zip(&callee) {
            self.pending.extend(left.to_le_bytes());
            self.pending.extend(right.to_le_bytes());
        }
        if self.pending.len() as u64 >= SECOND_BYTES {
            self.write_out()?;
        }
        Ok(())
    }

    /// Returns the length of the audio so far, in milliseconds, including audio that is not written yet.
    pub fn duration_ms(&self) -> u64 {
        duration_ms(self.written_bytes + self.pending.len() as u64)
    }

    /// Returns the number of frames that came after the longest recording and are not in the file.
    pub const fn left_out_frames(&self) -> u64 {
        self.left_out_frames
    }

    /// Writes the rest, releases reserved space, makes the file and its directory entry durable, and
    /// returns length and hash of the whole file.
    pub fn finish(mut self) -> io::Result<RecordingFacts> {
        self.write_out()?;
        // Space that was reserved for a longer call is released.
        self.file.set_len(HEADER_BYTES + self.written_bytes)?;
        self.file.sync_all()?;
        sync_directory(&self.path)?;
        facts_of(&mut self.file, self.written_bytes)
    }

    fn write_out(&mut self) -> io::Result<()> {
        if !self.pending.is_empty() {
            self.file
                .write_all_at(&self.pending, HEADER_BYTES + self.written_bytes)?;
            self.written_bytes += self.pending.len() as u64;
            self.pending.clear();
        }
        self.file.write_all_at(&header(self.written_bytes), 0)
    }
}

/// Reserves disk space without changing the file's length, which still says how much was written. If the
/// file system cannot reserve, only checks that it has enough space now.
fn take_room(file: &File) -> io::Result<()> {
    loop {
        match fallocate(file, FallocateFlags::KEEP_SIZE, 0, RESERVED_BYTES) {
            Ok(()) => return Ok(()),
            Err(Errno::INTR) => {}
            // The file system cannot reserve space: check at least that it has enough now.
            Err(Errno::OPNOTSUPP | Errno::NOSYS | Errno::INVAL) => return has_room(file),
            Err(error) => return Err(error.into()),
        }
    }
}

fn has_room(file: &File) -> io::Result<()> {
    let space = fstatvfs(file)?;
    if space.f_bavail.saturating_mul(space.f_frsize) < RESERVED_BYTES {
        return Err(io::Error::from(io::ErrorKind::StorageFull));
    }
    Ok(())
}

fn filled(samples: Option<&[i16]>) -> Frame {
    let mut frame = SILENCE;
    for (kept, sample) in frame.iter_mut().zip(samples.unwrap_or(&[])) {
        *kept = *sample;
    }
    frame
}

fn duration_ms(data_bytes: u64) -> u64 {
    data_bytes / SAMPLE_FRAME_BYTES * FRAME_MS / FRAME_SAMPLES as u64
}

/// Returns the 44 bytes of a WAV header (RIFF WAVE, format tag 1) for this many bytes of audio.
fn header(data_bytes: u64) -> Vec<u8> {
    let data = u32::try_from(data_bytes).unwrap_or(u32::MAX - 36);
    let block_align = CHANNELS * 2;
    let mut bytes = Vec::with_capacity(44);
    bytes.extend(b"RIFF");
    bytes.extend((data + 36).to_le_bytes());
    bytes.extend(b"WAVEfmt ");
    bytes.extend(16_u32.to_le_bytes());
    bytes.extend(1_u16.to_le_bytes());
    bytes.extend(CHANNELS.to_le_bytes());
    bytes.extend(SAMPLES_PER_SECOND.to_le_bytes());
    bytes.extend((SAMPLES_PER_SECOND * u32::from(block_align)).to_le_bytes());
    bytes.extend(block_align.to_le_bytes());
    bytes.extend(16_u16.to_le_bytes());
    bytes.extend(b"data");
    bytes.extend(data.to_le_bytes());
    bytes
}

/// Repairs a file after a crash and returns its facts; `None` if there is no file.
///
/// Audio up to the last whole sample of both channels is kept, and the header is computed from the file's
/// length. A good file is only hashed, so repairing twice changes nothing.
pub fn repair(path: &Path) -> io::Result<Option<RecordingFacts>> {
    let mut file = match OpenOptions::new().read(true).write(true).open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let length = file.metadata()?.len();
    let audio = length.saturating_sub(HEADER_BYTES).min(DATA_BYTES_MAX);
    let data_bytes = audio / SAMPLE_FRAME_BYTES * SAMPLE_FRAME_BYTES;
    let expected = header(data_bytes);
    let mut found = Vec::new();
    (&mut file).take(HEADER_BYTES).read_to_end(&mut found)?;
    if found != expected || length != HEADER_BYTES + data_bytes {
        file.write_all_at(&expected, 0)?;
        file.set_len(HEADER_BYTES + data_bytes)?;
        file.sync_all()?;
        sync_directory(path)?;
    }
    facts_of(&mut file, data_bytes).map(Some)
}

/// Syncs the directory of a file: the file's name is durable only after that (fsync(2)).
fn sync_directory(path: &Path) -> io::Result<()> {
    match path.parent() {
        Some(directory) if !directory.as_os_str().is_empty() => File::open(directory)?.sync_all(),
        Some(_) | None => File::open(".")?.sync_all(),
    }
}

fn facts_of(file: &mut File, data_bytes: u64) -> io::Result<RecordingFacts> {
    file.seek(SeekFrom::Start(0))?;
    let mut digest = Sha256::new();
    let mut block = vec![0_u8; HASH_BLOCK_BYTES];
    let mut bytes = 0_u64;
    let mut callee_audio_from = None;
    loop {
        let read = file.read(&mut block)?;
        let Some(part) = block.get(..read).filter(|part| !part.is_empty()) else {
            break;
        };
        digest.update(part);
        callee_audio_from = callee_audio_from.or_else(|| callee_audio_in(part, bytes));
        bytes += read as u64;
    }
    Ok(RecordingFacts {
        sha256: hex::encode(&digest.finalize()),
        bytes,
        duration_ms: duration_ms(data_bytes),
        callee_audio_from_ms: callee_audio_from.map(duration_ms),
    })
}

/// Returns the offset, in bytes of audio, of the first sample pair in which the callee is not silent, in a
/// part that begins at byte `begins` of the file; `None` if there is none.
fn callee_audio_in(part: &[u8], begins: u64) -> Option<u64> {
    (begins..).zip(part).find_map(|(at, byte)| {
        let audio = at.checked_sub(HEADER_BYTES)?;
        // Of a sample of both channels the last two bytes are the callee's.
        let heard = *byte != 0 && audio % SAMPLE_FRAME_BYTES >= 2;
        heard.then_some(audio / SAMPLE_FRAME_BYTES * SAMPLE_FRAME_BYTES)
    })
}

/// The recordings in a directory: `<dir>/<call id>.wav`.
#[derive(Debug, Clone)]
pub struct WavRecordings {
    dir: PathBuf,
}

impl WavRecordings {
    /// Makes the port for recordings in this directory.
    pub const fn new(dir: PathBuf) -> Self {
        Self { dir }
    }

    /// Returns the path of this call's recording; the file need not exist.
    pub fn path(&self, call: CallId) -> PathBuf {
        self.dir.join(format!("{call}.wav"))
    }
}

fn failed(call: CallId, error: &io::Error) -> RecordingError {
    RecordingError {
        call,
        why: error.to_string(),
    }
}

/// Deletes a file and syncs its directory. Returns true if the file existed. Syncs also if it was gone,
/// because a crash may have come between.
fn delete(path: &Path) -> io::Result<bool> {
    let was_there = match std::fs::remove_file(path) {
        Ok(()) => true,
        Err(error) if error.kind() == io::ErrorKind::NotFound => false,
        Err(error) => return Err(error),
    };
    match sync_directory(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        synced => synced.map(|()| was_there),
    }
}

#[async_trait]
impl Recordings for WavRecordings {
    /// Repairs the recording of a call after a crash and returns its length and hash; `None` if there is no
    /// file. Reads the file on the calling thread: that happens a few times at start, and a call is a few
    /// hundred kB.
    async fn close_left_over(&self, call: CallId) -> Result<Option<RecordingFacts>, RecordingError> {
        repair(&self.path(call)).map_err(|error| failed(call, &error))
    }

    async fn delete(&self, call: CallId) -> Result<bool, RecordingError> {
        delete(&self.path(call)).map_err(|error| failed(call, &error))
    }

    async fn kept(&self) -> io::Result<Vec<CallId>> {
        let mut folder = match tokio::fs::read_dir(&self.dir).await {
            Ok(folder) => folder,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        let mut calls = Vec::new();
        while let Some(entry) = folder.next_entry().await? {
            let name = entry.file_name();
            let call = name.to_str().and_then(|name| name.strip_suffix(".wav"));
            calls.extend(call.and_then(|call| call.parse::<CallId>().ok()));
        }
        Ok(calls)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    fn recorded(path: &Path, frames: usize) -> RecordingFacts {
        let mut recorder = Recorder::create(path).unwrap();
        for _ in 0..frames {
            recorder
                .push_frame(Some(&[100; 160]), Some(&[-200; 160]))
                .unwrap();
        }
        recorder.finish().unwrap()
    }

    fn samples(path: &Path) -> Vec<i16> {
        let reader = hound::WavReader::open(path).unwrap();
        assert_eq!((reader.spec().channels, reader.spec().sample_rate), (2, 8_000));
        reader.into_samples().map(Result::unwrap).collect()
    }

    #[tokio::test]
    async fn a_deleted_recording_is_gone_and_deleting_it_again_changes_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let recordings = WavRecordings::new(dir.path().to_owned());
        let call: CallId = "308b38fa-b3fa-59e5-b685-93b305968d97".parse().unwrap();
        recorded(&recordings.path(call), 10);
        assert_eq!(recordings.delete(call).await, Ok(true));
        assert!(!recordings.path(call).exists());
        assert_eq!(recordings.delete(call).await, Ok(false));
        let nowhere = WavRecordings::new(dir.path().join("never made"));
        assert_eq!(nowhere.delete(call).await, Ok(false));
    }

    #[test]
    fn another_reader_hears_both_channels() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("call.wav");
        let facts = recorded(&path, 75);
        assert_eq!((facts.duration_ms, facts.bytes), (1_500, 44 + 75 * 640));
        let samples = samples(&path);
        assert_eq!((samples.len(), samples[0], samples[1]), (75 * 320, 100, -200));
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn a_channel_without_audio_is_silent_and_keeps_time() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("call.wav");
        let mut recorder = Recorder::create(&path).unwrap();
        recorder.push_frame(Some(&[5; 160]), None).unwrap();
        recorder.push_frame(None, Some(&[6; 10])).unwrap();
        recorder.push_frame(None, None).unwrap();
        assert_eq!(recorder.duration_ms(), 60);
        recorder.finish().unwrap();
        let samples = samples(&path);
        assert_eq!((samples[0], samples[1]), (5, 0));
        assert_eq!((samples[320], samples[321], samples[320 + 21]), (0, 6, 0));
    }

    #[test]
    fn it_is_known_from_when_on_the_callee_is_heard_also_after_a_crash() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("call.wav");
        // The robot speaks throughout; the callee is let in after 2.06 s and begins to speak 1 ms later.
        let mut spoken = [0; 160];
        spoken[8..].fill(-1);
        let mut recorder = Recorder::create(&path).unwrap();
        for frame in 0..200 {
            let callee = (frame >= 103).then_some(&spoken[..]);
            recorder.push_frame(Some(&[700; 160]), callee).unwrap();
        }
        let facts = recorder.finish().unwrap();
        assert_eq!(
            (facts.duration_ms, facts.callee_audio_from_ms),
            (4_000, Some(2_061))
        );
        assert_eq!(repair(&path).unwrap(), Some(facts));
        let whole = std::fs::read(&path).unwrap();
        std::fs::write(&path, &whole[..44 + 103 * 640]).unwrap();
        assert_eq!(repair(&path).unwrap().unwrap().callee_audio_from_ms, None);
    }

    #[test]
    fn a_crash_leaves_a_readable_file_of_whole_seconds() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("call.wav");
        let mut recorder = Recorder::create(&path).unwrap();
        for _ in 0..120 {
            recorder.push_frame(Some(&[1; 160]), None).unwrap();
        }
        drop(recorder);
        assert_eq!(samples(&path).len(), 2 * 16_000);
    }

    #[test]
    fn a_torn_file_is_repaired_once_and_then_only_hashed() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("call.wav");
        recorded(&path, 50);
        let whole = std::fs::read(&path).unwrap();
        for (length, data_bytes) in [
            (0, 0),
            (43, 0),
            (44, 0),
            (47, 0),
            (48, 4),
            (44 + 641, 640),
            (44 + 32_000, 32_000),
        ] {
            std::fs::write(&path, &whole[..length]).unwrap();
            let facts = repair(&path).unwrap().unwrap();
            assert_eq!(facts.bytes, 44 + data_bytes, "cut at {length}");
            assert_eq!(samples(&path).len() as u64 * 2, data_bytes);
            let repaired = std::fs::read(&path).unwrap();
            assert_eq!(repair(&path).unwrap().unwrap(), facts);
            assert_eq!(std::fs::read(&path).unwrap(), repaired);
        }
    }

    #[test]
    fn repairing_a_finished_file_answers_the_facts_of_its_end() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("call.wav");
        let facts = recorded(&path, 7);
        assert_eq!(repair(&path).unwrap(), Some(facts.clone()));
        assert_eq!(
            facts.sha256,
            hex::encode(&Sha256::digest(std::fs::read(&path).unwrap()))
        );
    }

    #[test]
    fn an_existing_file_is_never_overwritten() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("call.wav");
        recorded(&path, 1);
        assert!(Recorder::create(&path).is_err());
        assert_eq!(repair(&dir.path().join("none.wav")).unwrap(), None);
    }

    #[tokio::test]
    async fn the_port_finds_a_call_by_its_id() {
        let dir = tempfile::tempdir().unwrap();
        let recordings = WavRecordings::new(dir.path().to_owned());
        let call: CallId = "308b38fa-b3fa-59e5-b685-93b305968d97".parse().unwrap();
        assert_eq!(recordings.close_left_over(call).await, Ok(None));
        let facts = recorded(&recordings.path(call), 3);
        assert_eq!(recordings.close_left_over(call).await, Ok(Some(facts)));
    }
}
