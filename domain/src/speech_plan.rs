//! The part of a campaign's plan about listening and speaking: hot words, dialect, voice detection threshold,
//! noise suppression, and the voice with its speed and pitch.

use crate::ports::recognizer::{HOT_WORDS_MAX, PHRASE_BYTES_MAX};
use crate::ports::speech::{Manner, PITCH_PERCENT, SPEED_PERCENT, VOICE_BYTES_MAX};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The most bytes of a dialect's tag; a longer one is refused. BCP 47 with a region and a variant.
pub const DIALECT_BYTES_MAX: usize = 35;
/// The permitted thresholds of voice detection, in decibels above the noise.
pub const VOICE_THRESHOLD_DB: std::ops::RangeInclusive<u8> = 3..=30;

/// A campaign's settings for listening and speaking; omitted members use the installation's.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SpeechPlan {
    /// Words that the recognizer should expect, if the engine accepts hot words.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(example = ["分期"])]
    pub hot_words: Vec<String>,
    /// The spoken dialect, by its BCP 47 tag, for engines that know it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(example = &"yue")]
    pub dialect: Option<String>,
    /// A column of the list with the customer's own dialect; the campaign's is used if it is empty.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(example = &"dialect")]
    pub dialect_variable: Option<String>,
    /// How many decibels above the noise a voice must be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub voice_threshold_db: Option<u8>,
    /// True if noise is removed before recognition.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub noise_suppression: bool,
    /// A voice of the synthesizer, by its own name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(example = &"f2")]
    pub voice: Option<String>,
    /// A column of the list with a voice for the customer, for example one of their dialect; the campaign's
    /// is used if it is empty.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(example = &"voice")]
    pub voice_variable: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub speed_percent: Option<u16>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pitch_percent: Option<u16>,
}

/// The member of a speech plan that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SpeechPlanFault {
    #[error("hot_words has more than {HOT_WORDS_MAX} words")]
    TooManyHotWords,
    #[error("hot word {place} is empty, has a control character or more than {PHRASE_BYTES_MAX} bytes")]
    HotWord {
        /// Position of the word in the list, from 1.
        place: usize,
    },
    #[error("{member} must be a name of 1 to {bytes_max} letters, digits, `-`, `_` and `.`")]
    Name { member: &'static str, bytes_max: usize },
    #[error("{member} must be from {least} to {most}")]
    Range {
        member: &'static str,
        least: u16,
        most: u16,
    },
}

/// Returns true if a text may be a dialect or voice in an engine's options: 1 to `bytes_max` ASCII letters,
/// digits, `-`, `_` and `.`.
fn is_name(name: &str, bytes_max: usize) -> bool {
    let plain = |one: u8| one.is_ascii_alphanumeric() || b"-_.".contains(&one);
    (1..=bytes_max).contains(&name.len()) && name.bytes().all(plain)
}

impl SpeechPlan {
    /// Checks every member of the speech plan and returns the first fault.
    pub fn check(&self) -> Result<(), SpeechPlanFault> {
        if self.hot_words.len() > HOT_WORDS_MAX {
            return Err(SpeechPlanFault::TooManyHotWords);
        }
        let bad = |word: &String| {
            word.trim().is_empty() || word.len() > PHRASE_BYTES_MAX || word.contains(char::is_control)
        };
        if let Some(place) = self.hot_words.iter().position(bad) {
            return Err(SpeechPlanFault::HotWord { place: place + 1 });
        }
        for (member, name, bytes_max) in [
            ("dialect", &self.dialect, DIALECT_BYTES_MAX),
            ("voice", &self.voice, VOICE_BYTES_MAX),
        ] {
            if name.as_ref().is_some_and(|name| !is_name(name, bytes_max)) {
                return Err(SpeechPlanFault::Name { member, bytes_max });
            }
        }
        let threshold = self.voice_threshold_db.map(u16::from);
        let range = VOICE_THRESHOLD_DB;
        for (member, value, least, most) in [
            (
                "voice_threshold_db",
                threshold,
                u16::from(*range.start()),
                u16::from(*range.end()),
            ),
            (
                "speed_percent",
                self.speed_percent,
                *SPEED_PERCENT.start(),
                *SPEED_PERCENT.end(),
            ),
            (
                "pitch_percent",
                self.pitch_percent,
                *PITCH_PERCENT.start(),
                *PITCH_PERCENT.end(),
            ),
        ] {
            if value.is_some_and(|value| !(least..=most).contains(&value)) {
                return Err(SpeechPlanFault::Range { member, least, most });
            }
        }
        Ok(())
    }

