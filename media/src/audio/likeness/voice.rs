//! An utterance of a phrase by one voice, in a form that can be compared with another utterance of the same
//! phrase.
//!
//! The comparison depends on the text: other words are as far away as another speaker. The coefficients are
//! not normalized, because `coefficients_of` levels out exactly the voice; only loudness is left out. It
//! tells synthetic voices apart; people are harder to distinguish, and no result proves a person's identity.

use super::coefficients::{COEFFICIENTS, Coefficients, plain_coefficients_of};
use super::warping::distance;
use std::f64::consts::PI;

/// The name of the format of a take. A template in another format is not compared.
pub const VOICE_FORM: &str = "mfcc12-dtw/1";

/// Longest utterance that is accepted as a take, in milliseconds. A template with five of them still fits
/// into one record.
pub const TAKE_MS_MAX: u64 = 6_000;

/// Samples of a millisecond.
const SAMPLES_PER_MS: usize = 8;
/// Number of values of one window: all coefficients but the first, which is loudness.
const VALUES: usize = COEFFICIENTS - 1;
/// Only each second window is kept, one per 20 ms: enough to identify a voice, with half the size.
const WINDOWS_STEP: usize = 2;
/// Steps of a stored byte per unit of a weighted coefficient: four units are one step, because the
/// coefficients lie within ±500.
const STEPS: f64 = 1.0 / 4.0;
/// Period of the weights that make higher coefficients count as much as lower ones (liftering).
const LIFTER: f64 = 22.0;
/// Samples over which one level is measured: 10 ms.
const LEVEL_SAMPLES: usize = 80;
/// The quietest tenth of a file's levels counts as its silence.
const QUIET_RATIO: usize = 10;

/// The reason why an utterance cannot be a take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum VoiceTakeError {
    #[error("it holds no sound")]
    Silent,
    #[error("it is longer than {TAKE_MS_MAX} ms")]
    TooLong,
    #[error("it is not a take of the form {VOICE_FORM}")]
    Unreadable,
}

/// One utterance of a phrase, reduced to what is compared: its cepstral coefficients.
#[derive(Debug, Clone, PartialEq)]
pub struct VoiceTake {
    windows: Vec<Coefficients>,
    spoken_ms: u64,
    noise_below_db: u32,
}

impl VoiceTake {
    /// Makes a take from audio at 8 kHz, without the silence around the utterance. Fails if it is silent or
    /// too long.
    pub fn of(samples: &[i16]) -> Result<Self, VoiceTakeError> {
        let voiced = without_silence(samples);
        let spoken_ms = (voiced.len() / SAMPLES_PER_MS) as u64;
        if spoken_ms > TAKE_MS_MAX {
            return Err(VoiceTakeError::TooLong);
        }
        let windows = plain_coefficients_of(voiced);
        let windows: Vec<Coefficients> = windows.into_iter().step_by(WINDOWS_STEP).map(weighed).collect();
        if windows.is_empty() || voiced.iter().all(|one| *one == 0) {
            return Err(VoiceTakeError::Silent);
        }
        Ok(Self {
            windows,
            spoken_ms,
            noise_below_db: noise_below_db(samples),
        })
    }

    /// Returns the length of the utterance, in milliseconds.
    pub const fn spoken_ms(&self) -> u64 {
        self.spoken_ms
    }

    /// Returns how many decibels the level of the audio's silence lies below that of its speech; 0 for a
    /// take from `from_bytes`.
    pub const fn noise_below_db(&self) -> u32 {
        self.noise_below_db
    }

    /// Returns the distance between two takes, in thousandths; `None` if their lengths differ too much to
    /// be the same phrase.
    pub fn measure_distance_milli(&self, other: &Self) -> Option<u32> {
        distance(&self.windows, &other.windows, f64::INFINITY).map(|apart| whole(apart * 10.0))
    }

    /// Returns the take in the form in which it is stored: one byte for each value.
    pub fn to_bytes(&self) -> Vec<u8> {
        let values = self.windows.iter().flat_map(|window| window.iter().skip(1));
        values.flat_map(|value| stored(*value).to_be_bytes()).collect()
    }

    /// Reads a take that `to_bytes` wrote. Fails for another length. The noise level is not stored and
    /// becomes 0.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, VoiceTakeError> {
        let windows: Vec<Coefficients> = bytes.chunks(VALUES).map(read).collect();
        let length_max = usize::try_from(TAKE_MS_MAX).unwrap_or(usize::MAX) / 10 / WINDOWS_STEP + 1;
        if windows.is_empty() || windows.len() > length_max || !bytes.len().is_multiple_of(VALUES) {
            return Err(VoiceTakeError::Unreadable);
        }
        Ok(Self {
            spoken_ms: windows.len() as u64 * 10 * WINDOWS_STEP as u64,
            windows,
            noise_below_db: 0,
        })
    }
}

