//! Simulates callers of a rehearsal with real audio, without a network and faster than they speak: a voice of
//! espeak-ng, G.711 with noise, the detector, the embedded recognizer. Equal callers and texts give equal
//! bytes.
//!
//! The vocabulary is made of other voices than the callers'. It is closed: words outside it are mostly taken
//! for the nearest phrase, as the embedded recognizer does.

use crate::evaluation::line::TelephoneLine;
use crate::recognition::engine::EngineInput;
use crate::recognition::segment::SegmentCutter;
use crate::recognition::template::{Vocabulary, VocabularyError, recognize_phrase};
use crate::rehearsal_voices::{EXAMPLES, Speaker, VoicesError};
use media::audio::frame::{FRAME_MS, frame_of};
use media::audio::voice_activity::{VoiceActivity, VoiceChange};
use std::collections::BTreeMap;

/// The simulated callers, with other voices than those of the vocabulary's examples, each with its own line
/// noise.
const CALLERS: [Caller; 4] = [
    Caller::of("m1", 165, 45, 30.0),
    Caller::of("f4", 165, 55, 25.0),
    Caller::of("f1", 170, 60, 20.0),
    Caller::of("m4", 175, 50, 20.0),
];
/// Silence around an utterance, in samples (0.8 s): the detector learns the line's noise before it, and
/// finds its end after it.
const AROUND_SAMPLES: usize = 6_400;
/// Most results kept in each map; further ones are computed each time. Callers of a rehearsal say the same
/// texts again and again.
const REMEMBERED_MAX: usize = 4_096;

/// A caller's voice and line.
#[derive(Debug, Clone, Copy)]
struct Caller {
    speaker: Speaker,
    noise_below_db: f64,
}

impl Caller {
    const fn of(variant: &'static str, pace: u32, pitch: u32, noise_below_db: f64) -> Self {
        Self {
            speaker: Speaker { variant, pace, pitch },
            noise_below_db,
        }
    }
}

/// What was recognized of a caller's utterance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecognizedSpeech {
    /// The recognized text; empty if nothing was recognized.
    pub text: String,
    /// The length of the utterance, in milliseconds.
    pub spoken_ms: u64,
}

