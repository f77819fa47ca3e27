//! Finds sentences in the audio that a double receives, by the audio's level.

/// Samples of 20 ms at 8 kHz.
const FRAME: usize = 160;
/// Mean magnitude above which 20 ms are speech.
const LOUD: u32 = 300;
/// Shortest voice that counts as a sentence, in milliseconds.
const SENTENCE_MS: u32 = 100;
/// Silence that ends a sentence, in milliseconds.
const SILENCE_MS: u32 = 400;

/// The result of a piece of audio.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum DetectionResult {
    Nothing,
    /// The present sentence has this much voice so far.
    Voice {
        ms: u32,
    },
    /// A sentence is over.
    Sentence,
}

#[derive(Debug, Default)]
pub(super) struct SpeechDetector {
    rest: Vec<i16>,
    voiced_ms: u32,
    silent_ms: u32,
}

impl SpeechDetector {
    pub(super) fn push(&mut self, samples: &[i16]) -> DetectionResult {
        self.rest.extend_from_slice(samples);
        let mut noticed = DetectionResult::Nothing;
        while self.rest.len() >= FRAME {
            let frame: Vec<i16> = self.rest.drain(..FRAME).collect();
            let sum: u32 = frame.iter().map(|one| u32::from(one.unsigned_abs())).sum();
            if sum / 160 > LOUD {
                self.voiced_ms += 20;
                self.silent_ms = 0;
                noticed = DetectionResult::Voice { ms: self.voiced_ms };
                continue;
            }
            self.silent_ms += 20;
            if self.voiced_ms >= SENTENCE_MS && self.silent_ms >= SILENCE_MS {
                self.voiced_ms = 0;
                return DetectionResult::Sentence;
            }
        }
        noticed
    }

    /// Ends the present sentence. Returns true if there was one.
    pub(super) fn end(&mut self) -> bool {
        std::mem::take(&mut self.voiced_ms) >= SENTENCE_MS
    }
}
