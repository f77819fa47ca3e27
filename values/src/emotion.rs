//! The emotion of a callee: neutral, raised or angry, from the words and the voice.
//!
//! It is a rough indicator for people who supervise calls, not an assessment of a person. Words have the most
//! weight; a voice alone is never rated as angry; a voice is compared only with the same person's first
//! seconds. Pure: figures in, reading out. It is measured only if a campaign requests it.

use crate::disposition::labelled;
use serde::{Deserialize, Serialize};

/// Lowest emotion score that is rated as raised, in thousandths.
pub const RAISED_PERMILLE: u16 = 300;
/// Lowest emotion score that is rated as angry, in thousandths.
pub const ANGRY_PERMILLE: u16 = 700;

/// Largest score of the voice alone, in thousandths: less than `ANGRY_PERMILLE`.
const VOICE_PERMILLE_MAX: u32 = 600;
/// Pitch above the callee's own at which pitch counts fully, in thousandths: about six semitones.
const PITCH_ABOVE_PERMILLE_MAX: u32 = 400;
/// Loudness above the callee's own at which loudness counts fully, in decibels.
const LOUDER_DB_MAX: u32 = 10;
/// Pace above the callee's own at which pace counts fully, in thousandths.
const RATE_ABOVE_PERMILLE_MAX: u32 = 500;
/// Weights of pitch, loudness and pace, in thousandths.
const PITCH_SHARE: u32 = 450;
const LOUDNESS_SHARE: u32 = 400;
const RATE_SHARE: u32 = 150;
/// Score of the first angry word (750) and of the first annoyed word (400), in thousandths. A second word
/// of the same kind adds a quarter of what is missing to 1000.
const ANGER_PERMILLE: u32 = 750;
const ANNOYANCE_PERMILLE: u32 = 400;

labelled! {
    /// The emotion levels, lowest first.
    EmotionLevel {
        Neutral => "neutral", "平静", "neutral";
        Raised => "raised", "激动", "raised";
        Angry => "angry", "愤怒", "angry";
    }
}

impl EmotionLevel {
    /// Returns the level of a score in thousandths: angry from 700, raised from 300, else neutral.
    const fn of(score_permille: u16) -> Self {
        if score_permille >= ANGRY_PERMILLE {
            Self::Angry
        } else if score_permille >= RAISED_PERMILLE {
            Self::Raised
        } else {
            Self::Neutral
        }
    }
}

/// How an utterance sounds (pitch, loudness, pace), relative to the same callee's first seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Prosody {
    /// Pitch relative to the callee's own median, in thousandths; 1000 is equal.
    pub pitch_permille: u16,
    /// Loudness above the callee's own, in decibels.
    pub louder_db: i16,
    /// Pace relative to the callee's own, in thousandths; 1000 is equal.
    pub rate_permille: u16,
}

impl Prosody {
    /// Returns the excitement of the voice alone, 0 to 1000: a weighted sum of how far pitch, loudness and
    /// pace are above the callee's own. A value below the callee's own counts as 0.
    pub fn excitement_permille(self) -> u16 {
        let above =
            |value: u16, whole: u32| u32::from(value.saturating_sub(1_000)).min(whole) * 1_000 / whole;
        let pitch = above(self.pitch_permille, PITCH_ABOVE_PERMILLE_MAX);
        let rate = above(self.rate_permille, RATE_ABOVE_PERMILLE_MAX);
        let louder = u32::from(self.louder_db.max(0).unsigned_abs()).min(LOUDER_DB_MAX);
        let loudness = louder * 1_000 / LOUDER_DB_MAX;
        let sum = pitch * PITCH_SHARE + loudness * LOUDNESS_SHARE + rate * RATE_SHARE;
        permille(sum / 1_000)
    }
}

/// The emotion measured for one utterance of a callee.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EmotionReading {
    pub level: EmotionLevel,
    pub score_permille: u16,
    /// The part of the score that comes from the words alone.
    pub words_permille: u16,
    /// Absent while the callee's own voice is not measured yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prosody: Option<Prosody>,
    /// The campaign permits flow conditions on emotion.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub may_branch: bool,
}

/// A campaign's emotion settings. A campaign without them measures no emotion.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EmotionPlan {
    /// Permits flow conditions on `emotion_at_least`. Without it they never hold.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub may_branch: bool,
}

impl EmotionPlan {
    /// Returns the emotion of an utterance from its words and, if measured, its voice. Words count first;
    /// the voice alone never reaches angry.
    pub fn read(self, text: &str, prosody: Option<Prosody>) -> EmotionReading {
        let words = words_permille(text);
        let excitement = prosody.map_or(0, |prosody| u32::from(prosody.excitement_permille()));
        let rest = (1_000 - words) * excitement * VOICE_PERMILLE_MAX / 1_000_000;
        let score_permille = permille(words + rest);
        EmotionReading {
            level: EmotionLevel::of(score_permille),
            score_permille,
            words_permille: permille(words),
            prosody,
            may_branch: self.may_branch,
        }
    }
}

fn permille(value: u32) -> u16 {
    u16::try_from(value.min(1_000)).unwrap_or(1_000)
}

