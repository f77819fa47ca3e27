//! Decides whether a frame of audio is speech: by its level above a noise floor that follows the line, its
//! shape, and a gate relative to the caller's own peak.
//!
//! No model and no dependency. A frame is voice if it is `threshold_db` above the noise floor, at most
//! `GATE_DB` below the caller's recent peak (so that other people in the room do not count), and, at the
//! beginning of speech, shaped like a voice rather than like noise. Speech begins after 60 ms of voice and
//! ends after `HANGOVER_MS` without. The floor is the quietest quarter of a second of the last two seconds
//! (minimum statistics), so that it neither follows words nor keeps the level of an earlier, quieter line. It
//! cannot tell the caller from a second voice of the same loudness.

use crate::audio::frame::{FRAME_MS, FRAME_SAMPLES, Frame};
use std::collections::VecDeque;

/// Default of the level above the noise floor, in decibels, from which a frame counts as voice.
pub const THRESHOLD_DB: u8 = 9;
/// Range of the voice threshold, in decibels; other values become the nearer end.
const THRESHOLD_DB_RANGE: std::ops::RangeInclusive<u8> = 3..=30;
/// Decibels below the caller's recent peak beyond which a frame is not the caller's voice.
const GATE_DB: f64 = 14.0;
/// Decibels per second by which the recent peak falls.
const PEAK_FALLS_DB_PER_SECOND: f64 = 0.7;
/// Number of frames that a level must last to count as the caller's own: 60 ms, which no click does.
const PEAK_FRAMES: usize = 3;
/// Lowest level of a voice on a telephone, in decibels relative to full scale.
const QUIETEST_VOICE_DB: f64 = -48.0;
/// Lowest noise floor, in decibels relative to full scale: that of a line that sends digital silence.
const FLOOR_DB_MIN: f64 = -70.0;
/// Voice after which a speech segment begins, in milliseconds: a click is shorter.
const ONSET_MS: u64 = 60;
/// Silence that ends a speech segment, in milliseconds: pauses between words are shorter. The code that
/// decides when to answer waits longer (`domain::turn`).
const HANGOVER_MS: u64 = 300;
/// Longest silence, in milliseconds, that does not count as a pause in `VoiceChange::Going`.
const PAUSE_MS: u64 = 160;
/// Longest silence that counts as voice, in milliseconds, because it is part of a word, for example before
/// a stop or within a soft consonant.
const CLOSURE_MS: u64 = 60;
/// Milliseconds of voice after which `VoiceChange::Going` is reported again.
const REPORT_EVERY_MS: u64 = 100;
/// Number of frames in one window of the search for the noise floor: 250 ms.
const WINDOW_FRAMES: usize = 12;
/// Number of windows that the floor looks back on: two seconds.
const WINDOWS: usize = 8;
/// Decibels between the quietest level of noise and its mean.
const FLOOR_BIAS_DB: f64 = 2.0;
/// Correlation of each sample with the next above which a frame is shaped like a voice: white noise has 0,
/// voices more than 0.5.
const VOICE_LIKENESS: f64 = 0.25;

/// A change in the caller's speech that a frame brings. Times are in milliseconds of the call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VoiceChange {
    /// Speech began at this instant, a little before this frame.
    Started { t_ms: u64 },
    /// Speech goes on; `voiced_ms` is the voice without a pause up to this instant.
    Going { t_ms: u64, voiced_ms: u64 },
    /// Speech ended at this instant; `voiced_ms` is the voice of the whole stretch.
    Ended { t_ms: u64, voiced_ms: u64 },
}

/// The state of a speech segment.
#[derive(Debug, Clone, Copy)]
struct SegmentState {
    voiced_until_ms: u64,
    /// Voice of the whole stretch, in milliseconds.
    voiced_ms: u64,
    /// Voice since the last pause, in milliseconds.
    unbroken_ms: u64,
    reported_ms: u64,
}

/// The voice activity detector of one leg.
#[derive(Debug, Clone)]
pub struct VoiceActivity {
    threshold_db: f64,
    smoothed_db: f64,
    window: Vec<f64>,
    minima: VecDeque<f64>,
    peak_db: f64,
    /// Levels of the last frames; a frame without voice has the lowest level.
    lasting_db: [f64; PEAK_FRAMES],
    /// The beginning of the uninterrupted voice frames, in milliseconds, while no speech segment has begun.
    onset_ms: Option<u64>,
    stretch: Option<SegmentState>,
}

