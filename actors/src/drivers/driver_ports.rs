//! The ports that drivers need: lines of one realm, speech, recordings, agents.

use crate::call_assistant::CallAssistant;
use crate::call_encoder::CallEncoder;
use domain::ports::agents::Agents;
use domain::ports::knowledge::KnowledgeBases;
use domain::ports::line::Line;
use domain::ports::masking::Masking;
use domain::ports::recognizer::Recognizer;
use domain::ports::recording::Recordings;
use domain::ports::speech::{Clip, Synthesizer};
use domain::ports::understanding::Understanding;
use domain::ports::worklist::Worklist;
use domain::realm::{Real, Realm};
use std::sync::Arc;

/// The ports that drivers need in addition to those of `Environment`.
#[derive(Clone)]
pub struct DriverPorts<R: Realm = Real> {
    pub worklist: Arc<dyn Worklist>,
    /// The lines, in order of preference; at least one.
    pub lines: Vec<Arc<dyn Line<R>>>,
    pub synthesizer: Arc<dyn Synthesizer>,
    /// Speech recognition and understanding. `None`: callees answer by keypress only.
    pub hearing: Option<ListeningPorts>,
    pub recordings: Arc<dyn Recordings>,
    /// The agents who take calls of campaigns that need agents. `None`: these campaigns dial no calls.
    pub agents: Option<Arc<dyn Agents>>,
}

/// What a call listens with: a recognizer, and what interprets and masks its texts. Neither works without the
/// other.
#[derive(Clone)]
pub struct ListeningPorts {
    pub recognizer: Arc<dyn Recognizer>,
    pub understanding: Arc<dyn Understanding>,
    /// Removes numbers, card numbers and names from recognized text before it is stored.
    pub masking: Arc<dyn Masking>,
    /// A stored clip of speech. A recognizer that failed is probed with it.
    pub probe: Arc<Clip>,
    /// The knowledge bases from which campaigns answer questions.
    pub knowledge: Arc<dyn KnowledgeBases>,
    /// The assistant that is asked when the understanding is unsure. `None`: no assistant is asked.
    pub assist: Option<CallAssistant>,
    /// The encoder that ranks intents before the linear model does. `None`: only the linear model ranks.
    pub encode: Option<CallEncoder>,
}
