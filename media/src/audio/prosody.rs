//! Measures how a caller speaks, stretch by stretch, compared with the caller's own first seconds: pitch,
//! level and pace.
//!
//! Pitch is the lag at which 40 ms of audio repeat themselves best, searched between 70 and 400 Hz and
//! accepted only if two frames in a row agree, so that neither a missing fundamental nor a whistle counts.
//! Pace counts the swellings of loudness, which are roughly syllables. Before the caller's first three
//! seconds of speech are over there is no result.

use crate::audio::frame::{FRAME_MS, FRAME_SAMPLES, Frame};
use domain::emotion::Prosody;

/// Lag of the highest pitch, in samples at 8 kHz: 400 Hz.
const LAG_MIN: usize = 20;
/// Lag of the lowest pitch, in samples at 8 kHz: 70 Hz; below it lie hum and mistakes.
const LAG_MAX: usize = 114;
/// Number of samples compared at each lag.
const COMPARED: usize = 2 * FRAME_SAMPLES - LAG_MAX;
/// Smallest correlation of the audio with itself, shifted by a lag, at which it has a pitch.
const VOICED: f64 = 0.55;
/// Share of the best correlation from which a shorter lag is taken as the pitch's; the longer ones are its
/// multiples.
const NEARLY: f64 = 0.88;
/// Largest ratio between the pitches of two consecutive frames; a larger change is not counted.
const MOVES_RATIO_MAX: f64 = 1.2;
/// Speech of the caller that is needed as the reference, in milliseconds: three seconds.
const OWN_MS: u64 = 3_000;
/// Frames with a pitch that a speech segment needs for a result: 200 ms.
const VOICED_FRAMES_MIN: usize = 10;
/// Most frames examined of one speech segment: 30 s; the rest of a longer one is ignored.
const STRETCH_FRAMES_MAX: usize = 1_500;
/// Decibels by which loudness falls between two peaks (syllables).
const DIP_DB: f64 = 2.5;

/// The prosody meter of one leg.
#[derive(Debug, Clone, Default)]
pub struct ProsodyMeter {
    own: Measurements,
    is_own_known: bool,
    stretch: Measurements,
    before: Option<Frame>,
    pitch_before: Option<f64>,
    swelling: Swelling,
}

/// Measurements over one or more speech segments.
#[derive(Debug, Clone, Default)]
struct Measurements {
    pitches: Vec<f64>,
    levels: Vec<f64>,
    swellings: u32,
    frames: usize,
}

/// The state of the search for peaks of loudness, which are counted as syllables.
#[derive(Debug, Clone, Copy, Default)]
struct Swelling {
    smoothed_db: f64,
    top_db: f64,
    dip_db: f64,
    is_rising: bool,
}

impl Swelling {
    /// Handles the level of the next frame. Returns true if a peak of loudness has passed.
    fn passes(&mut self, level_db: f64, is_first: bool) -> bool {
        self.smoothed_db = if is_first {
            level_db
        } else {
            0.4 * self.smoothed_db + 0.6 * level_db
        };
        if is_first {
            self.top_db = self.smoothed_db;
            self.dip_db = self.smoothed_db;
            self.is_rising = true;
        }
        if self.is_rising {
            self.top_db = self.top_db.max(self.smoothed_db);
            if self.smoothed_db < self.top_db - DIP_DB {
                self.is_rising = false;
                self.dip_db = self.smoothed_db;
                return true;
            }
        } else {
            self.dip_db = self.dip_db.min(self.smoothed_db);
            if self.smoothed_db > self.dip_db + DIP_DB {
                self.is_rising = true;
                self.top_db = self.smoothed_db;
            }
        }
        false
    }
}

impl Measurements {
    fn middle(values: &[f64]) -> Option<f64> {
        let mut sorted = values.to_vec();
        sorted.sort_by(f64::total_cmp);
        sorted.get(sorted.len() / 2).copied()
    }

    /// Returns the number of loudness peaks per thousand frames, for the comparison of two segments.
    fn pace(&self) -> f64 {
        f64::from(self.swellings) * 1_000.0 / as_f64(self.frames.max(1))
    }