/// Returns a window without loudness, with the other coefficients weighted by how much they vary and
/// rounded to the steps in which they are stored.
fn weighed(mut window: Coefficients) -> Coefficients {
    for (order, value) in window.iter_mut().enumerate() {
        let weight = 1.0 + LIFTER / 2.0 * (PI * as_f64(order) / LIFTER).sin();
        *value = match order {
            0 => 0.0,
            _ => f64::from(stored(*value * weight)) / STEPS,
        };
    }
    window
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "a value beyond what a byte holds is as far away as it can be"
)]
fn stored(value: f64) -> i8 {
    (value * STEPS).round().clamp(-127.0, 127.0) as i8
}

fn read(values: &[u8]) -> Coefficients {
    let mut window = [0.0; COEFFICIENTS];
    for (place, byte) in window.iter_mut().skip(1).zip(values) {
        *place = f64::from(i8::from_be_bytes([*byte])) / STEPS;
    }
    window
}

/// Returns an utterance without the silence before and after it, except 0.1 s on each side: about the part
/// that a detector would cut out of a call.
pub fn without_silence(samples: &[i16]) -> &[i16] {
    const AROUND: usize = 800;
    let loudest = samples.iter().map(|one| one.unsigned_abs()).max().unwrap_or(0);
    let loud = |one: &i16| one.unsigned_abs() > loudest / 12;
    let from = samples.iter().position(loud).unwrap_or(0).saturating_sub(AROUND);
    let to = samples.iter().rposition(loud).map_or(0, |last| last + AROUND);
    samples.get(from..to.min(samples.len())).unwrap_or(&[])
}

/// Returns how many decibels the speech lies above the silence: the mean of the levels within 20 dB of the
/// loudest, against the quietest tenth.
fn noise_below_db(samples: &[i16]) -> u32 {
    let power =
        |part: &[i16]| part.iter().map(|one| f64::from(*one).powi(2)).sum::<f64>() / as_f64(part.len());
    let mut levels: Vec<f64> = samples.chunks(LEVEL_SAMPLES).map(power).collect();
    levels.sort_by(f64::total_cmp);
    let loudest = levels.last().copied().unwrap_or(0.0);
    let said: Vec<f64> = levels
        .iter()
        .copied()
        .filter(|one| *one >= loudest / 100.0)
        .collect();
    let quiet = levels
        .get(levels.len() / QUIET_RATIO)
        .copied()
        .unwrap_or(0.0)
        .max(1.0);
    let said = (said.iter().sum::<f64>() / as_f64(said.len().max(1))).max(1.0);
    whole(10.0 * (said / quiet).log10())
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "distances and decibels are small and not below nought"
)]
fn whole(value: f64) -> u32 {
    value.round().clamp(0.0, 1e9) as u32
}

fn as_f64(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audio::frame::sample_from;

    /// Returns swelling tones between two pauses, with some hiss below them.
    fn spoken(hertz: f64, hiss: f64) -> Vec<i16> {
        let mut seed = 7_u64;
        (0..16_000)
            .map(|n| {
                seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                let noise = f64::from(u32::try_from(seed >> 33).unwrap()) / f64::from(1_u32 << 30) - 1.0;
                let t = as_f64(n) / 8_000.0;
                let tone = (2.0 * PI * hertz * t).sin() + (2.0 * PI * hertz * 2.7 * t).sin();
                let loud = if (4_000..12_000).contains(&n) {
                    6_000.0
                } else {
                    0.0
                };
                sample_from(tone * loud * (1.2 + (PI * 4.0 * t).sin()) / 2.2 + noise * hiss)
            })
            .collect()
    }

    #[test]
    fn a_take_is_kept_in_bytes_and_is_the_same_take_again() {
        let take = VoiceTake::of(&spoken(300.0, 30.0)).unwrap();
        assert!((1_000..1_400).contains(&take.spoken_ms()), "{}", take.spoken_ms());
        let bytes = take.to_bytes();
        assert!(bytes.len() <= 12 * 70, "{}", bytes.len());
        let again = VoiceTake::from_bytes(&bytes).unwrap();
        assert_eq!(take.measure_distance_milli(&again), Some(0));
        let other = VoiceTake::of(&spoken(430.0, 30.0)).unwrap();
        assert!(take.measure_distance_milli(&other).unwrap() > 100);
        for bad in [&bytes[..0], &bytes[..13], &vec![0; 12 * 400][..]] {
            assert_eq!(VoiceTake::from_bytes(bad), Err(VoiceTakeError::Unreadable));
        }
    }

    #[test]
    fn what_is_empty_or_too_long_is_no_take_and_noise_is_reported() {
        assert_eq!(VoiceTake::of(&[0; 8_000]), Err(VoiceTakeError::Silent));
        assert_eq!(VoiceTake::of(&[]), Err(VoiceTakeError::Silent));
        assert_eq!(VoiceTake::of(&vec![900; 60_000]), Err(VoiceTakeError::TooLong));
        let noise = |hiss| VoiceTake::of(&spoken(300.0, hiss)).unwrap().noise_below_db();
        assert!(
            noise(20.0) > 30 && (6..20).contains(&noise(1_500.0)),
            "{}",
            noise(1_500.0)
        );
    }
}
