//! A question whose asker goes away before the answer: it is stopped, and that is put on record as its end.

use crate::installation::Installation;
use actors::ActorSystem;
use domain::ids::InquiryId;
use domain::inquiry::InquiryCommand;
use domain::ports::tasks::Tasks;
use domain::stored_event::Cause;
use std::sync::Arc;

/// The code of such an end.
const CODE: &str = "query-abandoned";

/// A question that runs. Dropped before `close`, it says what became of it.
pub(crate) struct Unanswered {
    open: Option<(ActorSystem, InquiryId, Cause)>,
    tasks: Arc<dyn Tasks>,
}

impl Unanswered {
    pub(super) fn new(installation: &Installation, id: InquiryId, told: Cause) -> Self {
        Self {
            open: Some((installation.entities.clone(), id, told)),
            tasks: Arc::clone(&installation.environment.tasks),
        }
    }

    /// Somebody hears how it ended, and puts it on record.
    pub(super) fn close(mut self) {
        self.open = None;
    }
}

impl Drop for Unanswered {
    fn drop(&mut self) {
        let Some((system, id, told)) = self.open.take() else {
            return;
        };
        let command = InquiryCommand::Refuse {
            code: CODE.to_owned(),
            detail: "whoever asked went away before the answer: the query was stopped".to_owned(),
        };
        self.tasks.spawn(
            "inquiry-abandoned",
            Box::pin(async move {
                if let Err(why) = system.inquiries.ask(&id, command, told).await {
                    tracing::warn!(inquiry = %id, %why, "the end of an abandoned question is not on record");
                }
            }),
        );
    }
}
