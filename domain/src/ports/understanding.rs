//! The Understanding port: what somebody said, read for the node where a call is.
//!
//! **What every implementation promises.** It answers from memory, in microseconds, and never waits. Equal
//! arguments have equal answers. It reads what stands in the text and in the run; it moves neither.

use crate::flow::{FlowRun, Understood};
use crate::model::ModelRef;
use crate::time::Timestamp;
use std::sync::Arc;

/// A word of a list that was said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SensitiveWord {
    /// The list's name.
    pub list: String,
    /// The word as it stands in the list.
    pub word: String,
}

/// Finds the words of some lists in what is said.
pub trait SensitiveWords: Send + Sync {
    /// The first one that is complete in a text, be it a part of an utterance.
    fn first(&self, text: &str) -> Option<SensitiveWord>;
}

/// Reads what callees say.
pub trait Understanding: Send + Sync {
    /// What an utterance says to the node where `run` is, at a moment of the call.
    fn understand(&self, text: &str, run: &FlowRun, at: Timestamp) -> Understood;
    /// Digest of the model that is asked in this language; none where rules alone are.
    fn model(&self, language: &str) -> Option<String>;
    /// Whoever understands by a published model, in its language and every other; `None` where its bytes are
    /// not to be had here. May read a file the first time, so it is asked once a call.
    fn by_model(&self, model: &ModelRef) -> Option<Arc<dyn Understanding>>;
    /// A campaign's own words, to be looked for; `None` where there are none that could be found.
    fn sensitive_words(&self, words: &[String]) -> Option<Box<dyn SensitiveWords>>;
}
