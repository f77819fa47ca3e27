//! Makes a synthesizer over the network from a SPEC: `openai:https://HOST/v1?voice=NAME`, with `model`,
//! `rate` and `key_env` as options.

use crate::connection::HttpAddress;
use crate::openai_speech::{OpenAiSynthesizer, PCM_RATE_HZ, SpeechSettings};
use crate::recognition::spec::{RecognizerKind, RecognizerSpec};
use crate::spliced_synthesizer::{SpliceError, SplicedSynthesizer};
use domain::ports::clock::Clock;
use domain::ports::speech::Synthesizer;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tls::TlsError;

/// The model that is requested if the SPEC names none.
const MODEL: &str = "tts-1";
/// The voice that is requested if the SPEC names none.
const VOICE: &str = "alloy";
/// The sample rates that can be resampled to a telephone's, in hertz.
const RATE_HZ: std::ops::RangeInclusive<u32> = 8_000..=48_000;

/// The reason why a synthesizer cannot be made from a SPEC.
#[derive(Debug, thiserror::Error)]
pub enum VoiceError {
    #[error("a synthesizer is `clips:DIRECTORY`, `openai:http://HOST:PORT/v1` or `openai:https://HOST/v1`")]
    NotSpeech,
    #[error("`rate` is its samples per second, from 8000 to 48000")]
    Rate,
    #[error("the environment variable {0}, which `key_env` names, is not set")]
    NoSecret(String),
    #[error(transparent)]
    Recordings(#[from] SpliceError),
    #[error(transparent)]
    Tls(#[from] TlsError),
}

/// Returns a synthesizer that speaks the recordings of a directory; `others` speaks the values between them
/// and every text without a recording.
pub fn with_recordings(dir: &Path, others: Arc<dyn Synthesizer>) -> Result<Arc<dyn Synthesizer>, VoiceError> {
    Ok(Arc::new(SplicedSynthesizer::from_directory(dir, others)?))
}

/// Makes the synthesizer of a SPEC. `secret` returns the value of an environment variable, for the key.
/// Fails if the SPEC is of another kind, the key is missing or the rate is not supported. The service is
/// not contacted yet.
pub fn synthesizer(
    spec: &RecognizerSpec,
    cache_dir: Option<PathBuf>,
    clock: Arc<dyn Clock>,
    secret: &dyn Fn(&str) -> Option<String>,
) -> Result<Arc<dyn Synthesizer>, VoiceError> {
    let RecognizerSpec::Remote(remote) = spec else {
        return Err(VoiceError::NotSpeech);
    };
    if remote.kind != RecognizerKind::OpenAi {
        return Err(VoiceError::NotSpeech);
    }
    let rate_hz = match remote.option("rate") {
        Some(rate) => rate
            .parse()
            .ok()
            .filter(|rate| RATE_HZ.contains(rate))
            .ok_or(VoiceError::Rate)?,
        None => PCM_RATE_HZ,
    };
    let looked_up = |name: &str| {
        let found = secret(name).filter(|one| !one.is_empty());
        found.ok_or_else(|| VoiceError::NoSecret(name.to_owned()))
    };
    let settings = SpeechSettings {
        base: remote.path.trim_end_matches('/').to_owned(),
        model: remote.option("model").unwrap_or(MODEL).to_owned(),
        voice: remote.option("voice").unwrap_or(VOICE).to_owned(),
        rate_hz,
        key: remote.option("key_env").map(looked_up).transpose()?,
        cache_dir,
    };
    let server = HttpAddress::new(&remote.host, remote.port, remote.tls.as_ref())?;
    Ok(Arc::new(OpenAiSynthesizer::new(settings, server, clock)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::SuiteClock;

    #[test]
    fn a_spec_names_a_voice_or_says_what_is_wrong() {
        let made = |spec: &str| synthesizer(&spec.parse().unwrap(), None, Arc::new(SuiteClock), &|_| None);
        assert_eq!(
            made("openai:http://127.0.0.1:9/v1?voice=zh").unwrap().name(),
            "openai"
        );
        for (spec, says) in [
            ("vosk:ws://127.0.0.1:9", "openai:http"),
            ("template:/x", "openai:http"),
            ("openai:http://127.0.0.1:9/v1?rate=1", "8000 to 48000"),
            ("openai:http://127.0.0.1:9/v1?key_env=K", "K"),
        ] {
            let error = made(spec).err().unwrap().to_string();
            assert!(error.contains(says), "{spec}: {error}");
        }
    }
}
