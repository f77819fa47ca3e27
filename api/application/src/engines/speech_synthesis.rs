//! Speech synthesis as a service for other systems, with the engine that calls use.

use domain::ports::speech::{Clip, Prompt, SpeechError, Synthesizer, Urgency};
use domain::problem::Problem;
use intake::members::{ApiRequest, Members};
use schemars::JsonSchema;
use std::sync::Arc;

/// Longest text, in bytes: two minutes of speech, more than any prompt of a flow.
pub const SPOKEN_BYTES_MAX: usize = 2_000;

/// Longest name of a language or voice, in bytes.
const NAME_BYTES_MAX: usize = 64;

/// A text to be spoken.
#[derive(Debug, JsonSchema)]
#[schemars(extend("examples" = [{ "text": "您好，请按一。", "language": "zh-CN", "personal": false }]))]
pub struct SpeechSynthesisRequest {
    #[schemars(length(min = 1, max = SPOKEN_BYTES_MAX))]
    pub text: String,
    /// Language (BCP 47). Default: `zh-CN`.
    pub language: Option<String>,
    /// Voice; only the one that this server has. Default: that one.
    pub voice: Option<String>,
    /// True if the text may name a person: its audio is then not cached. Default: true.
    pub personal: Option<bool>,
}

impl ApiRequest for SpeechSynthesisRequest {
    fn read(body: &mut Members) -> Self {
        Self {
            text: body.needed_short_text("text", SPOKEN_BYTES_MAX),
            language: body.short_text("language", NAME_BYTES_MAX),
            voice: body.short_text("voice", NAME_BYTES_MAX),
            personal: body.value("personal"),
        }
    }
}

pub(super) async fn speak(
    synthesizer: &dyn Synthesizer,
    order: &SpeechSynthesisRequest,
) -> Result<Arc<Clip>, Problem> {
    let voice = synthesizer.name();
    if order.voice.as_ref().is_some_and(|asked| asked != voice) {
        return Err(Problem::refused(
            "voice-unknown",
            format!("this server has only the voice {voice}"),
        ));
    }
    if !synthesizer.speaks(&order.text) {
        return Err(Problem::refused(
            "text-not-speakable",
            "this server has no synthesizer and no recording of this text",
        ));
    }
    let prompt = Prompt {
        text: order.text.clone(),
        language: order.language.clone().unwrap_or_else(|| "zh-CN".to_owned()),
        personal: order.personal.unwrap_or(true),
        // No callee waits for this text, but others may be in calls.
        urgency: Urgency::Ahead,
        ..Prompt::default()
    };
    match synthesizer.speak(&prompt).await {
        Ok(clip) => Ok(clip),
        // The engine's error message may contain the text.
        Err(SpeechError::Missing(_) | SpeechError::NotBundled | SpeechError::Failed(_)) => {
            Err(Problem::unavailable("the synthesizer could not speak this text"))
        }
    }
}
