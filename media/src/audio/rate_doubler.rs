//! Converts the telephone's 8 kHz to 16 kHz frame by frame, for engines that accept nothing else.
//!
//! After each sample, one between it and the next is inserted, computed by a half-band windowed sinc; the
//! delay is eight samples. It cannot restore frequencies that a telephone does not transmit.

use std::collections::VecDeque;
use std::f64::consts::PI;

/// Input samples on each side of an inserted sample that determine it.
const SIDE: usize = 8;

/// Converts audio from 8 to 16 kHz, with its state between frames.
#[derive(Debug, Clone)]
pub struct RateDoubler {
    past: VecDeque<f64>,
    filter: Vec<f64>,
}

impl Default for RateDoubler {
    fn default() -> Self {
        let tap = |index: usize| {
            let distance = f64::from(u32::try_from(index).unwrap_or(0)) - 7.5;
            let window = 0.42 + 0.5 * (PI * distance / 8.0).cos() + 0.08 * (2.0 * PI * distance / 8.0).cos();
            (PI * distance).sin() / (PI * distance) * window
        };
        let raw: Vec<f64> = (0..2 * SIDE).map(tap).collect();
        let sum: f64 = raw.iter().sum();
        Self {
            past: std::iter::repeat_n(0.0, 2 * SIDE).collect(),
            filter: raw.into_iter().map(|one| one / sum).collect(),
        }
    }
}

impl RateDoubler {
    /// Converts the next samples. Returns twice as many, as values from -1 to 1.
    pub fn push(&mut self, samples: &[i16]) -> Vec<f32> {
        let mut doubled = Vec::with_capacity(2 * samples.len());
        for sample in samples {
            self.past.pop_front();
            self.past.push_back(f64::from(*sample) / 32_768.0);
            let own = self.past.get(SIDE - 1).copied().unwrap_or(0.0);
            let between: f64 = self.past.iter().zip(&self.filter).map(|(a, b)| a * b).sum();
            doubled.push(single(own));
            doubled.push(single(between));
        }
        doubled
    }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "a sample between -1 and 1 loses nothing that is heard"
)]
fn single(value: f64) -> f32 {
    value.clamp(-1.0, 1.0) as f32
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audio::frame::sample_from;

    #[test]
    fn a_tone_keeps_its_level_and_has_no_second_one_above_it() {
        for hertz in [300.0, 1_000.0, 3_000.0] {
            let tone: Vec<i16> = (0..1_600)
                .map(|n| sample_from((2.0 * PI * hertz * f64::from(n) / 8_000.0).sin() * 16_384.0))
                .collect();
            let mut rate = RateDoubler::default();
            let doubled: Vec<f32> = tone.chunks(160).flat_map(|frame| rate.push(frame)).collect();
            assert_eq!(doubled.len(), 3_200);
            let wrong = doubled.iter().enumerate().skip(200).map(|(index, got)| {
                let place = f64::from(u32::try_from(index).unwrap()) / 2.0 - 8.0;
                (f64::from(*got) - (2.0 * PI * hertz * place / 8_000.0).sin() * 0.5).abs()
            });
            let worst = wrong.fold(0.0, f64::max);
            assert!(worst < 0.03, "{hertz} Hz: {worst}");
        }
    }
}