    fn add(&mut self, other: Self) {
        self.pitches.extend(other.pitches);
        self.levels.extend(other.levels);
        self.swellings += other.swellings;
        self.frames += other.frames;
    }

    fn against(&self, own: &Self) -> Option<Prosody> {
        if self.pitches.len() < VOICED_FRAMES_MIN {
            return None;
        }
        let pitch = Self::middle(&self.pitches)? / Self::middle(&own.pitches)?;
        let louder = Self::middle(&self.levels)? - Self::middle(&own.levels)?;
        let rate = if own.swellings == 0 {
            1.0
        } else {
            self.pace() / own.pace()
        };
        Some(Prosody {
            pitch_permille: whole(pitch * 1_000.0).unsigned_abs(),
            louder_db: whole(louder),
            rate_permille: whole(rate * 1_000.0).unsigned_abs(),
        })
    }
}

impl ProsodyMeter {
    /// Measures a frame of the current speech segment.
    pub fn push(&mut self, frame: &Frame) {
        if self.stretch.frames >= STRETCH_FRAMES_MAX {
            return;
        }
        let is_first = self.stretch.frames == 0;
        self.stretch.frames += 1;
        let level_db = level_of(frame);
        self.stretch.swellings += u32::from(self.swelling.passes(level_db, is_first));
        let Some(before) = self.before.replace(*frame) else {
            return;
        };
        let pitch = pitch_of(&before, frame);
        if let (Some(pitch), Some(last)) = (pitch, self.pitch_before)
            && (1.0 / MOVES_RATIO_MAX..=MOVES_RATIO_MAX).contains(&(pitch / last))
        {
            self.stretch.pitches.push(pitch);
            self.stretch.levels.push(level_db);
        }
        self.pitch_before = pitch;
    }

    /// Ends the speech segment. Returns pitch, level and pace compared with the caller's first three
    /// seconds of speech; `None` while these are incomplete, or if the segment has too little pitch.
    pub fn end_segment(&mut self) -> Option<Prosody> {
        let mut stretch = std::mem::take(&mut self.stretch);
        self.before = None;
        self.pitch_before = None;
        // A last swelling has no dip behind it.
        stretch.swellings += 1;
        if self.is_own_known {
            return stretch.against(&self.own);
        }
        self.own.add(stretch);
        self.is_own_known = self.own.frames as u64 * FRAME_MS >= OWN_MS && !self.own.pitches.is_empty();
        None
    }
}

fn level_of(frame: &Frame) -> f64 {
    let energy: f64 = frame.iter().map(|one| f64::from(*one).powi(2)).sum();
    10.0 * (energy / as_f64(FRAME_SAMPLES)).max(1.0).log10()
}

/// Returns the pitch of 40 ms of audio, in hertz; `None` if they have none.
fn pitch_of(before: &Frame, frame: &Frame) -> Option<f64> {
    let sound: Vec<f64> = before.iter().chain(frame).map(|one| f64::from(*one)).collect();
    let mean = sound.iter().sum::<f64>() / as_f64(sound.len());
    let sound: Vec<f64> = sound.iter().map(|one| one - mean).collect();
    let first = sound.get(..COMPARED)?;
    let energy = dot(first, first);
    let alike = |lag: usize| {
        let later = sound.get(lag..lag + COMPARED).unwrap_or(&[]);
        let both = (energy * dot(later, later)).sqrt();
        if both > 0.0 { dot(first, later) / both } else { 0.0 }
    };
    let all: Vec<f64> = (LAG_MIN..=LAG_MAX).map(alike).collect();
    let best = all.iter().copied().reduce(f64::max)?;
    if best < VOICED {
        return None;
    }
    let is_top = |index: usize| {
        let at = |index: usize| all.get(index).copied().unwrap_or(f64::NEG_INFINITY);
        let before = index.checked_sub(1).map_or(f64::NEG_INFINITY, at);
        at(index) >= before && at(index) >= at(index + 1)
    };
    let mut tops = (0..all.len()).filter(|index| is_top(*index));
    let found = tops.find(|index| all.get(*index).is_some_and(|value| *value >= best * NEARLY))?;
    Some(8_000.0 / as_f64(LAG_MIN + found))
}

