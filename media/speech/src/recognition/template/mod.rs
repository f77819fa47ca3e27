//! An embedded recognizer of a closed vocabulary: cepstral coefficients compared with recorded examples by
//! dynamic time warping. No model, no network, no licence.
//!
//! **For rehearsals only.** It recognizes synthetic voices like those of its examples, well enough for a loop
//! of real audio on a machine that has nothing else; it does not recognize people. Its facts say so. Words
//! outside the vocabulary are mostly taken for the phrase nearest to them.

mod vocabulary;

pub use vocabulary::{Vocabulary, VocabularyError};

use super::engine::{Engine, EngineChannels, EngineInput, EngineOutput, EngineSession, RecognizedText};
use super::segment::SegmentCutter;
use async_trait::async_trait;
use domain::ports::recognizer::{Alternative, RecognizerFacts, RecognizerOptions, UtteranceSegmenter};
use media::audio::likeness::coefficients_of;
use std::sync::Arc;

/// Largest distance from an example that counts as a phrase: a buzz lies at 3.55, words with noise 10 dB
/// below them at up to 3.5. A phrase that is not in the vocabulary is within it too, and is taken for the
/// nearest phrase.
const DISTANCE_MAX: f64 = 3.5;
/// Number of alternatives of a result; further ones would be noise.
const ALTERNATIVES: usize = 2;

/// The embedded engine. All calls share its vocabulary.
pub struct TemplateEngine {
    vocabulary: Arc<Vocabulary>,
}

impl TemplateEngine {
    pub const fn new(vocabulary: Arc<Vocabulary>) -> Self {
        Self { vocabulary }
    }
}

impl Engine for TemplateEngine {
    fn facts(&self) -> RecognizerFacts {
        RecognizerFacts {
            name: "template",
            configuration: self.vocabulary.digest().to_owned(),
            rehearsal_only: true,
            gives_partials: false,
            cuts: UtteranceSegmenter::Ours,
        }
    }

    fn task(&self) -> &'static str {
        "recognizer-template"
    }

    fn begin(&self, order: &RecognizerOptions) -> Box<dyn EngineSession> {
        Box::new(TemplateSession {
            vocabulary: Arc::clone(&self.vocabulary),
            only: order.vocabulary.clone(),
        })
    }
}

struct TemplateSession {
    vocabulary: Arc<Vocabulary>,
    /// The phrases that the call's options expect; empty for the whole vocabulary.
    only: Vec<String>,
}

#[async_trait]
impl EngineSession for TemplateSession {
    async fn run(self: Box<Self>, mut ends: EngineChannels) {
        let mut segments = SegmentCutter::default();
        while let Some(what) = ends.audio.recv().await {
            if let Some(stretch) = segments.take(&what) {
                let made = recognize_phrase(&self.vocabulary, &self.only, &stretch);
                if ends.heard.send(EngineOutput::Final(made)).await.is_err() {
                    return;
                }
            }
            if what == EngineInput::Finish {
                return;
            }
        }
    }
}

/// Recognizes samples at 8 kHz as the nearest phrase of the vocabulary, or of `only` if it is not empty,
/// with confidence and alternatives. The result is empty if no phrase is near enough.
pub fn recognize_phrase(vocabulary: &Vocabulary, only: &[String], samples: &[i16]) -> RecognizedText {
    let heard = coefficients_of(samples);
    let ranked = vocabulary.rank_phrases(only, &heard);
    let Some((best, distance)) = ranked.first() else {
        return RecognizedText::default();
    };
    if *distance > DISTANCE_MAX {
        return RecognizedText::default();
    }
    let confidence = |distance: f64| Some((1.0 - distance / (DISTANCE_MAX * 1.5)).clamp(0.0, 1.0));
    let alternatives = ranked
        .iter()
        .skip(1)
        .take(ALTERNATIVES)
        .map(|(text, distance)| Alternative {
            text: (*text).to_owned(),
            confidence_ratio: confidence(*distance),
        });
    RecognizedText {
        text: (*best).to_owned(),
        confidence_ratio: confidence(*distance),
        alternatives: alternatives.collect(),
    }
}

#[cfg(test)]
mod tests;
