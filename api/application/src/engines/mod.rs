//! The engines of calls (understanding, recognition, synthesis, voices) as a service for other systems:
//! within quotas, counted, with lower priority than calls.
//!
//! Nothing that is sent is stored, logged or used as a label of a metric. Calls need no turn here: the
//! number of external requests at once is limited, so that capacity remains for calls.

mod named_entities;
mod quota;
mod speech_recognition;
mod speech_synthesis;
mod text_understanding;

pub use named_entities::NamedEntityResponse;
pub use quota::{Engine, EngineTurn, EngineUses, QuotaLimits, Quotas};
pub use speech_recognition::{
    HEARD_MS_MAX, SpeechRecognitionRequest, SpeechRecognitionResponse, UtteranceResponse,
};
pub use speech_synthesis::{SPOKEN_BYTES_MAX, SpeechSynthesisRequest};
pub use text_understanding::{
    EXPECTED_MAX, SENSITIVE_WORDS_MAX, TextInterest, TextUnderstandingRequest, TextUnderstandingResponse,
    UNDERSTOOD_BYTES_MAX,
};

use crate::access::Caller;
use crate::installation::Installation;
use domain::ports::recognizer::Recognizer;
use domain::ports::speech::Clip;
use domain::problem::Problem;
use domain::setting::SettingName;
use std::sync::{Arc, OnceLock};
use text_understanding::TextModels;

/// The engines of this process, offered to other systems within quotas.
pub struct Engines {
    /// The recognizer. `None` if calls are answered by keypresses only.
    recognizer: Option<Arc<dyn Recognizer>>,
    readers: Arc<OnceLock<Result<TextModels, String>>>,
    quotas: Arc<Quotas>,
}

impl Engines {
    pub fn new(recognizer: Option<Arc<dyn Recognizer>>) -> Self {
        Self {
            recognizer,
            readers: Arc::default(),
            quotas: Arc::default(),
        }
    }

    /// Returns for each engine how many requests of other systems were admitted, how many were refused by a
    /// quota or because all turns were taken, and how many it processes now. Counted since the start of the
    /// process.
    pub fn uses(&self) -> Vec<EngineUses> {
        self.quotas.uses()
    }

    /// Returns the meaning of a text, within the caller's quota. The first request waits until the models
    /// have learned. Fails with the quota if it is exhausted.
    pub async fn understand(
        &self,
        installation: &Installation,
        caller: &Caller,
        order: TextUnderstandingRequest,
    ) -> Result<TextUnderstandingResponse, Problem> {
        let _turn = self.turn(installation, caller, Engine::Understand).await?;
        let asked = text_understanding::load_text_context(installation, &order).await?;
        let readers = Arc::clone(&self.readers);
        let readers = match readers.get() {
            Some(_) => readers,
            None => text_understanding::learn_models(installation, readers).await?,
        };
        match readers.get() {
            Some(Ok(readers)) => Ok(readers.read(&order, &asked, installation)),
            Some(Err(why)) => Err(Problem::fault(why.clone())),
            None => Err(Problem::unavailable("the server is shutting down")),
        }
    }

    /// Returns the recognized text of some audio, within the caller's quota. Takes as long as the audio
    /// lasts. Fails with `recognizer-missing` if the server has no recognizer.
    pub async fn recognize(
        &self,
        installation: &Installation,
        caller: &Caller,
        clip: &Clip,
        order: SpeechRecognitionRequest,
    ) -> Result<SpeechRecognitionResponse, Problem> {
        let Some(recognizer) = &self.recognizer else {
            return Err(speech_recognition::missing());
        };
        let _turn = self.turn(installation, caller, Engine::Recognize).await?;
        let clock = installation.environment.clock.as_ref();
        speech_recognition::recognize(recognizer.as_ref(), clock, clip, order).await
    }

    /// Returns a text spoken as audio, within the caller's quota.
    pub async fn synthesize(
        &self,
        installation: &Installation,
        caller: &Caller,
        order: &SpeechSynthesisRequest,
    ) -> Result<Arc<Clip>, Problem> {
        let _turn = self.turn(installation, caller, Engine::Synthesize).await?;
        speech_synthesis::speak(installation.synthesizer.as_ref(), order).await
    }

    /// Takes a turn for describing or comparing a voice, within the caller's quota. The turn ends when it
    /// is dropped.
    pub async fn voices(&self, installation: &Installation, caller: &Caller) -> Result<EngineTurn, Problem> {
        self.turn(installation, caller, Engine::Voices).await
    }

    async fn turn(
        &self,
        installation: &Installation,
        caller: &Caller,
        engine: Engine,
    ) -> Result<EngineTurn, Problem> {
        let limits = QuotaLimits {
            per_minute: installation.setting(SettingName::EngineRequestsPerMinute).await?,
            at_once_max: installation.setting(SettingName::EngineRequestsAtOnceMax).await?,
        };
        self.quotas.enter(engine, caller, limits, installation.now())
    }
}
