//! Which recognizer and which voice a server takes, as its command line says it.

use speech::recognition::spec::RecognizerSpec;

/// What a server hears and speaks with.
#[derive(Debug, Clone, Default)]
pub struct SpeechChoice {
    /// Absent: calls are answered by keys alone.
    pub recognizer: Option<RecognizerSpec>,
    /// Absent: what this machine has.
    pub synthesizer: Option<RecognizerSpec>,
}

/// The arguments of it, for commands that place calls.
#[derive(Debug, Clone, clap::Args)]
pub struct SpeechArgs {
    /// Listen to callees: vosk:ws://HOST:PORT, funasr:…, sherpa:…, nls:wss://…, openai:https://…/v1, or
    /// template:DIRECTORY to rehearse; without it keys alone answer
    #[arg(long, value_name = "SPEC")]
    recognizer: Option<RecognizerSpec>,
    /// Speak by a service, such as openai:https://HOST/v1?voice=NAME&key_env=VARIABLE; default: espeak-ng
    /// where it is installed, bundled clips elsewhere
    #[arg(long, value_name = "SPEC")]
    synthesizer: Option<RecognizerSpec>,
}

impl SpeechArgs {
    pub fn choice(self) -> SpeechChoice {
        SpeechChoice {
            recognizer: self.recognizer,
            synthesizer: self.synthesizer,
        }
    }
}
