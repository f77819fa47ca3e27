//! The command-line arguments that choose a server's recognizer, synthesizer, LLM assistant and encoder.

use speech::recognition::spec::{RecognizerSpec, SpecError};

/// The chosen recognizer, synthesizer, assistant and encoder.
#[derive(Debug, Clone, Default)]
pub struct SpeechChoice {
    /// The recognizer. Without one, callees answer by keypresses only.
    pub recognizer: Option<RecognizerSpec>,
    /// The synthesizer. Default: the best one that this machine has.
    pub synthesizer: Option<RecognizerSpec>,
    /// The LLM assistant. Without one, unclear utterances stay unclear.
    pub llm: Option<RecognizerSpec>,
    /// The encoder that ranks intents. Without one only the linear model ranks.
    pub encoder: Option<RecognizerSpec>,
}

/// The arguments about speech, for commands that place calls.
#[derive(Debug, Clone, clap::Args)]
pub struct SpeechArgs {
    /// Recognizer of what callees say: vosk:ws://HOST:PORT, funasr:…, sherpa:…, nls:wss://…,
    /// openai:https://…/v1, or template:DIRECTORY to rehearse; without it callees answer by keypresses only
    #[arg(long, value_name = "SPEC")]
    recognizer: Option<RecognizerSpec>,
    /// Synthesizer, such as openai:https://HOST/v1?voice=NAME&key_env=VARIABLE, or clips:DIRECTORY with
    /// recordings that are used first; default: espeak-ng if it is installed, else bundled clips
    #[arg(long, value_name = "SPEC")]
    synthesizer: Option<RecognizerSpec>,
    /// LLM assistant for utterances that are not understood with certainty, in campaigns that allow it, and
    /// for text that users decide about, such as https://HOST/v1?model=NAME&key_env=VARIABLE; in a call it
    /// selects approved ids and writes no text
    #[arg(long, value_name = "URL", value_parser = assistant_spec)]
    llm: Option<RecognizerSpec>,
    /// Encoder of your own that ranks what callees said before the linear model does, such as
    /// encoder:http://127.0.0.1:8091/v1; if it is late or gives no ranking the linear model decides
    #[arg(long, value_name = "SPEC", value_parser = encoder_spec)]
    encoder: Option<RecognizerSpec>,
}

/// Parses the argument `--encoder`: `encoder:URL`, or the URL alone.
pub fn encoder_spec(text: &str) -> Result<RecognizerSpec, SpecError> {
    assistant_spec(text.strip_prefix("encoder:").unwrap_or(text))
}

/// Parses the argument `--llm`: a URL alone means `openai:URL`, the only form that exists.
fn assistant_spec(text: &str) -> Result<RecognizerSpec, SpecError> {
    if text.starts_with("http://") || text.starts_with("https://") {
        return format!("openai:{text}").parse();
    }
    text.parse()
}

impl SpeechArgs {
    /// Returns the engines that the arguments choose.
    pub fn choice(self) -> SpeechChoice {
        SpeechChoice {
            recognizer: self.recognizer,
            synthesizer: self.synthesizer,
            llm: self.llm,
            encoder: self.encoder,
        }
    }
}
