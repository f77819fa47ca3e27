//! Plays one recording to a recognizer as a leg would, but faster if the engine runs in this process.

use domain::ports::clock::Clock;
use domain::ports::recognizer::{
    FINAL_MS_MAX, FRAME_MS, FailureClass, HeardFrame, InvalidRecognizerOptions, RecognitionEvent, Recognizer,
    RecognizerFacts, RecognizerOptions,
};
use media::audio::frame::frame_of;

/// Silence added after a recording, in milliseconds, so that its last speech segment ends: longer than the
/// detector waits.
const BEHIND_MS: u64 = 600;
/// Frames of 20 ms passed at once to an engine in this process: half a second, a sixth of what may wait.
const AT_ONCE: u64 = 25;

/// The reason why nothing was recognized.
#[derive(Debug, thiserror::Error)]
pub enum HearingError {
    #[error(transparent)]
    Order(#[from] InvalidRecognizerOptions),
    #[error("the recognizer failed: {}", .0.name())]
    Failed(FailureClass),
    #[error("the recognizer did not end in time")]
    Late,
}

/// How fast the audio of a recording is passed to the recognizer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlaybackSpeed {
    /// The pace of the recording: engines over the network expect it.
    Recorded,
    /// As fast as an engine in this process takes it; after each speech segment its text is awaited.
    AsTaken,
}

impl PlaybackSpeed {
    /// Returns the speed for a recognizer: `AsTaken` for one that runs in this process, `Recorded` for all
    /// others.
    pub const fn of(facts: &RecognizerFacts) -> Self {
        if facts.rehearsal_only {
            Self::AsTaken
        } else {
            Self::Recorded
        }
    }
}

/// Plays a recording of 8 kHz to a recognizer and returns the whole recognized text. Fails if the engine
/// fails or is late.
pub async fn recognize_recording(
    recognizer: &dyn Recognizer,
    clock: &dyn Clock,
    order: &RecognizerOptions,
    samples: &[i16],
) -> Result<String, HearingError> {
    let pace = PlaybackSpeed::of(&recognizer.facts());
    let mut listening = recognizer.open(order)?;
    let sound_ms = samples.len() as u64 / 8 + BEHIND_MS;
    let begun = clock.now();
    let latest = begun.plus_ms(sound_ms + 2 * FINAL_MS_MAX);
    let mut frames = frames(samples).into_iter().peekable();
    let mut texts: Vec<String> = Vec::new();
    let mut is_awaited = false;
    loop {
        let due = match (frames.peek(), pace) {
            (Some(frame), PlaybackSpeed::Recorded) => Some(begun.plus_ms(frame.at_ms)),
            (Some(_), PlaybackSpeed::AsTaken) if is_awaited => None,
            (Some(frame), PlaybackSpeed::AsTaken) if frame.at_ms.is_multiple_of(AT_ONCE * FRAME_MS) => {
                Some(clock.now().plus_ms(1))
            }
            (Some(_), PlaybackSpeed::AsTaken) => Some(begun),
            (None, _) => None,
        };
        tokio::select! {
            biased;
            event = listening.next() => match event {
                None => break,
                Some(RecognitionEvent::Final(heard)) => {
                    is_awaited = false;
                    texts.push(heard.text);
                }
                Some(RecognitionEvent::SpeechEnded { .. }) => is_awaited = true,
                Some(RecognitionEvent::Failed { class, .. }) => return Err(HearingError::Failed(class)),
                Some(
                    RecognitionEvent::SpeechStarted { .. }
                    | RecognitionEvent::StillSpeaking { .. }
                    | RecognitionEvent::Partial { .. },
                ) => {}
            },
            () = clock.wait_until(due.unwrap_or(latest)) => match frames.next_if(|_| due.is_some()) {
                Some(frame) => {
                    listening.push(&frame);
                    if frames.peek().is_none() {
                        listening.finish();
                    }
                }
                None => return Err(HearingError::Late),
            },
        }
    }
    texts.retain(|text| !text.is_empty());
    Ok(joined(&texts))
}

/// Joins the texts of a recording's utterances: with spaces if all are ASCII, otherwise without.
fn joined(texts: &[String]) -> String {
    let is_latin = texts.iter().all(|text| text.is_ascii());
    texts.join(if is_latin { " " } else { "" })
}

fn frames(samples: &[i16]) -> Vec<HeardFrame> {
    let behind = usize::try_from(BEHIND_MS * 8).unwrap_or(0);
    let whole: Vec<i16> = samples
        .iter()
        .copied()
        .chain(std::iter::repeat_n(0, behind))
        .collect();
    (0_u64..)
        .map_while(|index| {
            let samples = frame_of(&whole, usize::try_from(index).ok()?)?;
            Some(HeardFrame {
                at_ms: index * FRAME_MS,
                lost_before: 0,
                samples,
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::line::TelephoneLine;
    use super::*;
    use crate::recognition::contract::ports;
    use crate::recognition::session::EngineRecognizer;
    use crate::recognition::template::{TemplateEngine, Vocabulary};
    use crate::rehearsal_voices::{CALLEE, COMMANDS, EXAMPLES};
    use std::sync::Arc;

    /// Number of commands recognized here: enough for a test; the command-line evaluation uses all.
    const COMMANDS_HEARD: usize = 5;

    fn vocabulary() -> Option<Vocabulary> {
        let mut vocabulary = Vocabulary::default();
        for (phrase, pinyin) in COMMANDS.into_iter().take(COMMANDS_HEARD) {
            for one in EXAMPLES {
                assert!(vocabulary.add(phrase, &one.says(pinyin)?).unwrap());
            }
        }
        Some(vocabulary.sealed())
    }

    #[tokio::test]
    async fn a_recording_is_made_out_with_and_without_noise_suppression() {
        let Some(vocabulary) = vocabulary() else {
            println!("SKIPPED: espeak-ng is not installed");
            return;
        };
        let (clock, tasks) = ports();
        let clock: Arc<dyn Clock> = clock;
        let engine = Arc::new(TemplateEngine::new(Arc::new(vocabulary)));
        let recognizer = EngineRecognizer::new(engine, Arc::clone(&clock), tasks);
        let mut right = [0; 2];
        for (phrase, pinyin) in COMMANDS.into_iter().take(COMMANDS_HEARD) {
            let said = CALLEE.says(pinyin).unwrap();
            let heard = TelephoneLine::with_noise(20.0, 7).carries(&around(&said));
            for (with, noise_suppression) in [false, true].into_iter().enumerate() {
                let order = RecognizerOptions {
                    noise_suppression,
                    ..RecognizerOptions::default()
                };
                let text = recognize_recording(&recognizer, clock.as_ref(), &order, &heard)
                    .await
                    .unwrap();
                right[with] += usize::from(text == phrase);
            }
        }
        println!("{right:?} of {COMMANDS_HEARD}, without and with noise suppression");
        assert!(
            right.iter().all(|count| *count + 1 >= COMMANDS_HEARD),
            "{right:?}"
        );
    }

    /// Returns the audio with a second of the line's own noise on both sides.
    fn around(said: &[i16]) -> Vec<i16> {
        let quiet = vec![0; 8_000];
        [quiet.as_slice(), said, &quiet].concat()
    }
}
