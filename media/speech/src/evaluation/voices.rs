//! Evaluates how well speakers are distinguished by one phrase: espeak-ng's voices over a telephone, each
//! compared with itself and with every other.
//!
//! Synthetic voices are far easier than people: the figures show that the comparison works as described, not
//! how well it would recognize a person.

use super::line::{TelephoneLine, as_f64};
use crate::rehearsal_voices::Speaker;
use crate::voice_likeness::THRESHOLD_MILLI;
use media::audio::likeness::VoiceTake;
use serde::Serialize;

/// Largest allowed equal-error rate, and largest allowed rate of either error at the threshold that is used.
pub const ERROR_RATIO_MAX: f64 = 0.03;

/// The simulated speakers, by espeak-ng's voices: seven men and five women.
const SPEAKERS: [&str; 12] = [
    "m1", "m2", "m3", "m4", "m5", "m6", "m7", "f1", "f2", "f3", "f4", "f5",
];
/// Words per minute and pitch of each speaker's takes: a person never says something twice in the same way.
const TAKES: [(u32, u32); 3] = [(172, 48), (180, 50), (188, 52)];
/// The phrase that all speakers say, in pinyin.
const PHRASE: &str = "wo3 shi4 ben3 ren2 wo3 tong2 yi4 yong4 wo3 de5 sheng1 yin1 lai2 he2 dui4";
/// Decibels by which the line's noise lies below the voice.
const NOISE_BELOW_DB: f64 = 20.0;

/// The results of the comparisons.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct VoicesEvaluation {
    pub speakers: usize,
    pub takes: usize,
    pub noise_below_db: f64,
    /// Number of comparisons of a speaker with the same speaker.
    pub genuine_count: usize,
    /// Number of comparisons of a speaker with another one.
    pub impostor_count: usize,
    /// The equal-error rate: the share of wrong decisions at the distance where as many comparisons are
    /// wrongly refused as wrongly accepted.
    pub equal_error_ratio: f64,
    pub equal_error_ratio_max: f64,
    /// The distance at which both errors are equal, in thousandths.
    pub equal_error_milli: u32,
    /// The threshold in use: the largest distance that counts as alike, in thousandths.
    pub threshold_milli: u32,
    pub false_alike_count: usize,
    pub false_unlike_count: usize,
    /// The largest distance of a speaker to the same speaker, in thousandths.
    pub genuine_milli_max: u32,
    /// The smallest distance of a speaker to another one, in thousandths.
    pub impostor_milli_min: u32,
    pub is_synthetic: bool,
}

impl VoicesEvaluation {
    /// True if all error rates are within `ERROR_RATIO_MAX`.
    pub fn holds(&self) -> bool {
        let ratio = |wrong: usize, of: usize| as_f64(wrong) / as_f64(of.max(1));
        self.genuine_count > 0
            && self.impostor_count > 0
            && self.equal_error_ratio <= self.equal_error_ratio_max
            && ratio(self.false_alike_count, self.impostor_count) <= self.equal_error_ratio_max
            && ratio(self.false_unlike_count, self.genuine_count) <= self.equal_error_ratio_max
    }
}

