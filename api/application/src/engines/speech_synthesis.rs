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
#[derive(Debug, ApiRequest, JsonSchema)]
#[schemars(extend("examples" = [{ "text": "您好，请按一。", "language": "zh-CN", "personal": false }]))]
pub struct SpeechSynthesisRequest {
    #[schemars(length(min = 1, max = SPOKEN_BYTES_MAX))]
    pub text: String,
    /// Language (BCP 47). Default: `zh-CN`.
    #[schemars(length(min = 1, max = NAME_BYTES_MAX))]
    #[member(read = language)]
    pub language: Option<String>,
    /// Voice; only the one that this server has. Default: that one.
    #[schemars(length(max = NAME_BYTES_MAX))]
    pub voice: Option<String>,
    /// True if the text may name a person: its audio is then not cached. Default: true.
    pub personal: Option<bool>,
}

fn language(body: &mut Members, name: &str) -> Option<String> {
    let language = body.short_text(name, NAME_BYTES_MAX);
    if language.as_ref().is_some_and(|text| text.trim().is_empty()) {
        body.wrong(name, "is empty");
    }
    language
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
        Err(SpeechError::NoVoice(language)) => Err(Problem::refused(
            "voice-unknown",
            format!("this server has no voice for the language {language}"),
        )),
        // The engine's error message may contain the text.
        Err(SpeechError::Missing(_) | SpeechError::NotBundled | SpeechError::Failed(_)) => {
            Err(Problem::unavailable("the synthesizer could not speak this text"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use async_trait::async_trait;
    use domain::problem::ProblemKind;

    /// A synthesizer that fails with this error.
    struct FailingSynthesizer(SpeechError);

    #[async_trait]
    impl Synthesizer for FailingSynthesizer {
        fn name(&self) -> &'static str {
            "failing"
        }
        fn speaks_any_text(&self) -> bool {
            true
        }
        fn is_elsewhere(&self) -> bool {
            false
        }
        fn speaks(&self, _: &str) -> bool {
            true
        }
        async fn speak(&self, _: &Prompt) -> Result<Arc<Clip>, SpeechError> {
            Err(self.0.clone())
        }
    }

    #[tokio::test]
    async fn a_missing_voice_is_a_refusal_and_a_failed_engine_is_unavailable() {
        let request = SpeechSynthesisRequest {
            text: "您好".to_owned(),
            language: Some("fr".to_owned()),
            voice: None,
            personal: None,
        };
        let missing = FailingSynthesizer(SpeechError::NoVoice("fr".to_owned()));
        let refusal = speak(&missing, &request).await.unwrap_err();
        assert_eq!(
            (refusal.kind, refusal.code),
            (ProblemKind::Refused, "voice-unknown")
        );
        assert_eq!(refusal.detail, "this server has no voice for the language fr");
        let failed = FailingSynthesizer(SpeechError::Failed("您好".to_owned()));
        let refusal = speak(&failed, &request).await.unwrap_err();
        assert_eq!(refusal.kind, ProblemKind::Unavailable);
        assert!(!refusal.detail.contains("您好"));
    }
}
