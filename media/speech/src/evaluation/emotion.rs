//! Evaluates the measure of callees' excitement on a grid of synthetic callers: whether the score rises with
//! pitch, loudness and pace, how often a calm caller is called raised, and how often an excited one is.
//!
//! espeak-ng first speaks calmly, so that each caller's own manner is known, then says one phrase again and
//! again in other manners. It has no anger of its own: the figures show that the measure works as described,
//! not how well it reads people.

use super::line::{TelephoneLine, as_f64};
use crate::rehearsal_voices::{COMMANDS, Speaker};
use domain::emotion::{EmotionLevel, EmotionPlan, Prosody};
use media::audio::frame::{FRAME_MS, frame_of};
use media::audio::prosody::ProsodyMeter;
use media::audio::voice_activity::{VoiceActivity, VoiceChange};
use serde::Serialize;

/// Largest share of calm utterances that may be classified as raised: one in twenty.
pub const FALSE_RAISED_RATIO_MAX: f64 = 0.05;
/// Largest fall of the mean score from one step of an axis to the next that still counts as rising, in
/// thousandths. G.711 and rounding cause small falls.
const FALLS_PERMILLE_MAX: f64 = 15.0;

/// The simulated callers of the grid, by espeak-ng's voices: two men and two women.
const CALLERS: [&str; 4] = ["m3", "m7", "f2", "f4"];
/// The manner in which all callers speak first.
const CALM: Manner = Manner {
    pitch: 50,
    pace: 180,
    gain_db: 0.0,
};
/// The words that each caller speaks first, calmly: more than three seconds.
const FIRST: &str = "wei2 ni3 hao3 wo3 shi4 ben3 ren2 ni3 shuo1 ba5 qing3 wen4 you3 shen2 me5 shi4 qing2 \
    wo3 xian4 zai4 you3 shi2 jian1 ni3 jiang3 qing1 chu5 yi4 dian3";
/// The words that each caller speaks in every manner of the grid.
const PHRASE: &str = "wo3 yi3 jing1 shuo1 guo4 le5 wo3 bu4 xu1 yao4 zhe4 ge5 fu2 wu4";
/// Silence between utterances, in samples of 8 kHz (1 s): longer than the detector waits for the end of
/// speech.
const PAUSE_SAMPLES: usize = 8_000;

/// A manner of speaking: pitch (0 to 99), pace (words per minute), gain.
#[derive(Debug, Clone, Copy)]
struct Manner {
    pitch: u32,
    pace: u32,
    gain_db: f64,
}

/// One step of an axis: a value of pitch, pace or loudness, and the mean score there.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Step {
    /// The step's value: pitch 0 to 99, words per minute, or decibels.
    pub value: f64,
    /// The mean score over all callers.
    pub score_permille_mean: f64,
}

/// One axis of the grid; on it, the other two values are those of calm speech.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Axis {
    pub axis: &'static str,
    pub steps: Vec<Step>,
    pub is_monotone: bool,
}

/// The results of the emotion measure over the whole grid.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct EmotionEvaluation {
    pub callers: usize,
    pub axes: Vec<Axis>,
    pub is_monotone: bool,
    /// Number of calm utterances, in a calm caller's range of pitch, pace and loudness.
    pub calm_count: usize,
    /// Number of calm utterances that were called raised or angry.
    pub false_raised_count: usize,
    pub false_raised_ratio: f64,
    pub false_raised_ratio_max: f64,
    /// Number of utterances that are high, loud and fast together.
    pub excited_count: usize,
    /// Share of the excited utterances that were classified as raised.
    pub raised_ratio: f64,
    /// Number of utterances without a reading, for example without a pitch.
    pub unread_count: usize,
    pub is_synthetic: bool,
}

impl EmotionEvaluation {
    /// Returns true if the scores rise along each axis and calm callers are classified as raised no more
    /// often than allowed.
    pub fn holds(&self) -> bool {
        self.is_monotone && self.false_raised_ratio <= self.false_raised_ratio_max
    }
}

