//! The mix of people behind a carrier's numbers and their patience: `--profile FILE`.
//!
//! YAML or JSON; every member has a default, unknown members are refused. Weights are shares of their own
//! sum. The defaults suit the demonstration: about two of three people answer, within 4 seconds.
//!
//! ```yaml
//! weights: {presses_key: 6, busy: 2, no_answer: 2}   # replaces the whole mix
//! ring_ms: {min: 500, max: 2000}
//! keys: {1: 1, 2: 3, 9: 1}
//! challenge_by: proxy          # 407 instead of 401, with `--auth USER:PASSWORD`
//! stale_nonce_percent: 50
//! voices: /srv/voices        # 是的.wav, 三期.wav
//! conversations: [[{say: 是的}, {say: 三期, interrupt_after_ms: 800}, {press: "1"}]]   # weights: {speaks: 1}
//! speakers: {"8613800100001": 0}   # these answer and hold that one, whatever the weights
//! ```

use super::conversation::{self, CalleeTurn, PhraseAudio};
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// Longest ringing, in milliseconds, after which the carrier refuses the call as not answered. It is shorter
/// than the demonstration's ring timeout.
pub const RING_MS_MAX: u64 = 4_000;
/// Longest duration that a profile may give for an act of a persona, in milliseconds: two minutes.
const TALK_MS_MAX: u64 = 120_000;

/// One way in which a callee takes a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CalleeBehavior {
    /// Answers, listens until the robot has finished, presses one of the keys 1, 2 and 9.
    PressesKey,
    /// Answers and presses a key without a meaning, then perhaps a right one.
    PressesWrongKey,
    /// Answers and holds one of the profile's conversations.
    Speaks,
    /// Answers, says hello and nothing more; stays until the robot hangs up.
    SaysNothing,
    /// Answers and hangs up while the robot speaks.
    HangsUpMidway,
    /// Answers and hangs up within a second, without any audio.
    AnswersAndGoes,
    /// An answering machine: a greeting, a beep, then it records.
    Machine,
    /// Rings until the carrier gives up: 480 with Q.850 cause 19.
    NoAnswer,
    /// Busy: 486 with Q.850 cause 17.
    Busy,
    /// Rings, then refuses: 603 with Q.850 cause 21.
    Declines,
    /// An unallocated number: 404 with Q.850 cause 1.
    Vacant,
    /// Switched off: 480 without ringing, Q.850 cause 20.
    Unreachable,
    /// The network is full: 503 with Q.850 cause 34.
    Congestion,
    /// No response at all.
    Silent,
    /// A 100 and nothing more until CANCEL.
    OnlyTrying,
    /// Rings; when CANCEL comes, a 200 to the INVITE crosses it.
    AnswersAcrossCancel,
}

/// Default shares of the callees' behaviors, in thousandths.
const WEIGHTS: [(CalleeBehavior, u32); 12] = [
    (CalleeBehavior::PressesKey, 400),
    (CalleeBehavior::PressesWrongKey, 40),
    (CalleeBehavior::SaysNothing, 30),
    (CalleeBehavior::HangsUpMidway, 110),
    (CalleeBehavior::AnswersAndGoes, 20),
    (CalleeBehavior::Machine, 60),
    (CalleeBehavior::NoAnswer, 110),
    (CalleeBehavior::Busy, 90),
    (CalleeBehavior::Declines, 50),
    (CalleeBehavior::Vacant, 40),
    (CalleeBehavior::Unreachable, 40),
    // Rare: three trunk-attributable failures in a row pause a campaign.
    (CalleeBehavior::Congestion, 10),
];

/// A time drawn evenly from `min` to `max`, both included, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SpanMs {
    pub min: u64,
    pub max: u64,
}

/// The way in which an INVITE is challenged if the carrier has a user (RFC 3261, 22).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChallengerRole {
    /// With 401 and WWW-Authenticate.
    #[default]
    Registrar,
    /// With 407 and Proxy-Authenticate.
    Proxy,
}