    /// Returns voice, speed and pitch for texts to a customer: with the voice in the customer's list row,
    /// if it names a valid one.
    pub fn manner_of(&self, variables: &BTreeMap<String, String>) -> Manner {
        let own = own(self.voice_variable.as_ref(), variables, VOICE_BYTES_MAX);
        let usual = self.manner();
        Manner {
            voice: own.or(usual.voice),
            ..usual
        }
    }

    /// Returns voice, speed and pitch for texts of the campaign, without a customer's own voice.
    pub fn manner(&self) -> Manner {
        let usual = Manner::default();
        Manner {
            voice: self.voice.clone(),
            speed_percent: self.speed_percent.unwrap_or(usual.speed_percent),
            pitch_percent: self.pitch_percent.unwrap_or(usual.pitch_percent),
        }
    }

    /// Returns the dialect in the customer's list row, if it names a valid one; else the campaign's. `None`
    /// if there is neither.
    pub fn dialect_of(&self, variables: &BTreeMap<String, String>) -> Option<String> {
        let own = own(self.dialect_variable.as_ref(), variables, DIALECT_BYTES_MAX);
        own.or_else(|| self.dialect.clone())
    }
}

/// Returns the value of a column in a customer's row; `None` if it is missing or not valid for an engine's
/// options.
fn own(column: Option<&String>, variables: &BTreeMap<String, String>, bytes_max: usize) -> Option<String> {
    let value = variables.get(column?)?.trim();
    is_name(value, bytes_max).then(|| value.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_member_is_taken_to_its_limit_and_not_beyond() {
        let plan = SpeechPlan {
            hot_words: vec!["分期".to_owned(); HOT_WORDS_MAX],
            dialect: Some("zh-Hans-CN-sichuan".to_owned()),
            voice_threshold_db: Some(3),
            voice: Some("f2".to_owned()),
            speed_percent: Some(50),
            pitch_percent: Some(200),
            ..SpeechPlan::default()
        };
        assert_eq!(plan.check(), Ok(()));
        let with = |change: fn(&mut SpeechPlan)| {
            let mut changed = plan.clone();
            change(&mut changed);
            changed.check().unwrap_err().to_string()
        };
        assert!(with(|plan| plan.hot_words.push("x".to_owned())).contains("500"));
        assert!(with(|plan| plan.hot_words = vec!["a".to_owned(), " ".to_owned()]).contains("hot word 2"));
        assert!(with(|plan| plan.dialect = Some("粤语".to_owned())).contains("dialect"));
        assert!(with(|plan| plan.voice = Some("-w /tmp/x".to_owned())).contains("voice"));
        assert!(with(|plan| plan.voice_threshold_db = Some(31)).contains("3 to 30"));
        assert!(with(|plan| plan.speed_percent = Some(49)).contains("50 to 200"));
        assert!(with(|plan| plan.pitch_percent = Some(201)).contains("50 to 200"));
    }

    #[test]
    fn a_customers_own_voice_goes_before_the_campaigns() {
        let plan = SpeechPlan {
            voice: Some("f2".to_owned()),
            voice_variable: Some("voice".to_owned()),
            speed_percent: Some(90),
            ..SpeechPlan::default()
        };
        let row = |value: &str| BTreeMap::from([("voice".to_owned(), value.to_owned())]);
        let voice = |value: &str| plan.manner_of(&row(value)).voice;
        assert_eq!(voice(" sichuan_f1 ").as_deref(), Some("sichuan_f1"));
        assert_eq!(
            (voice("").as_deref(), voice("女 声").as_deref()),
            (Some("f2"), Some("f2"))
        );
        assert_eq!(plan.manner_of(&BTreeMap::new()), plan.manner());
        assert_eq!(plan.manner_of(&row("x")).speed_percent, 90);
    }

    #[test]
    fn a_customers_own_dialect_goes_before_the_campaigns() {
        let plan = SpeechPlan {
            dialect: Some("sichuan".to_owned()),
            dialect_variable: Some("dialect".to_owned()),
            ..SpeechPlan::default()
        };
        let row = |value: &str| BTreeMap::from([("dialect".to_owned(), value.to_owned())]);
        assert_eq!(plan.dialect_of(&row(" yue ")).as_deref(), Some("yue"));
        assert_eq!(plan.dialect_of(&row("")).as_deref(), Some("sichuan"));
        assert_eq!(plan.dialect_of(&row("粤")).as_deref(), Some("sichuan"));
        assert_eq!(SpeechPlan::default().dialect_of(&row("yue")), None);
    }

    #[test]
    fn what_is_left_out_is_the_installations_own() {
        assert_eq!(SpeechPlan::default().manner(), Manner::default());
        assert!(serde_json::from_str::<SpeechPlan>(r#"{"tempo": 3}"#).is_err());
    }
}