/// Synthesizes the grid's utterances for all callers and measures them; `None` if espeak-ng is not
/// installed.
pub fn evaluate_emotion() -> Option<EmotionEvaluation> {
    evaluated_of(&CALLERS)
}

/// Does the same for these voices only; `None` if espeak-ng is not installed.
fn evaluated_of(variants: &[&'static str]) -> Option<EmotionEvaluation> {
    let callers: Option<Vec<Caller>> = variants
        .iter()
        .map(|variant| Caller::after_first(variant))
        .collect();
    let callers = callers?;
    let mut axes = Vec::new();
    let mut unread_count = 0;
    for (axis, values) in [
        ("pitch", [50.0, 60.0, 70.0, 80.0, 95.0]),
        ("loudness_db", [0.0, 3.0, 6.0, 9.0, 12.0]),
        ("pace", [180.0, 205.0, 230.0, 255.0, 280.0]),
    ] {
        let mut steps = Vec::new();
        for value in values {
            let manner = on_axis(axis, value);
            let mut scores = Vec::new();
            for caller in &callers {
                let read = readings(caller, &[(PHRASE, manner)])?;
                unread_count += read.iter().filter(|one| one.is_none()).count();
                scores.extend(read.into_iter().flatten().map(score));
            }
            steps.push(Step {
                value,
                score_permille_mean: mean(&scores),
            });
        }
        let pairs = || steps.iter().zip(steps.iter().skip(1));
        let falls = |(one, next): (&Step, &Step)| {
            next.score_permille_mean < one.score_permille_mean - FALLS_PERMILLE_MAX
        };
        let is_monotone = !pairs().any(falls);
        axes.push(Axis {
            axis,
            steps,
            is_monotone,
        });
    }
    let calm = counted(&callers, &calm_manners())?;
    let excited = counted(&callers, &excited_manners())?;
    Some(EmotionEvaluation {
        callers: callers.len(),
        is_monotone: axes.iter().all(|axis| axis.is_monotone),
        axes,
        calm_count: calm.read_count,
        false_raised_count: calm.raised_count,
        false_raised_ratio: as_f64(calm.raised_count) / as_f64(calm.read_count.max(1)),
        false_raised_ratio_max: FALSE_RAISED_RATIO_MAX,
        excited_count: excited.read_count,
        raised_ratio: as_f64(excited.raised_count) / as_f64(excited.read_count.max(1)),
        unread_count: unread_count + calm.unread_count + excited.unread_count,
        is_synthetic: true,
    })
}

fn on_axis(axis: &str, value: f64) -> Manner {
    let whole = whole(value);
    match axis {
        "pitch" => Manner { pitch: whole, ..CALM },
        "pace" => Manner { pace: whole, ..CALM },
        _ => Manner {
            gain_db: value,
            ..CALM
        },
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "steps of the grid are small whole numbers"
)]
fn whole(value: f64) -> u32 {
    value.round().clamp(0.0, 1_000.0) as u32
}

/// Returns the utterances of calm callers, with their manners: the test commands in slightly different
/// manners, and the two phrases.
fn calm_manners() -> Vec<(&'static str, Manner)> {
    let range = [(47, 170, -2.0), (50, 180, 2.0), (53, 195, 0.0)];
    let all = COMMANDS.iter().zip(range.iter().cycle());
    all.map(|((_, pinyin), (pitch, pace, gain_db))| {
        let manner = Manner {
            pitch: *pitch,
            pace: *pace,
            gain_db: *gain_db,
        };
        (*pinyin, manner)
    })
    .chain([(PHRASE, CALM), (FIRST, CALM)])
    .collect()
}

/// Returns the utterances of excited callers, with their manner: sentences that are high, loud and fast
/// together.
fn excited_manners() -> Vec<(&'static str, Manner)> {
    let manner = Manner {
        pitch: 85,
        pace: 240,
        gain_db: 9.0,
    };
    let said = [
        PHRASE,
        "bu2 yao4 zai4 da3 le5",
        "li4 lv4 tai4 gao1",
        "wo3 zai4 kai1 hui4",
    ];
    said.map(|pinyin| (pinyin, manner)).to_vec()
}

#[derive(Debug, Default)]
struct Counts {
    read_count: usize,
    raised_count: usize,
    unread_count: usize,
}

fn counted(callers: &[Caller], said: &[(&'static str, Manner)]) -> Option<Counts> {
    let mut counted = Counts::default();
    for caller in callers {
        for reading in readings(caller, said)? {
            match reading {
                Some(prosody) => {
                    let level = EmotionPlan::default().read("", Some(prosody)).level;
                    counted.read_count += 1;
                    counted.raised_count += usize::from(level > EmotionLevel::Neutral);
                }
                None => counted.unread_count += 1,
            }
        }
    }
    Some(counted)
}

/// Returns one reading per utterance after the calm first words, over a telephone line with noise 25 dB
/// below; `None` if espeak-ng is not installed. An entry without a reading is `None`.
fn readings(caller: &Caller, said: &[(&'static str, Manner)]) -> Option<Vec<Option<Prosody>>> {
    let mut caller = caller.clone();
    for (pinyin, manner) in said {
        let sound = spoken(caller.variant, pinyin, *manner)?;
        let before = caller.readings.len();
        caller.hears(&sound);
        // For an utterance with pauses, the most excited stretch counts.
        let stretches = caller.readings.split_off(before);
        let most = stretches
            .into_iter()
            .flatten()
            .max_by_key(|one| one.excitement_permille());
        caller.readings.push(most);
    }
    Some(caller.readings)
}

fn spoken(variant: &'static str, pinyin: &str, manner: Manner) -> Option<Vec<i16>> {
    let speaker = Speaker {
        variant,
        pace: manner.pace,
        pitch: manner.pitch,
    };
    let mut sound = speaker.says(pinyin)?;
    // Leaves room for a voice 12 dB louder.
    sound.iter_mut().for_each(|one| *one /= 5);
    sound.extend(std::iter::repeat_n(0, PAUSE_SAMPLES));
    let line = TelephoneLine {
        gain_db: manner.gain_db,
        noise_below_db: Some(25.0),
        seed: 5,
    };
    Some(line.carries(&sound))
}

/// The detector and the meter that listen to one caller.
#[derive(Debug, Clone)]
struct Caller {
    variant: &'static str,
    voice: VoiceActivity,
    meter: ProsodyMeter,
    now_ms: u64,
    readings: Vec<Option<Prosody>>,
}

impl Caller {
    /// Returns a caller who has spoken the calm first words; `None` if espeak-ng is not installed.
    fn after_first(variant: &'static str) -> Option<Self> {
        let mut caller = Self {
            variant,
            voice: VoiceActivity::new(None),
            meter: ProsodyMeter::default(),
            now_ms: 0,
            readings: Vec::new(),
        };
        caller.hears(&spoken(variant, FIRST, CALM)?);
        caller.readings.clear();
        Some(caller)
    }

    fn hears(&mut self, sound: &[i16]) {
        let mut index = 0;
        while let Some(frame) = frame_of(sound, index) {
            let change = self.voice.push(self.now_ms, &frame);
            if self.voice.is_speaking() {
                self.meter.push(&frame);
            }
            if let Some(VoiceChange::Ended { .. }) = change {
                self.readings.push(self.meter.end_segment());
            }
            self.now_ms += FRAME_MS;
            index += 1;
        }
    }
}

fn score(prosody: Prosody) -> f64 {
    f64::from(EmotionPlan::default().read("", Some(prosody)).score_permille)
}

fn mean(values: &[f64]) -> f64 {
    let rounded = values.iter().sum::<f64>() / as_f64(values.len().max(1));
    (rounded * 10.0).round() / 10.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scores_rise_with_pitch_loudness_and_pace_and_calm_callers_are_seldom_called_raised() {
        // One man and one woman; the command has all four.
        let Some(evaluation) = evaluated_of(&["m3", "f4"]) else {
            println!("SKIPPED: espeak-ng is not installed");
            return;
        };
        println!("{}", serde_json::to_string(&evaluation).unwrap());
        assert!(evaluation.holds(), "{evaluation:?}");
        assert!(evaluation.raised_ratio >= 0.75, "{evaluation:?}");
    }
}