/// Synthesizes the phrase for all speakers and compares each take with every other; `None` if espeak-ng is
/// not installed.
pub fn evaluate_voices() -> Option<VoicesEvaluation> {
    let speakers: Option<Vec<Vec<VoiceTake>>> = SPEAKERS
        .iter()
        .zip(0..)
        .map(|(variant, seed)| takes_of(variant, seed))
        .collect();
    let speakers = speakers?;
    let mut genuine = Vec::new();
    let mut impostor = Vec::new();
    for (place, own) in speakers.iter().enumerate() {
        for (index, take) in own.iter().enumerate() {
            genuine.extend(own.iter().skip(index + 1).map(|other| apart(take, other)));
        }
        let others = speakers.iter().enumerate().filter(|(other, _)| *other != place);
        let pairs = others.filter_map(|(_, other)| own.first().zip(other.get(1)));
        impostor.extend(pairs.map(|(take, other)| apart(take, other)));
    }
    let equal = equal_error(&genuine, &impostor);
    Some(VoicesEvaluation {
        speakers: SPEAKERS.len(),
        takes: TAKES.len(),
        noise_below_db: NOISE_BELOW_DB,
        genuine_count: genuine.len(),
        impostor_count: impostor.len(),
        equal_error_ratio: equal.ratio,
        equal_error_ratio_max: ERROR_RATIO_MAX,
        equal_error_milli: equal.at_milli,
        threshold_milli: THRESHOLD_MILLI,
        false_alike_count: impostor.iter().filter(|one| **one <= THRESHOLD_MILLI).count(),
        false_unlike_count: genuine.iter().filter(|one| **one > THRESHOLD_MILLI).count(),
        genuine_milli_max: genuine.iter().copied().max().unwrap_or(0),
        impostor_milli_min: impostor.iter().copied().min().unwrap_or(0),
        is_synthetic: true,
    })
}

fn takes_of(variant: &'static str, seed: u64) -> Option<Vec<VoiceTake>> {
    let take = |((pace, pitch), number): (&(u32, u32), u64)| {
        let (pace, pitch) = (*pace, *pitch);
        let mut sound = Speaker { variant, pace, pitch }.says(PHRASE)?;
        // Leaves room for noise, and adds the silence of a call around the phrase.
        sound.iter_mut().for_each(|one| *one /= 2);
        let whole = [vec![0; 2_400], sound, vec![0; 2_400]].concat();
        let line = TelephoneLine::with_noise(NOISE_BELOW_DB, 1 + seed * 16 + number);
        VoiceTake::of(&line.carries(&whole)).ok()
    };
    TAKES.iter().zip(0..).map(take).collect()
}

/// Returns the distance of two takes, in thousandths; `u32::MAX` if they cannot be the same phrase.
fn apart(one: &VoiceTake, other: &VoiceTake) -> u32 {
    one.measure_distance_milli(other).unwrap_or(u32::MAX)
}

/// The rate at which both errors are equal, and the distance at which that is.
struct EqualError {
    ratio: f64,
    at_milli: u32,
}

fn equal_error(genuine: &[u32], impostor: &[u32]) -> EqualError {
    let ratio = |wrong: usize, of: usize| as_f64(wrong) / as_f64(of.max(1));
    let mut best = EqualError {
        ratio: 1.0,
        at_milli: 0,
    };
    for at_milli in genuine.iter().chain(impostor).copied() {
        let taken = ratio(
            impostor.iter().filter(|one| **one <= at_milli).count(),
            impostor.len(),
        );
        let refused = ratio(
            genuine.iter().filter(|one| **one > at_milli).count(),
            genuine.len(),
        );
        let worse = taken.max(refused);
        if worse < best.ratio {
            best = EqualError {
                ratio: worse,
                at_milli,
            };
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn synthetic_speakers_are_distinguished_by_one_phrase() {
        let Some(found) = evaluate_voices() else {
            println!("SKIPPED: espeak-ng is not installed");
            return;
        };
        println!("{}", serde_json::to_string(&found).unwrap());
        assert_eq!((found.genuine_count, found.impostor_count), (36, 132));
        assert!(found.holds(), "{found:?}");
    }

    #[test]
    fn the_equal_error_is_where_both_errors_meet() {
        let apart = equal_error(&[1, 2, 3], &[7, 8]);
        assert!(apart.ratio.abs() < 1e-9 && apart.at_milli == 3);
        let mixed = equal_error(&[1, 2, 6, 9], &[3, 7, 8, 9]);
        assert!((mixed.ratio - 0.25).abs() < 1e-9, "{}", mixed.ratio);
        assert!((equal_error(&[9, 9], &[1, 1]).ratio - 1.0).abs() < 1e-9);
    }
}
