//! A query with a caller who disconnects before the answer: the query is stopped, and this is logged as its
//! end.

use crate::installation::Installation;
use actors::ActorSystem;
use domain::ids::InquiryId;
use domain::inquiry::InquiryCommand;
use domain::ports::tasks::Tasks;
use domain::stored_event::Cause;
use std::sync::Arc;

/// Problem code of this end.
const CODE: &str = "query-abandoned";

/// Guard of a running query. If it is dropped before `close`, it logs in a task that the caller
/// disconnected.
pub(crate) struct QueryGuard {
    open: Option<(ActorSystem, InquiryId, Cause)>,
    tasks: Arc<dyn Tasks>,
}

impl QueryGuard {
    pub(super) fn new(installation: &Installation, id: InquiryId, end_cause: Cause) -> Self {
        Self {
            open: Some((installation.entities.clone(), id, end_cause)),
            tasks: Arc::clone(&installation.environment.tasks),
        }
    }

    /// Disarms the guard: the caller's task receives the result and logs it.
    pub(super) fn close(mut self) {
        self.open = None;
    }
}

impl Drop for QueryGuard {
    fn drop(&mut self) {
        let Some((system, id, end_cause)) = self.open.take() else {
            return;
        };
        let command = InquiryCommand::Refuse {
            code: CODE.to_owned(),
            detail: "whoever asked went away before the answer: the query was stopped".to_owned(),
        };
        self.tasks.spawn(
            "inquiry-abandoned",
            Box::pin(async move {
                if let Err(why) = system.inquiries.ask(&id, command, end_cause).await {
                    tracing::warn!(inquiry = %id, %why, "the end of an abandoned query is not logged");
                }
            }),
        );
    }
}
