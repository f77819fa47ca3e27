//! Continues a story after a call has ended: the call's finding is corrected.

use super::TestHistory;
use domain::call::Finding;
use domain::call::event::CallEvent;
use domain::disposition::{Disposition, Outcome};
use domain::ids::{CallId, CommandId, EventId};

impl TestHistory {
    pub(crate) fn corrected(
        &mut self,
        id: CallId,
        before: (Disposition, Option<Outcome>),
        after: (Disposition, Option<Outcome>),
    ) -> &mut Self {
        let finding = |(disposition, outcome)| Finding { disposition, outcome };
        let (before, after) = (finding(before), finding(after));
        let corrects = EventId::derive(CommandId::derive_from_text("told"), 0);
        let (reason, by) = ("the recording says so".to_owned(), Some("auditor-7".to_owned()));
        let event = CallEvent::Corrected {
            corrects,
            before,
            after,
            reason,
            by,
        };
        self.call(id, event)
    }
}
