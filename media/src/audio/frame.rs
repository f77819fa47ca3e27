//! The unit of pacing: one frame is 20 ms of audio, 160 samples at 8 kHz.

use std::collections::VecDeque;

/// Milliseconds of a frame: the packet time that every carrier accepts (RFC 3551, 4.2).
pub const FRAME_MS: u64 = 20;
/// Samples in a frame at 8 kHz.
pub const FRAME_SAMPLES: usize = 160;

/// One frame of audio.
pub type Frame = [i16; FRAME_SAMPLES];

/// A frame of silence.
pub const SILENCE: Frame = [0; FRAME_SAMPLES];

/// Most samples that a `FrameCutter` holds: one second at 8 kHz. Above that the oldest are dropped.
const BACKLOG_SAMPLES_MAX: usize = 8_000;

/// Cuts audio that comes in pieces of any length (packets of 10, 20, 30 ms) into frames of 20 ms.
#[derive(Debug, Clone, Default)]
pub struct FrameCutter {
    samples: VecDeque<i16>,
}

impl FrameCutter {
    /// Adds samples. If more than `BACKLOG_SAMPLES_MAX` wait, drops the oldest.
    pub fn push(&mut self, samples: &[i16]) {
        self.samples.extend(samples);
        let excess = self.samples.len().saturating_sub(BACKLOG_SAMPLES_MAX);
        self.samples.drain(..excess);
    }

    /// Removes and returns the next whole frame; `None` if there are fewer than 160 samples.
    pub fn pop(&mut self) -> Option<Frame> {
        if self.samples.len() < FRAME_SAMPLES {
            return None;
        }
        let mut frame = SILENCE;
        for (sample, kept) in frame.iter_mut().zip(self.samples.drain(..FRAME_SAMPLES)) {
            *sample = kept;
        }
        Some(frame)
    }
}

/// Returns the frame of a clip at `index` (from 0), the last one filled up with silence; `None` after the
/// end.
pub fn frame_of(samples: &[i16], index: usize) -> Option<Frame> {
    let rest = samples.get(index.checked_mul(FRAME_SAMPLES)?..)?;
    if rest.is_empty() {
        return None;
    }
    let mut frame = SILENCE;
    for (sample, kept) in frame.iter_mut().zip(rest) {
        *sample = *kept;
    }
    Some(frame)
}

/// Returns the nearest 16-bit sample to a computed value, clamped to the range.
#[expect(
    clippy::cast_possible_truncation,
    reason = "clamped to the range of i16 before; a float has no TryInto"
)]
/// Rounds a value to the nearest sample; values outside the range of a sample become its least or greatest.
pub fn sample_from(value: f64) -> i16 {
    value.round().clamp(f64::from(i16::MIN), f64::from(i16::MAX)) as i16
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_of_any_length_become_frames() {
        let mut cutter = FrameCutter::default();
        cutter.push(&[1; 80]);
        assert_eq!(cutter.pop(), None);
        cutter.push(&[2; 81]);
        let frame = cutter.pop().unwrap();
        assert_eq!((frame[79], frame[80]), (1, 2));
        assert_eq!(cutter.pop(), None);
    }

    #[test]
    fn a_backlog_over_one_second_loses_its_oldest_samples() {
        let mut cutter = FrameCutter::default();
        cutter.push(&[1; 160]);
        cutter.push(&[2; BACKLOG_SAMPLES_MAX]);
        assert_eq!(cutter.pop().unwrap()[0], 2);
    }

    #[test]
    fn the_last_frame_of_a_clip_is_filled_with_silence() {
        let clip = [7_i16; 161];
        assert_eq!(frame_of(&clip, 0).unwrap(), [7; 160]);
        let last = frame_of(&clip, 1).unwrap();
        assert_eq!((last[0], last[1]), (7, 0));
        assert_eq!(frame_of(&clip, 2), None);
        assert_eq!(frame_of(&[7; 160], 1), None);
    }
}
