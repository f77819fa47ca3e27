//! Cuts the audio for an engine into stretches of speech, for engines that take whole utterances.

use super::engine::EngineInput;
use domain::ports::recognizer::FRAME_SAMPLES;
use std::collections::VecDeque;

/// Most frames of 20 ms kept before speech begins: the detector reports it late, and the beginning of a
/// word is quiet.
const BEFORE_FRAMES_MAX: usize = 25;
/// Frames before the first voiced one that belong to the word: 100 ms.
const BEFORE_WORD_FRAMES: usize = 5;
/// Frames after the last voiced one that belong to the word: 100 ms.
const TAIL_FRAMES: usize = 5;
/// Longest speech segment that is recognized, in frames: 30 s. The rest of a longer one is dropped.
const STRETCH_FRAMES_MAX: usize = 1_500;

/// Cuts audio into speech segments. Holds the last frames before speech, and the current segment.
#[derive(Debug, Default)]
pub(crate) struct SegmentCutter {
    before: VecDeque<[i16; FRAME_SAMPLES]>,
    stretch: Option<Vec<i16>>,
}

impl SegmentCutter {
    /// Handles one message of the session. Returns the samples of a speech segment when it is complete.
    pub(crate) fn take(&mut self, what: &EngineInput) -> Option<Vec<i16>> {
        match what {
            EngineInput::Audio(frame) => {
                self.take_frame(frame);
                None
            }
            EngineInput::SpeechStarted { frames_back } => {
                let kept = (frames_back + BEFORE_WORD_FRAMES).min(self.before.len());
                let from = self.before.len() - kept;
                self.stretch = Some(self.before.iter().skip(from).flatten().copied().collect());
                None
            }
            EngineInput::SpeechEnded { frames_back } => {
                let mut stretch = self.stretch.take()?;
                let after = frames_back.saturating_sub(TAIL_FRAMES) * FRAME_SAMPLES;
                stretch.truncate(stretch.len().saturating_sub(after));
                Some(stretch)
            }
            EngineInput::Finish => self.stretch.take(),
        }
    }

    fn take_frame(&mut self, frame: &[i16; FRAME_SAMPLES]) {
        if let Some(stretch) = &mut self.stretch
            && stretch.len() < STRETCH_FRAMES_MAX * FRAME_SAMPLES
        {
            stretch.extend_from_slice(frame);
        }
        if self.before.len() >= BEFORE_FRAMES_MAX {
            self.before.pop_front();
        }
        self.before.push_back(*frame);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn audio(value: i16) -> EngineInput {
        EngineInput::Audio(Box::new([value; FRAME_SAMPLES]))
    }

    #[test]
    fn a_stretch_has_a_little_sound_around_its_voice() {
        let mut segments = SegmentCutter::default();
        for value in 0..40 {
            assert_eq!(segments.take(&audio(value)), None);
        }
        segments.take(&EngineInput::SpeechStarted { frames_back: 3 });
        for value in 40..60 {
            segments.take(&audio(value));
        }
        let stretch = segments
            .take(&EngineInput::SpeechEnded { frames_back: 15 })
            .unwrap();
        assert_eq!(stretch.len(), (8 + 20 - 10) * FRAME_SAMPLES);
        assert_eq!((stretch[0], stretch.last()), (32, Some(&49)));
        assert_eq!(segments.take(&EngineInput::SpeechEnded { frames_back: 1 }), None);
    }

    #[test]
    fn a_stretch_without_end_is_bounded_and_what_was_begun_is_given_at_the_end() {
        let mut segments = SegmentCutter::default();
        segments.take(&audio(1));
        segments.take(&EngineInput::SpeechStarted { frames_back: 1 });
        for _ in 0..2 * STRETCH_FRAMES_MAX {
            segments.take(&audio(1));
        }
        let stretch = segments.take(&EngineInput::Finish).unwrap();
        assert_eq!(stretch.len(), STRETCH_FRAMES_MAX * FRAME_SAMPLES);
    }
}