impl VoiceActivity {
    /// Makes a detector with this threshold in decibels over the noise, limited to `THRESHOLD_DB_RANGE`;
    /// `None` means `THRESHOLD_DB`.
    pub fn new(threshold_db: Option<u8>) -> Self {
        let range = THRESHOLD_DB_RANGE;
        let threshold = threshold_db.unwrap_or(THRESHOLD_DB);
        Self {
            threshold_db: f64::from(threshold.clamp(*range.start(), *range.end())),
            smoothed_db: FLOOR_DB_MIN,
            window: Vec::with_capacity(WINDOW_FRAMES),
            minima: VecDeque::with_capacity(WINDOWS + 1),
            peak_db: FLOOR_DB_MIN,
            lasting_db: [FLOOR_DB_MIN; PEAK_FRAMES],
            onset_ms: None,
            stretch: None,
        }
    }

    /// Returns true between the reported start and end of speech.
    pub const fn is_speaking(&self) -> bool {
        self.stretch.is_some()
    }

    /// Examines a frame that begins at `at_ms` (milliseconds of the call). Returns the change that it
    /// brings, if any.
    pub fn push(&mut self, at_ms: u64, frame: &Frame) -> Option<VoiceChange> {
        let shape = FrameMeasurements::of(frame);
        self.follow_floor(shape.level_db);
        let seconds = 1_000.0 / as_f64(FRAME_MS);
        self.peak_db = (self.peak_db - PEAK_FALLS_DB_PER_SECOND / seconds).max(FLOOR_DB_MIN);
        let voiced = self.is_voice(&shape);
        self.lasting_db.rotate_left(1);
        let [.., last] = &mut self.lasting_db;
        *last = if voiced { shape.level_db } else { FLOOR_DB_MIN };
        let change = match self.stretch {
            Some(stretch) => self.goes_on(stretch, at_ms, voiced),
            None => self.may_begin(at_ms, voiced && shape.likeness > VOICE_LIKENESS),
        };
        self.raise_peak();
        change
    }

    /// Raises the caller's recent peak to the lowest level of the last three frames, so that a click does
    /// not raise it. Only within speech.
    fn raise_peak(&mut self) {
        let lasting_db = self.lasting_db.iter().copied().reduce(f64::min);
        if let (Some(lasting_db), Some(_)) = (lasting_db, self.stretch) {
            self.peak_db = self.peak_db.max(lasting_db);
        }
    }

    fn is_voice(&self, shape: &FrameMeasurements) -> bool {
        let floor_db = self.floor_db();
        let needed_db = (floor_db + self.threshold_db)
            .max(self.peak_db - GATE_DB)
            .max(QUIETEST_VOICE_DB);
        shape.level_db >= needed_db
    }

    /// Returns the estimated level of the line's noise, in decibels relative to full scale.
    pub fn floor_db(&self) -> f64 {
        let quietest = self.minima.iter().copied().reduce(f64::min);
        (quietest.unwrap_or(FLOOR_DB_MIN) + FLOOR_BIAS_DB).max(FLOOR_DB_MIN)
    }

    fn follow_floor(&mut self, level_db: f64) {
        let level_db = level_db.max(FLOOR_DB_MIN);
        self.smoothed_db = 0.7 * self.smoothed_db + 0.3 * level_db;
        self.window.push(self.smoothed_db.max(level_db - 6.0));
        if self.window.len() < WINDOW_FRAMES {
            return;
        }
        let quietest = self.window.iter().copied().reduce(f64::min);
        self.window.clear();
        self.minima.push_back(quietest.unwrap_or(FLOOR_DB_MIN));
        if self.minima.len() > WINDOWS {
            self.minima.pop_front();
        }
    }

    fn may_begin(&mut self, at_ms: u64, voiced: bool) -> Option<VoiceChange> {
        if !voiced {
            self.onset_ms = None;
            return None;
        }
        let t_ms = *self.onset_ms.get_or_insert(at_ms);
        let until_ms = at_ms + FRAME_MS;
        if until_ms - t_ms < ONSET_MS {
            return None;
        }
        self.onset_ms = None;
        let voiced_ms = until_ms - t_ms;
        self.stretch = Some(SegmentState {
            voiced_until_ms: until_ms,
            voiced_ms,
            unbroken_ms: voiced_ms,
            reported_ms: 0,
        });
        Some(VoiceChange::Started { t_ms })
    }