/// The mix of people behind a carrier's numbers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CarrierProfile {
    /// Shares of the manners; those left out have none. Default: see the table in this file.
    pub weights: BTreeMap<CalleeBehavior, u32>,
    /// Time from the INVITE to 180. Default 20 to 200.
    pub post_dial_delay_ms: SpanMs,
    /// Time from 180 to the answer or refusal, at most 4000 in all. Default 300 to 3000.
    pub ring_ms: SpanMs,
    /// Number of calls in 100 that begin with 183 and a ringing tone instead of 180. Default 15.
    pub early_media_percent: u8,
    /// Time from the robot's pause to the keypress. Default 700 to 1500.
    pub think_ms: SpanMs,
    /// Audio that a callee hears before hanging up midway. Default 2000 to 8000.
    pub patience_ms: SpanMs,
    /// Number in 100 of the callees pressing a key who press it before the robot has finished. Default 70.
    pub impatient_percent: u8,
    /// Weights of the keys 1, 2 and 9. Default 30, 40, 30.
    #[serde(deserialize_with = "keys")]
    pub keys: BTreeMap<char, u32>,
    pub challenge_by: ChallengerRole,
    /// Number in 100 of the right answers to a challenge that are refused once with a stale nonce. Default 0.
    pub stale_nonce_percent: u8,
    /// Directory of the WAV files (8 kHz, mono, 16 bit) of phrases, each named after its words.
    pub voices: Option<PathBuf>,
    /// The conversations of speaking callees; each callee draws one.
    pub conversations: Vec<Vec<CalleeTurn>>,
    /// The numbers (without `+`) that always answer and hold the conversation with this index (from 0),
    /// regardless of the weights.
    pub speakers: BTreeMap<String, usize>,
    /// The audio of the phrases; the code that reads the profile loads it.
    #[serde(skip)]
    pub clips: PhraseAudio,
}

impl Default for CarrierProfile {
    fn default() -> Self {
        Self {
            weights: WEIGHTS.into_iter().collect(),
            post_dial_delay_ms: SpanMs { min: 20, max: 200 },
            ring_ms: SpanMs { min: 300, max: 3_000 },
            early_media_percent: 15,
            think_ms: SpanMs { min: 700, max: 1_500 },
            patience_ms: SpanMs {
                min: 2_000,
                max: 8_000,
            },
            impatient_percent: 70,
            keys: BTreeMap::from([('1', 30), ('2', 40), ('9', 30)]),
            challenge_by: ChallengerRole::default(),
            stale_nonce_percent: 0,
            voices: None,
            conversations: Vec::new(),
            speakers: BTreeMap::new(),
            clips: PhraseAudio::default(),
        }
    }
}

/// A key as a profile writes it: YAML reads an unquoted 9 as a number.
#[derive(PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(untagged)]
enum WrittenKey {
    Digit(u32),
    Character(char),
}

fn keys<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BTreeMap<char, u32>, D::Error> {
    let written: BTreeMap<WrittenKey, u32> = BTreeMap::deserialize(deserializer)?;
    let key = |key: WrittenKey| match key {
        WrittenKey::Character(key) => Ok(key),
        WrittenKey::Digit(digit) => char::from_digit(digit, 10).ok_or(digit),
    };
    let read: Result<BTreeMap<char, u32>, u32> = written
        .into_iter()
        .map(|(one, weight)| key(one).map(|one| (one, weight)))
        .collect();
    read.map_err(|digit| D::Error::custom(format!("{digit} is not a key")))
}

/// An error in a profile, with the name of the wrong member.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{member}: {why}")]
pub struct ProfileError {
    pub member: &'static str,
    pub why: &'static str,
}

impl CarrierProfile {
    /// Returns a profile in which all callees behave in this way, for proofs and tests.
    pub fn only(manner: CalleeBehavior) -> Self {
        Self {
            weights: BTreeMap::from([(manner, 1)]),
            ..Self::default()
        }
    }

