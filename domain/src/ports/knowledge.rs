//! The Knowledge port: looks up approved answers during a call.
//!
//! **Guarantees of every implementation.** A version is loaded from the log once per process and kept. A
//! look-up is answered from memory, in microseconds, and equal arguments have equal answers. An answer
//! outside its days of validity, or with a value that is unknown in the call, is never returned.

use crate::flow::FlowRun;
use crate::knowledge::KnowledgeRef;
use crate::spoken_turn::UnderstandingResult;
use crate::time::Timestamp;
use async_trait::async_trait;
use std::sync::Arc;

/// The source of published knowledge bases.
#[async_trait]
pub trait KnowledgeBases: Send + Sync {
    /// Returns the version of a knowledge base that a campaign names; `None` if it cannot be loaded, which
    /// the implementation reports to the operator.
    async fn base(&self, named: &KnowledgeRef) -> Option<Arc<dyn KnowledgeBase>>;
}

/// One version of a knowledge base.
pub trait KnowledgeBase: Send + Sync {
    /// Adds to `understood` the answers closest to the text, if the current node of `run` asks for them and
    /// nothing clearer was understood. Also adds the words of the answer that waits for a yes.
    fn look_up(&self, text: &str, run: &FlowRun, at: Timestamp, understood: &mut UnderstandingResult);
}
