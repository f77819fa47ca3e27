//! Simulates the effect of a telephone line on audio: a level, noise below it, and G.711.

use media::audio::frame::{FRAME_SAMPLES, sample_from};
use media::codec::Codec;

/// The settings of a simulated telephone line.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TelephoneLine {
    /// Decibels by which the line is louder; negative for quieter.
    pub gain_db: f64,
    /// Decibels by which white noise lies below the audio; `None` for no noise.
    pub noise_below_db: Option<f64>,
    /// The seed of the noise: equal seeds give equal bytes.
    pub seed: u64,
}

impl TelephoneLine {
    /// A line that changes neither the level nor adds noise.
    pub const QUIET: Self = Self {
        gain_db: 0.0,
        noise_below_db: None,
        seed: 1,
    };

    /// Returns a line that adds noise this many decibels below the audio and does not change its level.
    pub const fn with_noise(below_db: f64, seed: u64) -> Self {
        Self {
            gain_db: 0.0,
            noise_below_db: Some(below_db),
            seed,
        }
    }

    /// Returns the audio as the other end of the line receives it: with the gain and noise, through G.711.
    pub fn carries(self, samples: &[i16]) -> Vec<i16> {
        let noise_level = self.noise_below_db.map_or(0.0, |below_db| {
            // Uniform numbers have a third of their square as power.
            level_of(samples) * ratio_of(-below_db) * 3.0_f64.sqrt()
        });
        let gain = ratio_of(self.gain_db);
        let mut noise = Uniform(self.seed);
        let noisy: Vec<i16> = samples
            .iter()
            .map(|sample| sample_from((f64::from(*sample) + noise.next() * noise_level) * gain))
            .collect();
        let mut bytes = vec![0; noisy.len()];
        Codec::Pcmu.encode(&noisy, &mut bytes);
        let mut heard = vec![0; noisy.len()];
        Codec::Pcmu.decode(&bytes, &mut heard);
        heard
    }
}

/// Returns the speech level: the root mean square over the frames within 20 dB of the loudest one.
fn level_of(samples: &[i16]) -> f64 {
    let power =
        |frame: &[i16]| frame.iter().map(|one| f64::from(*one).powi(2)).sum::<f64>() / as_f64(frame.len());
    let powers: Vec<f64> = samples.chunks(FRAME_SAMPLES).map(power).collect();
    let loudest = powers.iter().copied().fold(0.0, f64::max);
    let said: Vec<f64> = powers.into_iter().filter(|one| *one >= loudest / 100.0).collect();
    (said.iter().sum::<f64>() / as_f64(said.len().max(1))).sqrt()
}

fn ratio_of(db: f64) -> f64 {
    10.0_f64.powf(db / 20.0)
}

pub(super) fn as_f64(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}

/// Pseudo-random numbers from -1 to 1; the same seed gives the same sequence.
struct Uniform(u64);

impl Uniform {
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        f64::from(u32::try_from(self.0 >> 33).unwrap_or(0)) / f64::from(1_u32 << 30) - 1.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn noise_lies_as_far_below_the_sound_as_is_said_and_a_seed_gives_the_same_bytes() {
        let tone: Vec<i16> = (0..8_000)
            .map(|n| sample_from((f64::from(n) * 0.4).sin() * 6_000.0))
            .collect();
        let quiet = TelephoneLine::QUIET.carries(&tone);
        let noisy = TelephoneLine::with_noise(10.0, 3).carries(&tone);
        let apart: Vec<i16> = noisy.iter().zip(&quiet).map(|(a, b)| a - b).collect();
        let below_db = 20.0 * (level_of(&tone) / level_of(&apart)).log10();
        assert!((9.0..11.0).contains(&below_db), "{below_db}");
        assert_eq!(noisy, TelephoneLine::with_noise(10.0, 3).carries(&tone));
        assert_ne!(noisy, TelephoneLine::with_noise(10.0, 4).carries(&tone));
        let louder = TelephoneLine {
            gain_db: 6.0,
            ..TelephoneLine::QUIET
        };
        let gain_db = 20.0 * (level_of(&louder.carries(&tone)) / level_of(&quiet)).log10();
        assert!((5.5..6.5).contains(&gain_db), "{gain_db}");
    }
}
