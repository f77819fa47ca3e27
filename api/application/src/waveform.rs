//! The waveform of a recording: its loudness over time per channel, which a page draws without the audio.
//!
//! The whole file is read once and a limited number of peaks is kept. Words cannot be heard from them, but
//! they show who spoke when. So the caller logs a waveform as a read of the recording.

use domain::problem::Problem;
use schemars::JsonSchema;
use serde::Serialize;

/// Default number of points per channel: about the pixels of a wide screen.
pub const POINTS_DEFAULT: u32 = 1_000;
/// Most points per channel. A screen shows no more, and the reply would be large.
pub const POINTS_MAX: u32 = 4_000;

/// Length of a recording's header in bytes: RIFF, fmt of 16 bytes, data.
const HEADER_BYTES: usize = 44;
/// Offset of the format in the header: the fields `format, channels, rate, bytes a second, bytes, bits`.
const FORMAT_AT: usize = 20;
/// The format of every recording here: PCM, two channels, 8,000 samples per second of 16 bits.
const FORMAT: [u8; 16] = [1, 0, 2, 0, 0x40, 0x1f, 0, 0, 0, 0x7d, 0, 0, 4, 0, 16, 0];
/// Bytes of one sample of both channels.
const SAMPLE_FRAME_BYTES: usize = 4;
/// Samples per channel and millisecond.
const SAMPLES_PER_MS: u64 = 8;

/// The loudness of both channels, point by point.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Waveform {
    pub duration_ms: u64,
    /// Milliseconds of audio per point. The last point may cover less.
    pub point_ms: u64,
    /// Loudness of our side (robot or agent), then of the callee: the loudest sample of each point, in
    /// thousandths of the maximum.
    #[schemars(example = &[12, 310, 0])]
    pub ours_per_mille: Vec<u16>,
    #[schemars(example = &[0, 0, 480])]
    pub callee_per_mille: Vec<u16>,
}

/// Reads a recording's bytes in order and collects the peaks.
pub struct Peaks {
    header: Vec<u8>,
    /// Bytes of an incomplete sample frame.
    begun: Vec<u8>,
    frames: u64,
    frames_per_point: u64,
    point_ms: u64,
    loudest: [u16; 2],
    points: [Vec<u16>; 2],
}

impl Peaks {
    /// Prepares to read a file of `file_bytes` bytes into at most `points` points per channel (1 to
    /// `POINTS_MAX`).
    pub fn of(file_bytes: u64, points: u32) -> Self {
        let frames = file_bytes.saturating_sub(HEADER_BYTES as u64) / SAMPLE_FRAME_BYTES as u64;
        let points = u64::from(points.clamp(1, POINTS_MAX));
        let point_ms = frames.div_ceil(SAMPLES_PER_MS).div_ceil(points).max(1);
        Self {
            header: Vec::with_capacity(HEADER_BYTES),
            begun: Vec::with_capacity(SAMPLE_FRAME_BYTES),
            frames: 0,
            frames_per_point: point_ms * SAMPLES_PER_MS,
            point_ms,
            loudest: [0, 0],
            points: [Vec::new(), Vec::new()],
        }
    }

    /// Adds the next bytes of the file, in order.
    pub fn take(&mut self, bytes: &[u8]) {
        let lacking = HEADER_BYTES - self.header.len();
        let (header, sound) = bytes.split_at(lacking.min(bytes.len()));
        self.header.extend_from_slice(header);
        let lacking = (SAMPLE_FRAME_BYTES - self.begun.len()) % SAMPLE_FRAME_BYTES;
        let (first, rest) = sound.split_at(lacking.min(sound.len()));
        self.begun.extend_from_slice(first);
        if self.begun.len() == SAMPLE_FRAME_BYTES {
            let begun = std::mem::take(&mut self.begun);
            self.frame(&begun);
        }
        let frames = rest.chunks_exact(SAMPLE_FRAME_BYTES);
        self.begun.extend_from_slice(frames.remainder());
        for frame in frames {
            self.frame(frame);
        }
    }