fn dot(one: &[f64], other: &[f64]) -> f64 {
    one.iter().zip(other).map(|(a, b)| a * b).sum()
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "clamped to the range of i16 before; a float has no TryInto"
)]
fn whole(value: f64) -> i16 {
    value
        .round()
        .clamp(f64::from(i16::MIN) + 1.0, f64::from(i16::MAX)) as i16
}

fn as_f64(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audio::frame::sample_from;
    use std::f64::consts::TAU;

    /// Pushes a stretch with harmonics from 300 Hz up, as a telephone transmits them, with this many
    /// swellings a second.
    fn speak(meter: &mut ProsodyMeter, hertz: f64, level: f64, per_second: f64, ms: u64) -> Option<Prosody> {
        for index in 0..ms / FRAME_MS {
            let mut frame = [0; FRAME_SAMPLES];
            for (place, sample) in frame.iter_mut().enumerate() {
                let second = (f64::from(u32::try_from(index).unwrap()) * 160.0 + as_f64(place)) / 8_000.0;
                let swell = 0.15 + 0.85 * (TAU * per_second / 2.0 * second).sin().abs();
                let tone = |times: u32| (TAU * hertz * f64::from(times) * second).sin() / f64::from(times);
                let heard = (1..30).filter(|times| (300.0..3_400.0).contains(&(hertz * f64::from(*times))));
                *sample = sample_from(heard.map(tone).sum::<f64>() * swell * level * 4.0);
            }
            meter.push(&frame);
        }
        meter.end_segment()
    }

    fn known() -> ProsodyMeter {
        let mut meter = ProsodyMeter::default();
        for _ in 0..3 {
            assert_eq!(speak(&mut meter, 120.0, 400.0, 4.0, 1_000), None);
        }
        meter
    }

    #[test]
    fn nothing_is_known_of_a_caller_before_their_first_seconds_are_over() {
        let mut meter = ProsodyMeter::default();
        assert_eq!(speak(&mut meter, 120.0, 400.0, 4.0, 2_900), None);
        assert_eq!(
            speak(&mut meter, 120.0, 400.0, 4.0, 200),
            None,
            "they fill the three seconds"
        );
        assert!(speak(&mut meter, 120.0, 400.0, 4.0, 1_000).is_some());
    }

    #[test]
    fn pitch_level_and_pace_are_measured_against_the_callers_own() {
        let mut meter = known();
        let same = speak(&mut meter, 120.0, 400.0, 4.0, 1_500).unwrap();
        assert!((970..=1_030).contains(&same.pitch_permille), "{same:?}");
        assert!(
            same.louder_db.abs() <= 1 && (700..=1_350).contains(&same.rate_permille),
            "{same:?}"
        );
        let higher = speak(&mut meter, 180.0, 400.0, 4.0, 1_500).unwrap();
        assert!((1_450..=1_550).contains(&higher.pitch_permille), "{higher:?}");
        let louder = speak(&mut meter, 120.0, 1_600.0, 4.0, 1_500).unwrap();
        assert!((11..=13).contains(&louder.louder_db), "{louder:?}");
        let faster = speak(&mut meter, 120.0, 400.0, 7.0, 1_500).unwrap();
        assert!(faster.rate_permille > 1_400, "{faster:?}");
    }

    #[test]
    fn noise_and_a_pitch_outside_a_voices_have_no_reading() {
        let mut meter = known();
        assert_eq!(speak(&mut meter, 900.0, 0.0, 4.0, 1_500), None, "silence");
        let mut seed = 1_u64;
        for _ in 0..75 {
            let mut frame = [0; FRAME_SAMPLES];
            for sample in &mut frame {
                seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                *sample = sample_from(f64::from(u32::try_from(seed >> 50).unwrap()) - 8_192.0);
            }
            meter.push(&frame);
        }
        assert_eq!(meter.end_segment(), None, "noise");
    }
}
