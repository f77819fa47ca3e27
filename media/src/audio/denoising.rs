//! Removes steady noise from telephone audio before a recognizer: a Wiener filter over short spectra.
//!
//! The quietest level in each band over the last second counts as noise. Each band is reduced to the share
//! that is speech (decision-directed, Ephraim and Malah 1984), but never below three tenths, so that no band
//! comes and goes. No model. Frames come out as they go in, one for one, 28 ms late. It cannot remove other
//! voices, music, or a noise that is shorter than a word.

use crate::audio::frame::{FRAME_SAMPLES, Frame, sample_from};
use microfft::Complex32;
use microfft::complex::cfft_256;
use microfft::inverse::ifft_256;
use std::collections::VecDeque;
use std::f64::consts::PI;
use std::sync::LazyLock;

/// Samples of a window of the filter at 8 kHz: 32 ms.
const WINDOW: usize = 256;
/// Samples between windows: 16 ms, so that the squares of two windows add up to one.
const STEP: usize = 128;
/// Number of frequency bands, from 0 to half the sampling rate.
const BANDS: usize = WINDOW / 2 + 1;
/// Samples by which the filtered audio is delayed: a step, and the most that a frame lacks to whole steps.
const LATE: usize = STEP + 96;
/// Share of a band's smoothed power that is carried on to the next window while the power rises.
const CARRIED_RISING: f64 = 0.85;
/// The same share while the power falls. It is smaller, so that a pause between words shows the noise.
const CARRIED_FALLING: f64 = 0.6;
/// Number of windows in one part of the search for the noise floor.
const PART_WINDOWS: usize = 8;
/// Number of parts that the noise floor looks back on: with `PART_WINDOWS`, a second.
const PARTS: usize = 8;
/// Factor between the mean of a smoothed noise power and its least value in a second (measured on generated
/// white noise).
const FLOOR_BIAS: f64 = 4.6;
/// Weight of the last window in the estimate of a band's speech (decision-directed approach).
const DIRECTED: f64 = 0.96;
/// Smallest gain of a band: a smaller one would remove parts of speech that a recognizer needs.
const GAIN_MIN: f64 = 0.3;

/// The square root of a Hann window, applied once before the transform and once after.
static WEIGHTS: LazyLock<Vec<f64>> = LazyLock::new(|| {
    let weight = |n: usize| (PI * (as_f64(n) + 0.5) / as_f64(WINDOW)).sin();
    (0..WINDOW).map(weight).collect()
});

/// The position of a window in the search for the noise floor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum WindowPlace {
    First,
    Within,
    EndsPart,
}

/// The state of one frequency band of the filter.
#[derive(Debug, Clone, Default)]
struct Band {
    smoothed: f64,
    least: f64,
    parts: VecDeque<f64>,
    /// Power of the speech estimated in the last window.
    speech: f64,
}

impl Band {
    /// Returns the gain of this band for a window with this power, and updates the band's noise floor.
    fn gain(&mut self, power: f64, place: WindowPlace) -> f64 {
        let is_first = place == WindowPlace::First;
        let carried = match power < self.smoothed {
            _ if is_first => 0.0,
            true => CARRIED_FALLING,
            false => CARRIED_RISING,
        };
        self.smoothed = carried * self.smoothed + (1.0 - carried) * power;
        self.least = if is_first {
            self.smoothed
        } else {
            self.least.min(self.smoothed)
        };
        let looked_back = self.parts.iter().copied().reduce(f64::min);
        let noise = looked_back.map_or(self.least, |before| before.min(self.least)) * FLOOR_BIAS;
        if place == WindowPlace::EndsPart {
            self.parts.push_back(self.least);
            if self.parts.len() > PARTS {
                self.parts.pop_front();
            }
            self.least = self.smoothed;
        }
        let noise = noise.max(1e-9);
        let now = (power / noise - 1.0).max(0.0);
        let ratio = DIRECTED * self.speech / noise + (1.0 - DIRECTED) * now;
        let gain = (ratio / (1.0 + ratio)).max(GAIN_MIN);
        self.speech = gain * gain * power;
        gain
    }
}

/// The noise suppression of one leg, with its state between frames.
pub struct Denoiser {
    bands: Vec<Band>,
    /// The last window's samples, oldest first.
    heard: VecDeque<f64>,
    /// Number of samples since the last window.
    unheard_count: usize,
    /// The second half of the last filtered window, to which the next one is added.
    overlap: Vec<f64>,
    ready: VecDeque<f64>,
    windows_count: usize,
}

impl Default for Denoiser {
    fn default() -> Self {
        Self {
            bands: vec![Band::default(); BANDS],
            heard: std::iter::repeat_n(0.0, WINDOW).collect(),
            unheard_count: 0,
            overlap: vec![0.0; STEP],
            // The rest of the delay is the window's own half.
            ready: std::iter::repeat_n(0.0, LATE - STEP).collect(),
            windows_count: 0,
        }
    }
}

impl Denoiser {
    /// Adds a frame and returns a filtered frame, which is `LATE` samples behind the input.
    pub fn push(&mut self, frame: &Frame) -> Frame {
        for sample in frame {
            self.heard.pop_front();
            self.heard.push_back(f64::from(*sample));
            self.unheard_count += 1;
            if self.unheard_count == STEP {
                self.unheard_count = 0;
                self.take_window();
            }
        }
        let mut given = [0; FRAME_SAMPLES];
        for (place, sample) in given.iter_mut().zip(self.ready.drain(..FRAME_SAMPLES)) {
            *place = sample_from(sample);
        }
        given
    }

