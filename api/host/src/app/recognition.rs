//! Opens what calls hear with: the recognizer that the operator chose, the bundled understanding, the
//! assistant and the encoder.

use crate::app::error::AppError;
use crate::speech_args::SpeechChoice;
use actors::{CallAssistant, CallEncoder, Environment, ListeningPorts};
use application::bundled_understanding::BundledUnderstanding;
use application::installation::Installation;
use application::knowledge::LoggedKnowledge;
use application::models::ModelBlobStore;
use application::transcript_masking::WordMasker;
use domain::ports::recognizer::Recognizer;
use domain::ports::writer::Writer;
use speech::recognition::spec::RecognizerSpec;
use speech::recognition::{self, RecognizerPorts};
use std::path::Path;
use std::sync::Arc;
use tokio::sync::oneshot;

/// Makes the recognizer of a SPEC. The engine is not contacted yet.
pub fn recognizer(environment: &Environment, spec: &RecognizerSpec) -> Result<Arc<dyn Recognizer>, AppError> {
    let ports = RecognizerPorts {
        clock: Arc::clone(&environment.clock),
        tasks: Arc::clone(&environment.tasks),
        ids: Arc::clone(&environment.ids),
    };
    Ok(recognition::recognizer(
        spec,
        ports,
        &crate::config::named_variable,
    )?)
}

/// Makes recognizer, understanding, assistant and encoder of calls; `None` if no recognizer was chosen. The
/// engine is not contacted yet: each call notices whether it can be reached.
pub async fn open_recognition(
    environment: &Environment,
    choice: &SpeechChoice,
    directory: &Path,
) -> Result<Option<ListeningPorts>, AppError> {
    let Some(spec) = &choice.recognizer else {
        return Ok(None);
    };
    let recognizer = recognizer(environment, spec)?;
    let (sender, learned) = oneshot::channel();
    let shelf = ModelBlobStore::in_directory(directory);
    let learning = move || {
        // The receiver is gone if the process stops meanwhile.
        let _stopped = sender.send(BundledUnderstanding::learned(shelf));
    };
    environment.tasks.thread("understanding", Box::new(learning));
    let understanding = learned.await.map_err(|_stopping| AppError::Stopping)??;
    Ok(Some(ListeningPorts {
        recognizer,
        understanding: Arc::new(understanding),
        masking: Arc::new(WordMasker),
        probe: Arc::new(speech::clips::probe_clip()),
        assist: assist(environment, choice)?,
        encode: encode(environment, choice)?,
        knowledge: Arc::new(LoggedKnowledge(Arc::clone(&environment.store))),
    }))
}

/// Makes the LLM assistant for utterances that are not understood with certainty; `None` if the server was
/// started without one.
fn assist(environment: &Environment, choice: &SpeechChoice) -> Result<Option<CallAssistant>, AppError> {
    let Some(spec) = &choice.llm else { return Ok(None) };
    let clock = Arc::clone(&environment.clock);
    let assistant = speech::assistant::assistant(spec, clock, &crate::config::named_variable)?;
    Ok(Some(CallAssistant::new(assistant, Arc::new(WordMasker))))
}

/// Makes the encoder, a neural model that ranks the meanings of an utterance before the linear model does;
/// `None` if the server was started without one.
fn encode(environment: &Environment, choice: &SpeechChoice) -> Result<Option<CallEncoder>, AppError> {
    let Some(spec) = &choice.encoder else {
        return Ok(None);
    };
    let clock = Arc::clone(&environment.clock);
    let encoder = speech::encoder::encoder(spec, clock, &crate::config::named_variable)?;
    Ok(Some(CallEncoder::new(encoder, Arc::new(WordMasker))))
}

/// Sets the writing model for wording drafts, if the server was started with one.
pub fn ask_writer(installation: &Installation, choice: &SpeechChoice) -> Result<(), AppError> {
    if let Some(writer) = writer(&installation.environment, choice)? {
        installation.writing.write_by(writer);
    }
    Ok(())
}

/// Makes the writer, an LLM that words texts for users to read and decide about; `None` if the server was
/// started without one.
pub fn writer(environment: &Environment, choice: &SpeechChoice) -> Result<Option<Arc<dyn Writer>>, AppError> {
    let Some(spec) = &choice.llm else { return Ok(None) };
    let clock = Arc::clone(&environment.clock);
    let writer = speech::assistant::assistant(spec, clock, &crate::config::named_variable)?;
    Ok(Some(writer))
}
