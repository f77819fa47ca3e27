//! Converts a synthesizer's sample rate to the telephone's 8 kHz: a windowed-sinc filter, one phase per
//! offset.
//!
//! The rates' ratio is reduced to `up/down` (22,050 Hz to 8,000 Hz is 160/441), one set of coefficients is
//! computed for each of the `up` offsets between input and output samples, and each output sample is one dot
//! product. The pass band ends at 3.4 kHz (G.712), the stop band begins near the fold-over frequency. It is
//! about 80 lines for one conversion of short prompts; a resampling library would bring an FFT for this.

use crate::audio::frame::sample_from;
use domain::ports::speech::SAMPLES_PER_SECOND;
use std::f64::consts::PI;

/// Zero crossings of the sinc on each side: with a Blackman window, a transition band of about 700 Hz.
const ZERO_CROSSINGS: u32 = 28;
/// Middle of the filter's transition band as a share of half the lower rate: 3.7 kHz of 4 kHz.
const CUTOFF_RATIO: f64 = 0.925;
/// Lowest accepted sample rate of a synthesizer, in hertz.
const RATE_HZ_MIN: u32 = 8_000;
/// Highest accepted sample rate of a synthesizer, in hertz.
const RATE_HZ_MAX: u32 = 48_000;

/// The error for a sample rate outside 8 to 48 kHz.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0} samples per second cannot be resampled to 8000")]
pub struct UnusableRate(pub u32);

/// Resamples mono audio to 8 kHz. Its length changes by the rates' ratio, rounded up. Fails for a rate
/// outside 8 to 48 kHz.
pub fn to_telephone_rate(samples: &[i16], rate_hz: u32) -> Result<Vec<i16>, UnusableRate> {
    if !(RATE_HZ_MIN..=RATE_HZ_MAX).contains(&rate_hz) {
        return Err(UnusableRate(rate_hz));
    }
    if rate_hz == SAMPLES_PER_SECOND {
        return Ok(samples.to_vec());
    }
    let divisor = greatest_common_divisor(rate_hz, SAMPLES_PER_SECOND);
    let (up, down) = (SAMPLES_PER_SECOND / divisor, rate_hz / divisor);
    let half = half_width(rate_hz);
    let phases: Vec<Vec<f64>> = (0..up).map(|phase| coefficients(phase, up, rate_hz)).collect();
    let padded = padded(samples, half as usize);
    let outputs = (samples.len() as u64 * u64::from(up)).div_ceil(u64::from(down));
    let mut resampled = Vec::with_capacity(usize::try_from(outputs).unwrap_or(0));
    for output in 0..outputs {
        let place = output * u64::from(down);
        let (begin, phase) = (place / u64::from(up), place % u64::from(up));
        let window = usize::try_from(begin).ok().and_then(|begin| padded.get(begin..));
        let filter = usize::try_from(phase).ok().and_then(|phase| phases.get(phase));
        if let (Some(window), Some(filter)) = (window, filter) {
            resampled.push(dot(window, filter));
        }
    }
    Ok(resampled)
}

fn greatest_common_divisor(a: u32, b: u32) -> u32 {
    if b == 0 {
        a
    } else {
        greatest_common_divisor(b, a % b)
    }
}

/// Returns the number of input samples on each side of an output sample that contribute to it.
fn half_width(rate_hz: u32) -> u32 {
    (ZERO_CROSSINGS * rate_hz).div_ceil(SAMPLES_PER_SECOND)
}

/// Returns the samples with `half` samples of silence on both sides, so that the filter never runs over an
/// end.
fn padded(samples: &[i16], half: usize) -> Vec<f64> {
    let silence = || std::iter::repeat_n(0.0, half);
    let audio = samples.iter().map(|sample| f64::from(*sample));
    silence().chain(audio).chain(silence()).chain([0.0]).collect()
}

