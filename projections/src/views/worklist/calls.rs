//! The rows of calls, from the first grant until both customer and number have recorded the end.

use super::{CALLS, CallColumn, Rows};
use crate::cells::{Cells, blank};
use crate::database::RowAction;
use crate::error::ProjectionError;
use crate::value::Val;
use crate::view::ViewEvent;
use domain::call::event::CallEvent;
use domain::compliance::{CustomerGrant, NumberGrant};
use domain::ids::CallId;

/// Returns true if a call's row can be removed. A dialed call is done when it has ended and both sides have
/// recorded that. A call that was not dialed is done when no side holds a grant, the number has been asked
/// (after a crash in between, its grant may still come and must then be found), and, if it was permitted,
/// it has ended, so that it can never be dialed.
fn is_done(cells: &Cells<'_>) -> bool {
    let number_side = cells.text(CallColumn::NumberSide);
    let is_dialed = *cells.get(CallColumn::DialedAt) != Val::Null;
    let has_ended = *cells.get(CallColumn::EndedPos) != Val::Null;
    let was_asked = matches!(number_side, "told" | "refused");
    let is_undialed_done = !is_dialed && was_asked && (cells.int(CallColumn::Permitted) == 0 || has_ended);
    cells.text(CallColumn::CustomerSide) == "told"
        && (is_undialed_done || (has_ended && number_side == "told"))
}

impl Rows<'_> {
    /// Applies `change` to a call's row. If there is none, applies it to an empty row and stores that.
    pub(super) fn of_call(
        &mut self,
        call: Val,
        change: &dyn Fn(&mut Cells<'_>),
    ) -> Result<(), ProjectionError> {
        let key = std::slice::from_ref(&call);
        let known = self.change(&CALLS, key, CallColumn::Pos, &mut |cells| {
            change(cells);
            true
        })?;
        if known.is_some() {
            return Ok(());
        }
        let mut row = blank::<CallColumn>();
        let mut cells = Cells(&mut row);
        cells.set(CallColumn::Call, call);
        cells.set(CallColumn::CustomerSide, Val::text("none"));
        cells.set(CallColumn::NumberSide, Val::text("none"));
        cells.set(CallColumn::Permitted, Val::Int(0));
        cells.set(CallColumn::Pos, self.pos.clone());
        change(&mut cells);
        self.tx.append_row(&CALLS, row)
    }

    /// Applies `change` to a call's row, if there is one, and removes the row if the call is done.
    fn of_known(&mut self, call: CallId, change: &dyn Fn(&mut Cells<'_>)) -> Result<(), ProjectionError> {
        let pos = self.pos.clone();
        self.tx.edit(&CALLS, &[Val::text(call)], &mut |row| {
            let mut cells = Cells(row);
            change(&mut cells);
            cells.set(CallColumn::Pos, pos.clone());
            Ok(if is_done(&cells) {
                RowAction::Remove
            } else {
                RowAction::Write
            })
        })?;
        Ok(())
    }

    pub(super) fn number_granted(&mut self, grant: &NumberGrant) -> Result<(), ProjectionError> {
        let call = Val::text(grant.call);
        if self.tx.has(&CALLS, std::slice::from_ref(&call))? {
            return self.of_call(call, &|cells| {
                cells.set(CallColumn::NumberSide, Val::text("granted"));
            });
        }
        self.of_call(call, &|cells| {
            cells.set(CallColumn::Campaign, Val::text(&grant.campaign));
            cells.set(CallColumn::Number, Val::text(&grant.number));
            cells.set(CallColumn::NumberSide, Val::text("granted"));
        })
    }

    pub(super) fn number_side(&mut self, call: CallId, side: &str) -> Result<(), ProjectionError> {
        self.of_known(call, &|cells| cells.set(CallColumn::NumberSide, Val::text(side)))
    }

    pub(super) fn close_customer_side(&mut self, call: CallId) -> Result<(), ProjectionError> {
        self.of_known(call, &|cells| {
            cells.set(CallColumn::CustomerSide, Val::text("told"));
        })
    }

    pub(super) fn call(&mut self, event: &ViewEvent, fact: &CallEvent) -> Result<(), ProjectionError> {
        let call = event.call()?;
        let pos = self.pos.clone();
        match fact {
            CallEvent::Permitted { customer_grant, .. } => self.permitted(call, customer_grant),
            // A second leg belongs to the same call: the first dial counts.
            CallEvent::Dialing { .. } => {
                let at = Val::at(event.at());
                let key = [Val::text(call)];
                self.change(&CALLS, &key, CallColumn::Pos, &mut |cells| {
                    cells.set_first(CallColumn::DialedAt, at.clone());
                    true
                })?;
                Ok(())
            }
            CallEvent::Ended { .. } => {
                self.of_known(call, &|cells| cells.set(CallColumn::EndedPos, pos.clone()))
            }
            _ => Ok(()),
        }
    }

    /// Marks a call as permitted. Creates the row if there is none, because `call.permitted` names
    /// everything in it.
    fn permitted(&mut self, call: CallId, grant: &CustomerGrant) -> Result<(), ProjectionError> {
        let call = Val::text(call);
        if self.tx.has(&CALLS, std::slice::from_ref(&call))? {
            return self.of_call(call, &|cells| cells.set(CallColumn::Permitted, Val::Int(1)));
        }
        self.of_call(call, &|cells| {
            cells.set(CallColumn::Campaign, Val::text(&grant.campaign));
            cells.set(CallColumn::Customer, Val::text(&grant.customer));
            cells.set(CallColumn::Number, Val::text(&grant.number));
            cells.set(CallColumn::CustomerSide, Val::text("granted"));
            cells.set(CallColumn::NumberSide, Val::text("granted"));
            cells.set(CallColumn::Permitted, Val::Int(1));
        })
    }
}
