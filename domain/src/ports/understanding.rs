//! The Understanding port: interprets an utterance for the flow node that a call is in.
//!
//! **Guarantees of every implementation.** It answers from memory, in microseconds, and never waits. Equal
//! arguments have equal answers. It reads the text and the run and changes neither.

use crate::flow::{FlowRun, UnderstandingResult};
use crate::model::ModelRef;
use crate::time::Timestamp;
use std::sync::Arc;

/// A sensitive word that was found in a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SensitiveWord {
    /// The list's name.
    pub list: String,
    /// The word as written in the list.
    pub word: String,
}

/// Finds the sensitive words of some lists in an utterance.
pub trait SensitiveWords: Send + Sync {
    /// Returns the first sensitive word that occurs complete in the text, which may be part of an
    /// utterance; `None` if there is none.
    fn first(&self, text: &str) -> Option<SensitiveWord>;
}

/// Interprets utterances of callees.
pub trait Understanding: Send + Sync {
    /// Returns what a callee's utterance means at the current node of `run`, at this moment of the call.
    fn understand(&self, text: &str, run: &FlowRun, at: Timestamp) -> UnderstandingResult;
    /// Returns the digest of the model used for this language; `None` if only rules are used.
    fn model(&self, language: &str) -> Option<String>;
    /// Returns the interpreter that uses a published model for the model's language, and the default for
    /// every other. `None` if the model's bytes are not available. May read a file the first time; called
    /// once per call.
    fn by_model(&self, model: &ModelRef) -> Option<Arc<dyn Understanding>>;
    /// Returns a searcher for a campaign's own sensitive words; `None` if the list has no word that could
    /// be found.
    fn sensitive_words(&self, words: &[String]) -> Option<Box<dyn SensitiveWords>>;
}
