//! Makes a recognizer from a SPEC: the only module that knows all kinds.

use super::engine::Engine;
use super::funasr::FunAsr;
use super::nls::Nls;
use super::protocol::Dialect;
use super::session::EngineRecognizer;
use super::sherpa::Sherpa;
use super::spec::{RecognizerKind, RecognizerSpec, RemoteEngine};
use super::template::{TemplateEngine, Vocabulary, VocabularyError};
use super::transcription::{TranscriptionEngine, TranscriptionSettings};
use super::vosk::Vosk;
use super::websocket::WebSocketEngine;
use crate::connection::{HttpAddress, StreamAddress};
use domain::hex;
use domain::ports::clock::Clock;
use domain::ports::id_source::IdSource;
use domain::ports::recognizer::Recognizer;
use domain::ports::tasks::Tasks;
use sha2::{Digest, Sha256};
use std::sync::Arc;
use tls::TlsError;

/// The model that is requested from a transcription service if the SPEC names none.
const TRANSCRIPTION_MODEL: &str = "whisper-1";
/// The path of an NLS service if the SPEC names none.
const NLS_PATH: &str = "/ws/v1";

/// The ports that a recognizer needs.
#[derive(Clone)]
pub struct RecognizerPorts {
    pub clock: Arc<dyn Clock>,
    pub tasks: Arc<dyn Tasks>,
    pub ids: Arc<dyn IdSource>,
}

/// The reason why a recognizer cannot be made from a SPEC.
#[derive(Debug, thiserror::Error)]
pub enum RecognizerError {
    #[error(transparent)]
    Vocabulary(#[from] VocabularyError),
    #[error(transparent)]
    Tls(#[from] TlsError),
    #[error("the environment variable {0}, which an option of the recognizer names, is not set")]
    NoSecret(String),
    #[error("nls needs `appkey_env` and `token_env`: names of the environment variables that hold them")]
    NoKey,
    #[error("`clips:DIRECTORY` is a synthesizer, not a recognizer")]
    Clips,
}

/// Makes the recognizer of a SPEC. `secret` returns the value of an environment variable, for keys. Fails
/// if a key or file is missing or the SPEC is not of a recognizer. Engines are not contacted yet.
pub fn recognizer(
    spec: &RecognizerSpec,
    ports: RecognizerPorts,
    secret: &dyn Fn(&str) -> Option<String>,
) -> Result<Arc<dyn Recognizer>, RecognizerError> {
    let engine: Arc<dyn Engine> = match spec {
        RecognizerSpec::Template(dir) => {
            Arc::new(TemplateEngine::new(Arc::new(Vocabulary::from_directory(dir)?)))
        }
        RecognizerSpec::Clips(_) => return Err(RecognizerError::Clips),
        RecognizerSpec::Remote(remote) => remote_engine(spec, remote, &ports, secret)?,
    };
    Ok(Arc::new(EngineRecognizer::new(engine, ports.clock, ports.tasks)))
}

fn remote_engine(
    spec: &RecognizerSpec,
    remote: &RemoteEngine,
    ports: &RecognizerPorts,
    secret: &dyn Fn(&str) -> Option<String>,
) -> Result<Arc<dyn Engine>, RecognizerError> {
    let looked_up = |option: &str| -> Result<Option<String>, RecognizerError> {
        let Some(name) = remote.option(option) else {
            return Ok(None);
        };
        let found = secret(name).filter(|one| !one.is_empty());
        found
            .map(Some)
            .ok_or_else(|| RecognizerError::NoSecret(name.to_owned()))
    };
    let configuration = configuration(spec, remote);
    let mut target = remote.path.clone();
    let dialect: Arc<dyn Dialect> = match remote.kind {
        RecognizerKind::Vosk => Arc::new(Vosk::new(configuration)),
        RecognizerKind::FunAsr => Arc::new(FunAsr::new(configuration)),
        RecognizerKind::Sherpa => Arc::new(Sherpa::new(configuration)),
        RecognizerKind::Nls => {
            let (Some(app_key), Some(token)) = (looked_up("appkey_env")?, looked_up("token_env")?) else {
                return Err(RecognizerError::NoKey);
            };
            if target == "/" {
                NLS_PATH.clone_into(&mut target);
            }
            let token = percent_encoding::utf8_percent_encode(&token, percent_encoding::NON_ALPHANUMERIC);
            target = format!("{target}?token={token}");
            let vocabulary = remote.option("vocabulary").map(str::to_owned);
            Arc::new(Nls::new(
                configuration,
                app_key,
                vocabulary,
                Arc::clone(&ports.ids),
            ))
        }
        RecognizerKind::OpenAi => {
            let settings = TranscriptionSettings {
                base: remote.path.trim_end_matches('/').to_owned(),
                model: remote.option("model").unwrap_or(TRANSCRIPTION_MODEL).to_owned(),
                key: looked_up("key_env")?,
            };
            let server = HttpAddress::new(&remote.host, remote.port, remote.tls.as_ref())?;
            return Ok(Arc::new(TranscriptionEngine::new(
                settings,
                server,
                configuration,
            )));
        }
    };
    let server = StreamAddress::new(&remote.host, remote.port, remote.tls.as_ref())?;
    Ok(Arc::new(WebSocketEngine::new(dialect, server, &target)))
}

/// Returns 16 hexadecimal digits that identify the engine's address and model; options with secrets are
/// left out.
fn configuration(spec: &RecognizerSpec, remote: &RemoteEngine) -> String {
    let model = remote.option("model").unwrap_or("");
    hex::encode_first(8, &Sha256::digest(format!("{spec} {model}")))
}