/// Returns the filter coefficients for output samples at `phase/up` of the way from one input sample to the
/// next. Their sum is 1, so that a constant stays the same.
fn coefficients(phase: u32, up: u32, rate_hz: u32) -> Vec<f64> {
    let half = half_width(rate_hz);
    let offset = f64::from(phase) / f64::from(up);
    let cutoff = CUTOFF_RATIO * f64::from(SAMPLES_PER_SECOND) / f64::from(rate_hz);
    let raw: Vec<f64> = (0..=2 * half)
        .map(|tap| {
            let distance = f64::from(tap) - f64::from(half) - offset;
            sinc(distance * cutoff) * blackman(distance / (f64::from(half) + 1.0))
        })
        .collect();
    let sum: f64 = raw.iter().sum();
    raw.into_iter().map(|coefficient| coefficient / sum).collect()
}

fn sinc(x: f64) -> f64 {
    if x.abs() < 1e-9 {
        1.0
    } else {
        (PI * x).sin() / (PI * x)
    }
}

/// Returns the value of Blackman's window at `x`, from -1 to 1.
fn blackman(x: f64) -> f64 {
    0.42 + 0.5 * (PI * x).cos() + 0.08 * (2.0 * PI * x).cos()
}

fn dot(window: &[f64], filter: &[f64]) -> i16 {
    let sum = window
        .iter()
        .zip(filter)
        .map(|(sample, coefficient)| sample * coefficient)
        .sum();
    sample_from(sum)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sine(hertz: f64, rate_hz: u32, samples: u32) -> Vec<i16> {
        (0..samples)
            .map(|n| sample_from((2.0 * PI * hertz * f64::from(n) / f64::from(rate_hz)).sin() * 10_000.0))
            .collect()
    }

    /// Returns the peak of the middle half, which the ends do not affect.
    fn peak(samples: &[i16]) -> i16 {
        let quarter = samples.len() / 4;
        samples[quarter..3 * quarter]
            .iter()
            .map(|one| one.abs())
            .max()
            .unwrap()
    }

    #[test]
    fn speech_passes_at_its_level_and_place() {
        for hertz in [200.0, 1_000.0, 3_000.0, 3_300.0] {
            let resampled = to_telephone_rate(&sine(hertz, 22_050, 22_050), 22_050).unwrap();
            let expected = sine(hertz, 8_000, 8_000);
            assert_eq!(resampled.len(), 8_000);
            for (index, (got, wanted)) in resampled.iter().zip(&expected).enumerate().skip(200).take(7_600) {
                assert!(
                    (got - wanted).abs() < 150,
                    "{hertz} Hz sample {index}: {got} for {wanted}"
                );
            }
        }
    }

    #[test]
    fn what_a_telephone_cannot_carry_does_not_fold_back() {
        for hertz in [4_400.0, 5_000.0, 7_000.0, 10_000.0] {
            let resampled = to_telephone_rate(&sine(hertz, 22_050, 22_050), 22_050).unwrap();
            assert!(peak(&resampled) < 60, "{hertz} Hz leaves {}", peak(&resampled));
        }
    }

    #[test]
    fn a_constant_and_the_loudest_sample_stay_what_they_are() {
        let resampled = to_telephone_rate(&[i16::MAX; 4_410], 22_050).unwrap();
        assert!(resampled[200..1_400].iter().all(|sample| *sample >= i16::MAX - 1));
    }

    #[test]
    fn every_output_sample_exists_for_any_length_and_rate() {
        for rate_hz in [8_000, 16_000, 22_050, 24_000, 44_100, 48_000] {
            for length in [0_usize, 1, 2, 441, 442, 1_000] {
                let resampled = to_telephone_rate(&vec![5; length], rate_hz).unwrap();
                let expected = (length as u64 * 8_000).div_ceil(u64::from(rate_hz));
                assert_eq!(resampled.len() as u64, expected, "{length} at {rate_hz}");
            }
        }
    }

    #[test]
    fn the_rates_of_synthesizers_are_taken_and_others_refused() {
        assert!(to_telephone_rate(&[], 8_000).is_ok() && to_telephone_rate(&[], 48_000).is_ok());
        assert_eq!(to_telephone_rate(&[], 7_999), Err(UnusableRate(7_999)));
        assert_eq!(to_telephone_rate(&[], 48_001), Err(UnusableRate(48_001)));
    }
}
