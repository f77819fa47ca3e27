//! The Knowledge port: approved answers, looked up while somebody waits.
//!
//! **What every implementation promises.** A version is had from the log, once for each process, and is kept;
//! looking something up is answered from memory, in microseconds, and equal arguments have equal answers. An
//! answer outside its days, or of which a value is unknown in the call, does not exist.

use crate::flow::FlowRun;
use crate::knowledge::KnowledgeRef;
use crate::spoken_turn::Understood;
use crate::time::Timestamp;
use async_trait::async_trait;
use std::sync::Arc;

/// Where published versions are had.
#[async_trait]
pub trait KnowledgeBases: Send + Sync {
    /// The version that a campaign names; `None` where it cannot be had, which is told to whoever runs this.
    async fn base(&self, named: &KnowledgeRef) -> Option<Arc<dyn KnowledgeBase>>;
}

/// One version of a base.
pub trait KnowledgeBase: Send + Sync {
    /// Adds to what was understood which answers come near to it, where the node asks and nothing clearer was
    /// said; and the words of the answer that waits for a yes.
    fn look_up(&self, text: &str, run: &FlowRun, at: Timestamp, understood: &mut Understood);
}