    /// Checks the values that their types do not limit. Returns the first error.
    pub fn check(&self) -> Result<(), ProfileError> {
        let bad = |member, why| Err(ProfileError { member, why });
        if self.weights.values().all(|weight| *weight == 0) {
            return bad("weights", "at least one must be above 0");
        }
        if self.keys.values().all(|weight| *weight == 0) {
            return bad("keys", "at least one must be above 0");
        }
        if self.keys.keys().any(|key| !"0123456789*#ABCD".contains(*key)) {
            return bad("keys", "a key is one of 0-9, *, #, A-D");
        }
        let rings = [
            ("post_dial_delay_ms", self.post_dial_delay_ms),
            ("ring_ms", self.ring_ms),
        ];
        let talks = [("think_ms", self.think_ms), ("patience_ms", self.patience_ms)];
        let limited = rings.map(|(member, span)| (member, span, RING_MS_MAX));
        let limited = limited
            .into_iter()
            .chain(talks.map(|(member, span)| (member, span, TALK_MS_MAX)));
        for (member, span, max) in limited {
            if span.min > span.max {
                return bad(member, "min is above max");
            }
            if span.max > max {
                return bad(member, "it is longer than allowed");
            }
        }
        let percents = [
            ("early_media_percent", self.early_media_percent),
            ("impatient_percent", self.impatient_percent),
            ("stale_nonce_percent", self.stale_nonce_percent),
        ];
        if conversation::check(&self.conversations, &self.clips).is_err() {
            return bad(
                "conversations",
                "a phrase has no audio file, or a turn is invalid",
            );
        }
        if self.speakers.values().any(|one| *one >= self.conversations.len()) {
            return bad("speakers", "there is no such conversation");
        }
        match percents.into_iter().find(|(_, percent)| *percent > 100) {
            Some((member, _)) => bad(member, "it is above 100"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_is_sound_and_everything_in_it_can_be_left_out() {
        assert_eq!(CarrierProfile::default().check(), Ok(()));
        let read: CarrierProfile = serde_json::from_str("{}").unwrap();
        assert_eq!(read, CarrierProfile::default());
        assert_eq!(WEIGHTS.iter().map(|(_, weight)| weight).sum::<u32>(), 1_000);
    }

    #[test]
    fn a_profile_names_manners_and_keys_in_words() {
        let text = r#"{"weights":{"busy":2,"only_trying":1},"keys":{"9":1},"challenge_by":"proxy"}"#;
        let read: CarrierProfile = serde_json::from_str(text).unwrap();
        assert_eq!(read.check(), Ok(()));
        assert_eq!(read.weights.len(), 2);
        assert_eq!(read.challenge_by, ChallengerRole::Proxy);
        assert!(serde_json::from_str::<CarrierProfile>(r#"{"weight":{}}"#).is_err());
        assert!(serde_json::from_str::<CarrierProfile>(r#"{"weights":{"sleepy":1}}"#).is_err());
    }

    #[test]
    fn the_last_permitted_value_is_taken_and_the_next_one_refused_by_name() {
        let with = |change: fn(&mut CarrierProfile)| {
            let mut profile = CarrierProfile::default();
            change(&mut profile);
            profile.check().err().map(|error| error.member)
        };
        assert_eq!(with(|one| one.ring_ms.max = RING_MS_MAX), None);
        assert_eq!(with(|one| one.ring_ms.max = RING_MS_MAX + 1), Some("ring_ms"));
        assert_eq!(with(|one| one.ring_ms.min = 3_001), Some("ring_ms"));
        assert_eq!(with(|one| one.patience_ms.max = TALK_MS_MAX), None);
        assert_eq!(
            with(|one| one.patience_ms.max = TALK_MS_MAX + 1),
            Some("patience_ms")
        );
        assert_eq!(with(|one| one.early_media_percent = 100), None);
        assert_eq!(
            with(|one| one.early_media_percent = 101),
            Some("early_media_percent")
        );
        assert_eq!(with(|one| one.weights.clear()), Some("weights"));
        let spoken = |one: &mut CarrierProfile, place| {
            one.conversations = vec![vec![CalleeTurn::default()]];
            one.speakers = BTreeMap::from([("8613800100001".to_owned(), place)]);
        };
        let mut profile = CarrierProfile::default();
        spoken(&mut profile, 0);
        assert_eq!(profile.check(), Ok(()));
        spoken(&mut profile, 1);
        assert_eq!(profile.check().map_err(|error| error.member), Err("speakers"));
        assert_eq!(with(|one| one.keys = BTreeMap::from([('x', 1)])), Some("keys"));
        assert_eq!(with(|one| one.keys = BTreeMap::from([('1', 0)])), Some("keys"));
    }
}