    fn frame(&mut self, frame: &[u8]) {
        for (loudest, sample) in self.loudest.iter_mut().zip(frame.chunks_exact(2)) {
            let sample = sample.try_into().map_or(0, i16::from_le_bytes);
            *loudest = (*loudest).max(sample.unsigned_abs());
        }
        self.frames += 1;
        if self.frames.is_multiple_of(self.frames_per_point) {
            self.close_point();
        }
    }

    fn close_point(&mut self) {
        let loudest = std::mem::take(&mut self.loudest);
        for (points, loudest) in self.points.iter_mut().zip(loudest) {
            let per_mille = u32::from(loudest) * 1_000 / 32_768;
            points.push(u16::try_from(per_mille).unwrap_or(1_000));
        }
    }

    /// Returns the waveform of the bytes read. Fails if the file does not have the header of our
    /// recordings.
    pub fn finish(mut self) -> Result<Waveform, Problem> {
        let format = self.header.get(FORMAT_AT..FORMAT_AT + FORMAT.len());
        if format != Some(&FORMAT[..]) || !self.header.starts_with(b"RIFF") {
            return Err(Problem::fault(
                "a recording has another header than those that are made here".to_owned(),
            ));
        }
        if !self.frames.is_multiple_of(self.frames_per_point) {
            self.close_point();
        }
        let [ours_per_mille, callee_per_mille] = self.points;
        Ok(Waveform {
            duration_ms: self.frames / SAMPLES_PER_MS,
            point_ms: self.point_ms,
            ours_per_mille,
            callee_per_mille,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header() -> Vec<u8> {
        let mut header = b"RIFF....WAVEfmt ....".to_vec();
        header.extend_from_slice(&FORMAT);
        header.extend_from_slice(b"data....");
        header
    }

    /// One second: ours at 16,384 in its first half, the callee at the maximum in its last 100 ms.
    fn second() -> Vec<u8> {
        let mut sound = header();
        for at in 0..8_000 {
            let ours = if at < 4_000 { 16_384_i16 } else { 0 };
            let callee = if at >= 7_200 { i16::MIN } else { 0 };
            sound.extend(ours.to_le_bytes());
            sound.extend(callee.to_le_bytes());
        }
        sound
    }

    fn waveform(sound: &[u8], points: u32, piece: usize) -> Waveform {
        let mut peaks = Peaks::of(sound.len() as u64, points);
        for piece in sound.chunks(piece) {
            peaks.take(piece);
        }
        peaks.finish().unwrap()
    }

    #[test]
    fn each_side_is_as_loud_as_its_loudest_sample_however_the_bytes_come() {
        let sound = second();
        let whole = waveform(&sound, 10, sound.len());
        assert_eq!((whole.duration_ms, whole.point_ms), (1_000, 100));
        assert_eq!(whole.ours_per_mille, [500, 500, 500, 500, 500, 0, 0, 0, 0, 0]);
        assert_eq!(whole.callee_per_mille, [0, 0, 0, 0, 0, 0, 0, 0, 0, 1_000]);
        for piece in [1, 3, 7, 45, 4_097] {
            assert_eq!(waveform(&sound, 10, piece), whole, "in pieces of {piece}");
        }
    }

    #[test]
    fn there_are_never_more_points_than_may_be() {
        let sound = second();
        for (points, expected) in [
            (0, 1),
            (1, 1),
            (3, 3),
            (999, 500),
            (1_000, 1_000),
            (u32::MAX, 1_000),
        ] {
            let wave = waveform(&sound, points, 4_096);
            assert_eq!(wave.ours_per_mille.len(), expected, "of {points}");
            assert_eq!(wave.callee_per_mille.len(), expected);
        }
        let bare = waveform(&header(), 10, 64);
        assert_eq!((bare.duration_ms, bare.ours_per_mille.len()), (0, 0));
    }

    #[test]
    fn what_is_no_recording_of_ours_is_a_fault() {
        let mut one_channel = second();
        one_channel[22] = 1;
        for other in [one_channel, b"ID3".to_vec(), Vec::new()] {
            let mut peaks = Peaks::of(other.len() as u64, 10);
            peaks.take(&other);
            assert!(peaks.finish().is_err());
        }
    }
}
