//! Audio for test suites: a buzz that any detector takes for a voice, silence, and clips as frames.

use domain::ports::recognizer::{FRAME_MS, FRAME_SAMPLES, HeardFrame};
use media::audio::frame::sample_from;
use std::f64::consts::TAU;

/// Returns this many milliseconds of silence.
pub fn silence(ms: u64) -> Vec<i16> {
    vec![0; usize::try_from(ms).unwrap_or(0) * 8]
}

/// Returns a voice-like buzz that swells four times a second like syllables.
pub fn voice(ms: u64) -> Vec<i16> {
    let samples = u32::try_from(ms * 8).unwrap_or(0);
    (0..samples)
        .map(|n| {
            let second = f64::from(n) / 8_000.0;
            let syllable = 0.4 + 0.6 * (TAU * 2.0 * second).sin().abs();
            let buzz: f64 = (1..12)
                .map(|times| (TAU * 130.0 * f64::from(times) * second).sin() / f64::from(times))
                .sum();
            sample_from(buzz * syllable * 5_000.0)
        })
        .collect()
}

/// Returns audio as a leg delivers it, beginning at `from_ms`. The last frame is filled up with silence.
pub fn frames(samples: &[i16], from_ms: u64) -> Vec<HeardFrame> {
    let pieces = samples.chunks(FRAME_SAMPLES);
    pieces
        .zip(0_u64..)
        .map(|(piece, index)| {
            let mut frame = [0; FRAME_SAMPLES];
            for (place, sample) in frame.iter_mut().zip(piece) {
                *place = *sample;
            }
            HeardFrame {
                at_ms: from_ms + index * FRAME_MS,
                lost_before: 0,
                samples: frame,
            }
        })
        .collect()
}
