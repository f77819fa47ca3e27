//! Which recognizer, which voice and which assistant a server takes, as its command line says it.

use speech::recognition::spec::{RecognizerSpec, SpecError};

/// What a server hears, speaks and asks with.
#[derive(Debug, Clone, Default)]
pub struct SpeechChoice {
    /// Absent: calls are answered by keys alone.
    pub recognizer: Option<RecognizerSpec>,
    /// Absent: what this machine has.
    pub synthesizer: Option<RecognizerSpec>,
    /// Absent: nobody is asked what nobody is sure of.
    pub llm: Option<RecognizerSpec>,
    /// Absent: the linear model ranks alone.
    pub encoder: Option<RecognizerSpec>,
}

/// The arguments of it, for commands that place calls.
#[derive(Debug, Clone, clap::Args)]
pub struct SpeechArgs {
    /// Listen to callees: vosk:ws://HOST:PORT, funasr:…, sherpa:…, nls:wss://…, openai:https://…/v1, or
    /// template:DIRECTORY to rehearse; without it keys alone answer
    #[arg(long, value_name = "SPEC")]
    recognizer: Option<RecognizerSpec>,
    /// Speak by a service, such as openai:https://HOST/v1?voice=NAME&key_env=VARIABLE, or clips:DIRECTORY with
    /// recordings before it; default: espeak-ng where it is installed, bundled clips elsewhere
    #[arg(long, value_name = "SPEC")]
    synthesizer: Option<RecognizerSpec>,
    /// Ask an assistant what nobody is sure of, where a campaign allows it, and for words that people decide
    /// on, such as https://HOST/v1?model=NAME&key_env=VARIABLE; it picks among approved ids and says nothing
    /// itself
    #[arg(long, value_name = "URL", value_parser = assistant_spec)]
    llm: Option<RecognizerSpec>,
    /// Let an encoder of one's own rank what was said before the linear model, such as
    /// encoder:http://127.0.0.1:8091/v1; what is late or no ranking leaves the linear model's reading
    #[arg(long, value_name = "SPEC", value_parser = encoder_spec)]
    encoder: Option<RecognizerSpec>,
}

/// `encoder:` or an address alone: the one form that there is.
pub fn encoder_spec(text: &str) -> Result<RecognizerSpec, SpecError> {
    assistant_spec(text.strip_prefix("encoder:").unwrap_or(text))
}

/// An address alone means the one form that there is.
fn assistant_spec(text: &str) -> Result<RecognizerSpec, SpecError> {
    if text.starts_with("http://") || text.starts_with("https://") {
        return format!("openai:{text}").parse();
    }
    text.parse()
}

impl SpeechArgs {
    pub fn choice(self) -> SpeechChoice {
        SpeechChoice {
            recognizer: self.recognizer,
            synthesizer: self.synthesizer,
            llm: self.llm,
            encoder: self.encoder,
        }
    }
}