    fn goes_on(&mut self, mut stretch: SegmentState, at_ms: u64, voiced: bool) -> Option<VoiceChange> {
        let until_ms = at_ms + FRAME_MS;
        if !voiced {
            if until_ms.saturating_sub(stretch.voiced_until_ms) >= HANGOVER_MS {
                self.stretch = None;
                return Some(VoiceChange::Ended {
                    t_ms: stretch.voiced_until_ms,
                    voiced_ms: stretch.voiced_ms,
                });
            }
            return None;
        }
        let quiet_ms = at_ms.saturating_sub(stretch.voiced_until_ms);
        if quiet_ms > PAUSE_MS {
            stretch.unbroken_ms = 0;
            stretch.reported_ms = 0;
        } else if quiet_ms <= CLOSURE_MS {
            stretch.unbroken_ms += quiet_ms;
        }
        stretch.voiced_until_ms = until_ms;
        stretch.voiced_ms += FRAME_MS;
        stretch.unbroken_ms += FRAME_MS;
        let is_due = stretch.unbroken_ms / REPORT_EVERY_MS > stretch.reported_ms / REPORT_EVERY_MS;
        if is_due {
            stretch.reported_ms = stretch.unbroken_ms;
        }
        self.stretch = Some(stretch);
        is_due.then_some(VoiceChange::Going {
            t_ms: until_ms,
            voiced_ms: stretch.unbroken_ms,
        })
    }
}

/// The measurements of one frame.
struct FrameMeasurements {
    /// Level relative to full scale, in decibels.
    level_db: f64,
    likeness: f64,
}

impl FrameMeasurements {
    fn of(frame: &Frame) -> Self {
        let mut energy = 0.0;
        let mut neighbours = 0.0;
        let mut before = 0.0;
        for sample in frame {
            let sample = f64::from(*sample);
            energy += sample * sample;
            neighbours += sample * before;
            before = sample;
        }
        let count = f64::from(u32::try_from(FRAME_SAMPLES).unwrap_or(1));
        let full_scale = f64::from(i16::MAX) * f64::from(i16::MAX);
        Self {
            level_db: 10.0 * (energy / count / full_scale).max(1e-12).log10(),
            likeness: if energy > 0.0 { neighbours / energy } else { 0.0 },
        }
    }
}