/// Phrases that show anger.
const ANGER: &[&str] = &[
    "骗子",
    "滚",
    "神经病",
    "有病吧",
    "有病啊",
    "他妈",
    "妈的",
    "混蛋",
    "王八",
    "去死",
    "气死",
    "傻逼",
    "放屁",
    "报警",
    "举报你",
    "投诉你",
    "告你们",
    "骚扰",
    "无耻",
    "不要脸",
    "fuck",
    "bullshit",
    "damn you",
    "idiot",
    "shut up",
    "go to hell",
    "scam",
    "harass",
    "sue you",
    "report you",
    "asshole",
    "stop calling me",
];
/// Phrases that show annoyance.
const ANNOYANCE: &[&str] = &[
    "烦死",
    "很烦",
    "真烦",
    "烦不烦",
    "别烦",
    "别再打",
    "不要再打",
    "怎么又",
    "又是你们",
    "说了多少遍",
    "说过多少",
    "没完没了",
    "讨厌",
    "不耐烦",
    "够了",
    "有完没完",
    "天天打",
    "老打",
    "什么态度",
    "annoying",
    "annoyed",
    "fed up",
    "sick of",
    "how many times",
    "leave me alone",
    "not again",
    "ridiculous",
    "enough",
    "every day you call",
];
/// Phrases that contain one of these words without the meaning, by negation or as part of another word.
const NOT_MEANT: &[&str] = &[
    "不是骗子",
    "没骚扰",
    "滚动",
    "滚存",
    "不用报警",
    "足够了",
    "能够了",
    "不够了",
    "good enough",
    "big enough",
    "long enough",
    "not annoying",
    "not a scam",
    "not annoyed",
    "enough money",
    "old enough",
];

/// Returns the score of the words alone, 0 to 1000.
fn words_permille(text: &str) -> u32 {
    let mut bare: String = text
        .chars()
        .filter(|one| !is_noise(*one))
        .collect::<String>()
        .to_lowercase();
    for harmless in NOT_MEANT {
        bare = bare.replace(harmless, "。");
    }
    let weigh = |words: &[&str], first: u32| match words.iter().filter(|word| bare.contains(**word)).count() {
        0 => 0,
        1 => first,
        _ => first + (1_000 - first) / 4,
    };
    weigh(ANGER, ANGER_PERMILLE).max(weigh(ANNOYANCE, ANNOYANCE_PERMILLE))
}

/// Returns true for punctuation, which recognizers set arbitrarily.
const fn is_noise(one: char) -> bool {
    matches!(one, '，' | '。' | '！' | '？' | '、' | ',' | '.' | '!' | '?')
}

#[cfg(test)]
mod tests {
    use super::*;

    const ASKED: EmotionPlan = EmotionPlan { may_branch: true };

    fn spoken(pitch_permille: u16, louder_db: i16, rate_permille: u16) -> Prosody {
        Prosody {
            pitch_permille,
            louder_db,
            rate_permille,
        }
    }

    #[test]
    fn words_weigh_most_and_a_voice_alone_is_never_angry() {
        let calm = spoken(1_000, 0, 1_000);
        let shouting = spoken(1_900, 30, 3_000);
        for (text, prosody, level) in [
            ("可以，三期", Some(calm), EmotionLevel::Neutral),
            ("可以，三期", Some(shouting), EmotionLevel::Raised),
            ("可以，三期", None, EmotionLevel::Neutral),
            ("别再打了", None, EmotionLevel::Raised),
            ("别再打了", Some(calm), EmotionLevel::Raised),
            ("别再打了！", Some(shouting), EmotionLevel::Angry),
            ("你们这些骗子", None, EmotionLevel::Angry),
            ("骗，子", Some(calm), EmotionLevel::Angry),
            ("那你滚动还款怎么算", None, EmotionLevel::Neutral),
            ("时间足够了", None, EmotionLevel::Neutral),
            ("How many times do I have to say it", None, EmotionLevel::Raised),
            ("this is a scam, shut up", None, EmotionLevel::Angry),
            ("that is good enough", None, EmotionLevel::Neutral),
        ] {
            let reading = ASKED.read(text, prosody);
            assert_eq!(reading.level, level, "{text}: {reading:?}");
        }
        assert_eq!(ASKED.read("可以", Some(shouting)).score_permille, 600);
    }

    #[test]
    fn a_score_never_falls_as_pitch_loudness_or_pace_rises() {
        let steps: Vec<u16> = (0..40).map(|step| 700 + step * 30).collect();
        for text in ["可以", "很烦", "骗子"] {
            let score = |prosody| ASKED.read(text, Some(prosody)).score_permille;
            for pair in steps.windows(2) {
                let [low, high] = pair else { panic!("a pair") };
                assert!(score(spoken(*low, 0, 1_000)) <= score(spoken(*high, 0, 1_000)));
                assert!(score(spoken(1_100, 3, *low)) <= score(spoken(1_100, 3, *high)));
            }
            for louder_db in -20..20 {
                let louder = score(spoken(1_000, louder_db + 1, 1_000));
                assert!(score(spoken(1_000, louder_db, 1_000)) <= louder);
            }
        }
    }

    #[test]
    fn levels_begin_at_their_thresholds() {
        assert_eq!(EmotionLevel::of(RAISED_PERMILLE - 1), EmotionLevel::Neutral);
        assert_eq!(EmotionLevel::of(RAISED_PERMILLE), EmotionLevel::Raised);
        assert_eq!(EmotionLevel::of(ANGRY_PERMILLE - 1), EmotionLevel::Raised);
        assert_eq!(EmotionLevel::of(ANGRY_PERMILLE), EmotionLevel::Angry);
        assert!(EmotionLevel::Neutral < EmotionLevel::Raised && EmotionLevel::Raised < EmotionLevel::Angry);
    }
}