    fn take_window(&mut self) {
        let mut spectrum = [Complex32::default(); WINDOW];
        for ((place, sample), weight) in spectrum.iter_mut().zip(&self.heard).zip(WEIGHTS.iter()) {
            *place = Complex32::new(narrowed(sample * weight), 0.0);
        }
        let spectrum = cfft_256(&mut spectrum);
        self.windows_count += 1;
        let place = match self.windows_count {
            // A line begins with silence of our own making: the first whole window is the one that counts.
            0..=2 => WindowPlace::First,
            count if count.is_multiple_of(PART_WINDOWS) => WindowPlace::EndsPart,
            _ => WindowPlace::Within,
        };
        let (low, high) = spectrum.split_at_mut(BANDS);
        let mut gains = [GAIN_MIN; BANDS];
        for ((band, value), gain) in self.bands.iter_mut().zip(low.iter_mut()).zip(&mut gains) {
            *gain = band.gain(f64::from(value.norm_sqr()), place);
            *value *= narrowed(*gain);
        }
        // The upper half mirrors the lower one.
        for (value, gain) in high.iter_mut().zip(gains.iter().rev().skip(1)) {
            *value *= narrowed(*gain);
        }
        let sound = ifft_256(spectrum);
        let weighted = sound.iter().zip(WEIGHTS.iter());
        let mut weighted = weighted.map(|(value, weight)| f64::from(value.re) * weight);
        for place in &mut self.overlap {
            self.ready.push_back(*place + weighted.next().unwrap_or_default());
        }
        for (place, value) in self.overlap.iter_mut().zip(weighted) {
            *place = value;
        }
    }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "a sample has 16 bits, a single has 24"
)]
const fn narrowed(value: f64) -> f32 {
    value as f32
}

fn as_f64(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Random numbers between -1 and 1, the same in each run.
    struct Noise(u64);

    impl Noise {
        fn next(&mut self) -> f64 {
            self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            f64::from(u32::try_from(self.0 >> 33).unwrap()) / f64::from(1_u32 << 30) - 1.0
        }
    }

    fn tone(n: usize) -> f64 {
        (2.0 * PI * 700.0 * as_f64(n) / 8_000.0).sin() * 6_000.0
    }

    /// Returns frames of a tone of 300 ms and a pause of the same length, over noise, and the same line
    /// without noise.
    fn line(noise_level: f64, frames: usize) -> (Vec<Frame>, Vec<f64>) {
        let mut noise = Noise(7);
        let mut clean = Vec::new();
        let mut heard = Vec::new();
        for index in 0..frames {
            let is_loud = index % 30 >= 15;
            let mut frame = [0; FRAME_SAMPLES];
            for (place, sample) in frame.iter_mut().enumerate() {
                let n = index * FRAME_SAMPLES + place;
                let wanted = if is_loud { tone(n) } else { 0.0 };
                clean.push(wanted);
                *sample = sample_from(wanted + noise.next() * noise_level);
            }
            heard.push(frame);
        }
        (heard, clean)
    }

    fn filtered(heard: &[Frame]) -> Vec<f64> {
        let mut denoiser = Denoiser::default();
        heard
            .iter()
            .flat_map(|frame| denoiser.push(frame).map(f64::from))
            .collect()
    }

    /// Returns the power of the difference from the clean line after the first second; `late` is the delay in
    /// samples.
    fn error(sound: &[f64], clean: &[f64], late: usize) -> f64 {
        let pairs = sound.iter().skip(late).zip(clean).skip(8_000);
        let (sum, count) = pairs.fold((0.0, 0.0), |(sum, count), (a, b)| {
            (sum + (a - b).powi(2), count + 1.0)
        });
        sum / count
    }

    #[test]
    fn steady_noise_falls_by_half_and_more_while_what_is_said_stays() {
        let (heard, clean) = line(3_000.0, 200);
        let raw: Vec<f64> = heard.iter().flatten().map(|one| f64::from(*one)).collect();
        let before = error(&raw, &clean, 0);
        let after = error(&filtered(&heard), &clean, LATE);
        assert!(after < before * 0.3, "{after} of {before}");
    }

    #[test]
    fn a_clean_line_comes_out_as_it_went_in() {
        let (heard, clean) = line(0.0, 200);
        let power: f64 = clean.iter().map(|one| one * one).sum::<f64>() / as_f64(clean.len());
        let after = error(&filtered(&heard), &clean, LATE);
        assert!(after < power * 0.02, "{after} of {power}");
    }

    #[test]
    fn digital_silence_stays_silent_and_the_loudest_sound_does_not_overflow() {
        let mut denoiser = Denoiser::default();
        for _ in 0..50 {
            assert_eq!(denoiser.push(&[0; FRAME_SAMPLES]), [0; FRAME_SAMPLES]);
        }
        let mut square = [i16::MAX; FRAME_SAMPLES];
        for (place, sample) in square.iter_mut().enumerate() {
            if place % 40 >= 20 {
                *sample = i16::MIN;
            }
        }
        for _ in 0..50 {
            denoiser.push(&square);
        }
    }
}
