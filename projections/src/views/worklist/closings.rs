//! The last closing of a campaign's calling window, which keeps all its enrolments waiting. It is stored with
//! the same texts as an enrolment's own reason, so that SQL shows rule and next due time also for enrolments
//! that were never tried.

use super::{CLOSINGS, Rows, not_dialed_reason};
use crate::database::RowAction;
use crate::error::ProjectionError;
use crate::value::Val;
use crate::view::ViewEvent;
use domain::compliance::Verdict;
use domain::time::Timestamp;

impl Rows<'_> {
    pub(super) fn window_closed(
        &mut self,
        event: &ViewEvent,
        verdict: &Verdict,
        until: Timestamp,
    ) -> Result<(), ProjectionError> {
        let campaign = Val::text(event.envelope.stream.id());
        let said = not_dialed_reason::words(&verdict.rule, &verdict.facts, Some(until));
        let closing = vec![
            campaign.clone(),
            Val::at(until),
            Val::text(&verdict.rule),
            not_dialed_reason::as_json(&verdict.facts),
            Val::Text(said.zh),
            Val::Text(said.en),
            self.pos.clone(),
        ];
        let known = self.tx.edit(&CLOSINGS, &[campaign], &mut |row| {
            row.clone_from_slice(&closing);
            Ok(RowAction::Write)
        })?;
        match known {
            Some(_) => Ok(()),
            None => self.tx.append_row(&CLOSINGS, closing),
        }
    }
}