/// The reason why a rehearsal cannot have audio.
#[derive(Debug, thiserror::Error)]
pub enum SoundError {
    #[error(transparent)]
    Voices(#[from] VoicesError),
    #[error(transparent)]
    Vocabulary(#[from] VocabularyError),
}

/// The callers' voices and lines, and the recognizer that listens to them.
pub struct RehearsalSound {
    language: String,
    vocabulary: Vocabulary,
    heard: BTreeMap<(usize, String), RecognizedSpeech>,
    said_ms: BTreeMap<String, u64>,
}

impl RehearsalSound {
    /// Makes the audio for a rehearsal: the vocabulary has every phrase that callers may say, spoken by
    /// other voices than theirs. Fails if espeak-ng is not installed.
    pub fn of(phrases: &[String], language: &str) -> Result<Self, SoundError> {
        let mut vocabulary = Vocabulary::default();
        for phrase in phrases {
            for speaker in EXAMPLES {
                let sound = speaker.says_in(phrase, language).ok_or(VoicesError::NoEspeak)?;
                vocabulary.add(phrase, &sound)?;
            }
        }
        Ok(Self {
            language: language.to_owned(),
            vocabulary: vocabulary.sealed(),
            heard: BTreeMap::new(),
            said_ms: BTreeMap::new(),
        })
    }

    /// Returns the digest of the vocabulary.
    pub fn digest(&self) -> &str {
        self.vocabulary.digest()
    }

    /// Returns what is recognized when the caller with this number says a text. The same caller and text
    /// give the same result.
    pub fn heard(&mut self, caller: u64, text: &str) -> Result<RecognizedSpeech, SoundError> {
        let place = usize::try_from(caller).unwrap_or(0) % CALLERS.len();
        let key = (place, text.to_owned());
        if let Some(known) = self.heard.get(&key) {
            return Ok(known.clone());
        }
        let Some(caller) = CALLERS.get(place) else {
            return Err(VoicesError::NoEspeak.into());
        };
        let said = caller
            .speaker
            .says_in(text, &self.language)
            .ok_or(VoicesError::NoEspeak)?;
        let quiet = vec![0; AROUND_SAMPLES];
        let whole = [quiet.as_slice(), &said, &quiet].concat();
        let line = TelephoneLine::with_noise(caller.noise_below_db, 1 + place as u64);
        let made = RecognizedSpeech {
            text: self.listen(&line.carries(&whole)),
            spoken_ms: said.len() as u64 / 8,
        };
        if self.heard.len() < REMEMBERED_MAX {
            self.heard.insert(key, made.clone());
        }
        Ok(made)
    }

    /// Returns how long the robot's voice takes to say a text, in milliseconds.
    pub fn said_ms(&mut self, text: &str) -> Result<u64, SoundError> {
        if let Some(known) = self.said_ms.get(text) {
            return Ok(*known);
        }
        let said = ROBOT.says_in(text, &self.language).ok_or(VoicesError::NoEspeak)?;
        let said_ms = said.len() as u64 / 8;
        if self.said_ms.len() < REMEMBERED_MAX {
            self.said_ms.insert(text.to_owned(), said_ms);
        }
        Ok(said_ms)
    }

    /// Recognizes each speech segment of a caller's audio separately, as in a call, and returns the texts
    /// joined.
    fn listen(&self, sound: &[i16]) -> String {
        let mut voice = VoiceActivity::new(None);
        let mut segments = SegmentCutter::default();
        let mut text = String::new();
        let mut index = 0;
        let mut take = |segments: &mut SegmentCutter, what: &EngineInput| {
            if let Some(stretch) = segments.take(what) {
                text.push_str(&recognize_phrase(&self.vocabulary, &[], &stretch).text);
            }
        };
        while let Some(frame) = frame_of(sound, index) {
            let at_ms = index as u64 * FRAME_MS;
            let change = voice.push(at_ms, &frame);
            take(&mut segments, &EngineInput::Audio(Box::new(frame)));
            let back = |t_ms: u64| usize::try_from((at_ms + FRAME_MS).saturating_sub(t_ms) / FRAME_MS);
            match change {
                Some(VoiceChange::Started { t_ms }) => {
                    let frames_back = back(t_ms).unwrap_or(0);
                    take(&mut segments, &EngineInput::SpeechStarted { frames_back });
                }
                Some(VoiceChange::Ended { t_ms, .. }) => {
                    let frames_back = back(t_ms).unwrap_or(0);
                    take(&mut segments, &EngineInput::SpeechEnded { frames_back });
                }
                Some(VoiceChange::Going { .. }) | None => {}
            }
            index += 1;
        }
        take(&mut segments, &EngineInput::Finish);
        text
    }
}

/// The robot's voice: the product's default.
const ROBOT: Speaker = Speaker {
    variant: "m3",
    pace: crate::espeak::WORDS_PER_MINUTE,
    pitch: 50,
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn callers_are_made_out_by_their_sound_and_alike_each_time() {
        let phrases = ["可以", "不需要", "我在开会", "转人工"].map(str::to_owned);
        let mut sound = match RehearsalSound::of(&phrases, "zh-CN") {
            Ok(sound) => sound,
            Err(error) => {
                println!("SKIPPED: {error}");
                return;
            }
        };
        let mut right = 0;
        for caller in 0..4 {
            for phrase in &phrases {
                let made = sound.heard(caller, phrase).unwrap();
                assert!((200..3_000).contains(&made.spoken_ms), "{made:?}");
                right += usize::from(made.text == *phrase);
            }
        }
        assert!(right >= 14, "{right} of 16");
        let mut again = RehearsalSound::of(&phrases, "zh-CN").unwrap();
        assert_eq!(again.digest(), sound.digest());
        assert_eq!(
            again.heard(2, "转人工").unwrap(),
            sound.heard(2, "转人工").unwrap()
        );
        assert!(sound.said_ms("您好，这里是信用卡中心。").unwrap() > 1_000);
    }
}
