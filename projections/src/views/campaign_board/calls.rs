//! Adds the events of calls to the board's rows by hour.

use super::finding_counts::{CountChange, list_count_changes};
use super::{Board, CALLS, CallColumn, DIALED, HOURS, HourColumn, SUMS};
use crate::cells::Cells;
use crate::database::RowAction;
use crate::error::ProjectionError;
use crate::value::Val;
use domain::calendar::HOUR_MICROS;
use domain::call::event::CallEvent;
use domain::call::{AccountChange, CallStep, CallSums};
use domain::ids::CallId;

/// Where a call is counted: its campaign and, once it was dialed, the key of its row in
/// `campaign_board_hour`.
struct CallSlot {
    campaign: Val,
    is_answered: bool,
    hour: Option<[Val; 4]>,
}

impl CallSlot {
    fn of(cells: &Cells<'_>) -> Self {
        let cell = |column| cells.get(column).clone();
        let hour = [
            cell(CallColumn::Campaign),
            cell(CallColumn::HourAt),
            cell(CallColumn::Trunk),
            cell(CallColumn::FlowVersion),
        ];
        Self {
            campaign: cell(CallColumn::Campaign),
            is_answered: cells.int(CallColumn::Answered) == 1,
            hour: (*cells.get(CallColumn::HourAt) != Val::Null).then_some(hour),
        }
    }
}

impl Board<'_> {
    pub(super) fn call(&mut self, call: CallId, fact: &CallEvent) -> Result<(), ProjectionError> {
        match fact {
            CallEvent::Permitted {
                customer_grant, flow, ..
            } => {
                let row = vec![
                    Val::text(call),
                    Val::text(&customer_grant.campaign),
                    Val::count(flow.version),
                    Val::Null,
                    Val::Null,
                    Val::Int(0),
                    self.pos.clone(),
                ];
                if self.tx.has(&CALLS, &[Val::text(call)])? {
                    return Ok(());
                }
                self.tx.append_row(&CALLS, row)
            }
            CallEvent::Dialing { trunk, .. } => self.dialing(call, trunk),
            _ => match CallStep::of(fact) {
                Some(step) => self.count_step(call, step),
                None => Ok(()),
            },
        }
    }

    /// Applies `change` to a call's row and returns where the call is counted after it; `None` for an
    /// unknown call.
    fn place(
        &mut self,
        call: CallId,
        change: &mut dyn FnMut(&mut Cells<'_>) -> RowAction,
    ) -> Result<Option<CallSlot>, ProjectionError> {
        let mut place = None;
        self.tx.edit(&CALLS, &[Val::text(call)], &mut |row| {
            let mut cells = Cells(row);
            let done = change(&mut cells);
            place = Some(CallSlot::of(&cells));
            Ok(done)
        })?;
        Ok(place)
    }

    /// Counts a dialed call in the hour of its first dial; at a further leg on another trunk, moves its
    /// counts to that trunk.
    fn dialing(&mut self, call: CallId, trunk: &str) -> Result<(), ProjectionError> {
        let micros = self.at.micros();
        let hour_at = micros - micros.rem_euclid(HOUR_MICROS);
        let (pos, mut before) = (self.pos.clone(), None);
        let mut is_moved = false;
        let place = self.place(call, &mut |cells| {
            before = CallSlot::of(cells).hour;
            is_moved = *cells.get(CallColumn::Trunk) != Val::text(trunk);
            if !is_moved {
                return RowAction::Keep;
            }
            if before.is_none() {
                cells.set(CallColumn::HourAt, Val::Int(hour_at));
            }
            cells.set(CallColumn::Trunk, Val::text(trunk));
            cells.set(CallColumn::Pos, pos.clone());
            RowAction::Write
        })?;
        let Some(hour) = place.filter(|_| is_moved).and_then(|place| place.hour) else {
            return Ok(());
        };
        if let Some(before) = before {
            self.add_to(&before, &DIALED, -1)?;
        }
        if self.add_to(&hour, &DIALED, 1)? {
            return Ok(());
        }
        let mut row = Vec::from(hour);
        row.extend(DIALED.values().map(Val::Int));
        row.push(self.pos.clone());
        self.tx.append_row(&HOURS, row)
    }

    /// Adds sums to the row of an hour; with the sign -1, subtracts them. Returns true if there is a row.
    fn add_to(&mut self, hour: &[Val], sums: &CallSums, sign: i64) -> Result<bool, ProjectionError> {
        let pos = self.pos.clone();
        let known = self.tx.edit(&HOURS, hour, &mut |row| {
            let mut cells = Cells(row);
            let changed = SUMS.into_iter().zip(sums.values()).filter(|(_, more)| *more != 0);
            for (column, more) in changed {
                cells.add(column, sign * more);
            }
            cells.set(HourColumn::Pos, pos.clone());
            Ok(RowAction::Write)
        })?;
        Ok(known.is_some())
    }

    /// Counts a step of a call in the row of its hour, if it was dialed, and in the counts of findings.
    fn count_step(&mut self, call: CallId, step: CallStep) -> Result<(), ProjectionError> {
        let pos = self.pos.clone();
        let place = self.place(call, &mut |cells| {
            if step != CallStep::Answered {
                return RowAction::Keep;
            }
            cells.set(CallColumn::Answered, Val::Int(1));
            cells.set(CallColumn::Pos, pos.clone());
            RowAction::Write
        })?;
        let Some(place) = place else { return Ok(()) };
        let change = AccountChange::new(step, place.is_answered);
        let sums = change.sums();
        if let (Some(hour), true) = (&place.hour, sums != CallSums::default()) {
            self.add_to(hour, &sums, 1)?;
        }
        for CountChange { what, code, more } in list_count_changes(&change) {
            self.count(&place.campaign, what, &code, more)?;
        }
        Ok(())
    }
}
