//! Text to speech behind the `Synthesizer` port: espeak-ng if it is installed, else bundled clips. Speech to
//! text behind the `Recognizer` port: engines over the network, and an embedded one for rehearsals.

pub mod assistant;
mod cache;
mod chinese_readings;
pub mod clips;
mod completion;
mod connection;
pub mod encoder;
pub mod espeak;
pub mod evaluation;
mod http;
pub mod openai_speech;
mod prompt_queue;
mod prompt_text;
pub mod recognition;
pub mod recorded_clip;
pub mod rehearsal_sound;
pub mod rehearsal_voices;
pub mod simulated_synthesizer;
pub mod spliced_synthesizer;
pub mod synthesizer_factory;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
pub mod voice_likeness;
mod writer;

#[cfg(test)]
mod contract;

use domain::ports::clock::Clock;
use domain::ports::speech::Synthesizer;
use std::sync::Arc;

/// Returns the best synthesizer of this machine: espeak-ng if its program runs, else the bundled clips.
pub async fn synthesizer_of_this_machine(
    settings: espeak::EspeakSettings,
    clock: Arc<dyn Clock>,
) -> Arc<dyn Synthesizer> {
    match espeak::EspeakSynthesizer::find(settings, clock).await {
        Ok(espeak) => Arc::new(espeak),
        Err(error) => {
            tracing::info!(%error, "speaking bundled clips only");
            Arc::new(clips::BundledSynthesizer::new())
        }
    }
}
