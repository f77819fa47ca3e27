//! Computes cepstral coefficients of speech at 8 kHz: 25 ms windows every 10 ms, 20 mel bands, 13
//! coefficients, less their mean over the utterance and divided by their deviation, so that line and voice
//! matter less.

use microfft::real::rfft_256;
use std::f64::consts::PI;
use std::sync::LazyLock;

/// Samples of a window at 8 kHz: 25 ms.
const WINDOW: usize = 200;
/// Samples between windows: 10 ms.
const STEP: usize = 80;
/// Length of the Fourier transform, in samples.
const LENGTH: usize = 256;
/// Number of mel bands between the two edges in `EDGES_HZ`.
const BANDS: usize = 20;
/// Lower and upper edge of the telephone's frequency band, in hertz.
const EDGES_HZ: [f64; 2] = [200.0, 3_400.0];
/// Number of coefficients kept of a window.
pub const COEFFICIENTS: usize = 13;
/// Weight of the preceding sample in the pre-emphasis.
const EMPHASIS: f64 = 0.97;
/// Smallest energy of a band, so that silence has a logarithm: about -70 dB.
const ENERGY_MIN: f64 = 1e-7;

/// The coefficients of one window.
pub type Coefficients = [f64; COEFFICIENTS];

/// The constant tables of the computation: window, mel bands and cosines.
struct Tables {
    window: Vec<f64>,
    bands: Vec<Vec<f64>>,
    cosines: Vec<Vec<f64>>,
}

static TABLES: LazyLock<Tables> = LazyLock::new(Tables::new);

fn as_f64(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}

fn mel(hertz: f64) -> f64 {
    2_595.0 * (1.0 + hertz / 700.0).log10()
}

impl Tables {
    fn new() -> Self {
        let window = (0..WINDOW).map(|n| 0.54 - 0.46 * (2.0 * PI * as_f64(n) / as_f64(WINDOW - 1)).cos());
        let [low, high] = EDGES_HZ.map(mel);
        let centre = |band: usize| low + (high - low) * as_f64(band) / as_f64(BANDS + 1);
        let bands = (1..=BANDS).map(|band| {
            let (below, own, above) = (centre(band - 1), centre(band), centre(band + 1));
            let weight = |bin: usize| {
                let place = mel(as_f64(bin) * 8_000.0 / as_f64(LENGTH));
                let rising = (place - below) / (own - below);
                let falling = (above - place) / (above - own);
                rising.min(falling).max(0.0)
            };
            // The last bin, at 4 kHz, is beyond the edges.
            (0..LENGTH / 2).map(weight).collect()
        });
        let cosines = (0..COEFFICIENTS).map(|order| {
            (0..BANDS)
                .map(|band| (PI * as_f64(order) * (as_f64(band) + 0.5) / as_f64(BANDS)).cos())
                .collect()
        });
        Self {
            window: window.collect(),
            bands: bands.collect(),
            cosines: cosines.collect(),
        }
    }

    fn coefficients(&self, samples: &[f64]) -> Coefficients {
        let mut input = [0.0_f32; LENGTH];
        for ((place, sample), weight) in input.iter_mut().zip(samples).zip(&self.window) {
            *place = narrowed(sample * weight);
        }
        let spectrum = rfft_256(&mut input);
        let power: Vec<f64> = spectrum.iter().map(|one| f64::from(one.norm_sqr())).collect();
        let band = |weights: &Vec<f64>| dot(weights, &power).max(ENERGY_MIN).ln();
        let energies: Vec<f64> = self.bands.iter().map(band).collect();
        let mut kept = [0.0; COEFFICIENTS];
        for (place, cosines) in kept.iter_mut().zip(&self.cosines) {
            *place = dot(cosines, &energies);
        }
        kept
    }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "a sample has 16 bits, a single has 24"
)]
const fn narrowed(sample: f64) -> f32 {
    sample as f32
}

fn dot(one: &[f64], other: &[f64]) -> f64 {
    one.iter().zip(other).map(|(a, b)| a * b).sum()
}

/// Returns the coefficients of each window of an utterance at 8 kHz, normalized over the utterance; empty
/// if it is shorter than a window.
pub fn coefficients_of(samples: &[i16]) -> Vec<Coefficients> {
    let mut all = plain_coefficients_of(samples);
    normalise(&mut all);
    all
}

/// Returns the coefficients of each window without normalization, so that they still contain the effects of
/// line and voice.
pub(super) fn plain_coefficients_of(samples: &[i16]) -> Vec<Coefficients> {
    let mut before = 0.0;
    let emphasised: Vec<f64> = samples
        .iter()
        .map(|sample| {
            let sample = f64::from(*sample) / 32_768.0;
            let kept = sample - EMPHASIS * before;
            before = sample;
            kept
        })
        .collect();
    let windows = emphasised.windows(WINDOW).step_by(STEP);
    windows.map(|window| TABLES.coefficients(window)).collect()
}

fn normalise(all: &mut [Coefficients]) {
    let count = as_f64(all.len().max(1));
    for order in 0..COEFFICIENTS {
        let values = || all.iter().filter_map(|one| one.get(order));
        let mean = values().sum::<f64>() / count;
        let variance = values().map(|value| (value - mean).powi(2)).sum::<f64>() / count;
        let deviation = variance.sqrt().max(1e-3);
        for value in all.iter_mut().filter_map(|one| one.get_mut(order)) {
            *value = (*value - mean) / deviation;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tone(hertz: f64, samples: usize) -> Vec<i16> {
        (0..samples)
            .map(|n| {
                crate::audio::frame::sample_from((2.0 * PI * hertz * as_f64(n) / 8_000.0).sin() * 8_000.0)
            })
            .collect()
    }

    #[test]
    fn an_utterance_has_a_window_every_10_ms_and_is_centred() {
        let mut samples = tone(400.0, 4_000);
        samples.extend(tone(1_500.0, 4_000));
        let found = coefficients_of(&samples);
        assert_eq!(found.len(), (8_000 - WINDOW) / STEP + 1);
        for order in 0..COEFFICIENTS {
            let mean: f64 = found.iter().map(|one| one[order]).sum::<f64>() / as_f64(found.len());
            assert!(mean.abs() < 1e-9, "coefficient {order}: {mean}");
        }
        let (first, last) = (found[10], found[found.len() - 10]);
        assert!(first.iter().zip(&last).any(|(a, b)| (a - b).abs() > 1.0));
        assert!(coefficients_of(&samples[..WINDOW - 1]).is_empty());
    }
}