fn as_f64(value: u64) -> f64 {
    f64::from(u32::try_from(value).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audio::frame::sample_from;
    use std::f64::consts::TAU;

    /// A line with noise of one level, and voices (or babble) at given times.
    struct Scene {
        noise_db: f64,
        /// The beginning, end and level of each voice.
        voices: Vec<(u64, u64, f64)>,
        seed: u64,
    }

    impl Scene {
        fn new(noise_db: f64, voices: &[(u64, u64, f64)]) -> Self {
            Self {
                noise_db,
                voices: voices.to_vec(),
                seed: 9,
            }
        }

        fn random(&mut self) -> f64 {
            self.seed = self.seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            f64::from(u32::try_from(self.seed >> 33).unwrap()) / f64::from(1_u32 << 30) - 1.0
        }

        /// Returns a frame with a buzz of harmonics that swells four times a second like syllables.
        fn frame(&mut self, at_ms: u64) -> Frame {
            let mut frame = [0; FRAME_SAMPLES];
            for (index, sample) in frame.iter_mut().enumerate() {
                let second = (as_f64(at_ms) + as_f64(index as u64) / 8.0) / 1_000.0;
                let mut sum = self.random() * amplitude(self.noise_db) * 1.7;
                for (_, _, level_db) in self.voices.iter().filter(|one| (one.0..one.1).contains(&at_ms)) {
                    let syllable = 0.4 + 0.6 * (TAU * 2.0 * second).sin().abs();
                    let buzz: f64 = (1..12)
                        .map(|times| (TAU * 130.0 * f64::from(times) * second).sin() / f64::from(times))
                        .sum();
                    sum += buzz * syllable * amplitude(*level_db) * 1.6;
                }
                *sample = sample_from(sum);
            }
            frame
        }

        fn changes(&mut self, threshold_db: Option<u8>, ms: u64) -> Vec<VoiceChange> {
            let mut detector = VoiceActivity::new(threshold_db);
            let frames = (0..ms).step_by(20);
            frames
                .filter_map(|at_ms| detector.push(at_ms, &self.frame(at_ms)))
                .collect()
        }

        /// Returns only the beginnings (true) and ends of speech.
        fn stretches(&mut self, ms: u64) -> Vec<(bool, u64)> {
            let changes = self.changes(None, ms);
            changes
                .into_iter()
                .filter_map(|change| match change {
                    VoiceChange::Started { t_ms } => Some((true, t_ms)),
                    VoiceChange::Ended { t_ms, .. } => Some((false, t_ms)),
                    VoiceChange::Going { .. } => None,
                })
                .collect()
        }
    }

    fn amplitude(level_db: f64) -> f64 {
        32_767.0 * 10.0_f64.powf(level_db / 20.0)
    }

    #[test]
    fn a_word_is_found_where_it_is_at_every_noise_level_of_a_line() {
        for noise_db in [-90.0, -60.0, -50.0, -40.0] {
            let found = Scene::new(noise_db, &[(2_000, 3_000, -20.0)]).stretches(5_000);
            let [(true, from), (false, to)] = found.as_slice() else {
                panic!("{noise_db}: {found:?}");
            };
            assert!((1_960..=2_080).contains(from), "{noise_db}: from {from}");
            assert!((2_900..=3_080).contains(to), "{noise_db}: to {to}");
        }
    }

    #[test]
    fn noise_clicks_and_silence_are_no_speech() {
        for noise_db in [-90.0, -60.0, -40.0, -30.0, -20.0] {
            assert_eq!(Scene::new(noise_db, &[]).stretches(20_000), [], "{noise_db}");
        }
        let click = Scene::new(-60.0, &[(2_000, 2_040, -12.0)]).stretches(4_000);
        assert_eq!(click, []);
    }

    #[test]
    fn a_click_does_not_make_the_caller_another_person_in_the_room() {
        // A click of 20 ms or two of them in 40, before the caller speaks, between two words, within one.
        let clicks = [(1_000, 1_020), (1_000, 1_040), (3_500, 3_520), (2_000, 2_020)];
        for (from, to) in clicks {
            for caller_db in [-26.0, -30.0] {
                let voices = [
                    (from, to, -6.0),
                    (1_500, 3_000, caller_db),
                    (4_500, 6_000, caller_db),
                ];
                let found = Scene::new(-60.0, &voices).stretches(8_000);
                let begun: Vec<u64> = found.iter().filter(|one| one.0).map(|one| one.1).collect();
                let [first, second] = begun.as_slice() else {
                    panic!("a click at {from} ms, the caller at {caller_db} dB: {found:?}");
                };
                assert!((1_460..=1_580).contains(first), "{from}, {caller_db}: {found:?}");
                assert!((4_460..=4_580).contains(second), "{from}, {caller_db}: {found:?}");
            }
        }
    }

    #[test]
    fn other_people_in_the_room_are_not_the_caller() {
        // The caller speaks at -15 dB, then another person 18 dB quieter.
        let mut scene = Scene::new(-60.0, &[(2_000, 3_500, -15.0), (5_000, 7_000, -33.0)]);
        let found = scene.stretches(8_000);
        assert_eq!(found.len(), 2, "{found:?}");
        // Continuous babble soon becomes the line's floor.
        let mut scene = Scene::new(-60.0, &[(0, 30_000, -38.0), (10_000, 11_000, -15.0)]);
        let found = scene.stretches(20_000);
        let caller: Vec<u64> = found
            .iter()
            .filter(|one| one.0 && one.1 > 3_000)
            .map(|one| one.1)
            .collect();
        assert_eq!(caller.len(), 1, "{found:?}");
        assert!((9_960..=10_100).contains(&caller[0]), "{found:?}");
    }

    #[test]
    fn voice_is_counted_while_it_goes_on_and_from_zero_after_a_pause() {
        let voices = [(2_000, 2_600, -20.0), (2_840, 3_100, -20.0)];
        let changes = Scene::new(-70.0, &voices).changes(None, 4_000);
        let reports: Vec<u64> = changes
            .iter()
            .filter_map(|change| match change {
                VoiceChange::Going { voiced_ms, .. } => Some(*voiced_ms),
                VoiceChange::Started { .. } | VoiceChange::Ended { .. } => None,
            })
            .collect();
        assert_eq!(reports, [100, 200, 300, 400, 500, 600, 100, 200]);
        let Some(VoiceChange::Ended { voiced_ms, .. }) = changes.last() else {
            panic!("{changes:?}");
        };
        assert!((820..=880).contains(voiced_ms), "{voiced_ms}");
    }

    #[test]
    fn a_stop_within_a_word_counts_and_a_pause_between_words_does_not() {
        for (resumes_ms, expected_ms) in [(2_160, 2_300), (2_220, 2_420)] {
            let voices = [(2_000, 2_100, -20.0), (resumes_ms, 2_700, -20.0)];
            let changes = Scene::new(-70.0, &voices).changes(None, 4_000);
            let three_hundred = changes.iter().find_map(|change| match change {
                VoiceChange::Going { t_ms, voiced_ms } if *voiced_ms >= 300 => Some(*t_ms),
                _ => None,
            });
            let t_ms = three_hundred.unwrap();
            assert!(t_ms.abs_diff(expected_ms) <= 20, "{resumes_ms}: {t_ms}");
        }
    }

    #[test]
    fn a_threshold_decides_what_is_loud_enough() {
        let quiet = [(3_000, 4_000, -42.0)];
        assert_eq!(Scene::new(-55.0, &quiet).changes(Some(25), 6_000), []);
        assert!(!Scene::new(-55.0, &quiet).changes(Some(5), 6_000).is_empty());
    }
}
