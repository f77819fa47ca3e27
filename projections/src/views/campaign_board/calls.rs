//! Adds the events of calls to the board's rows by hour.

use super::{Board, CALLS, CallColumn, HOURS, HourColumn};
use crate::cells::Cells;
use crate::database::RowAction;
use crate::error::ProjectionError;
use crate::person_answered;
use crate::value::Val;
use domain::calendar::HOUR_MICROS;
use domain::call::event::CallEvent;
use domain::disposition::{Disposition, Outcome};
use domain::ids::CallId;

/// Where a call is counted: its campaign and, once it was dialed, the key of its row in
/// `campaign_board_hour`.
pub(super) struct CallSlot {
    pub(super) campaign: Val,
    pub(super) answered: i64,
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
            answered: cells.int(CallColumn::Answered),
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
            CallEvent::Answered { .. } => self.answered(call),
            CallEvent::Ended {
                disposition,
                outcome,
                talk_ms,
                ..
            } => self.ended(call, *disposition, *outcome, *talk_ms),
            CallEvent::Corrected { before, after, .. } => self.corrected(call, *before, *after),
            _ => Ok(()),
        }
    }

    /// Applies `change` to a call's row and returns where the call is counted after it; `None` for an
    /// unknown call.
    pub(super) fn place(
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
            self.add_to(&before, &|row| row.add(HourColumn::Dialed, -1))?;
        }
        if self.add_to(&hour, &|row| row.add(HourColumn::Dialed, 1))? {
            return Ok(());
        }
        let mut row = Vec::from(hour);
        row.push(Val::Int(1));
        row.extend((0..6).map(|_| Val::Int(0)));
        row.push(self.pos.clone());
        self.tx.append_row(&HOURS, row)
    }

    /// Applies `change` to the row of an hour. Returns true if there is one.
    fn add_to(&mut self, hour: &[Val], change: &dyn Fn(&mut Cells<'_>)) -> Result<bool, ProjectionError> {
        let pos = self.pos.clone();
        let known = self.tx.edit(&HOURS, hour, &mut |row| {
            let mut cells = Cells(row);
            change(&mut cells);
            cells.set(HourColumn::Pos, pos.clone());
            Ok(RowAction::Write)
        })?;
        Ok(known.is_some())
    }

    /// Applies `change` to the row of the hour in which a call is counted. Does nothing if the call was
    /// never dialed.
    pub(super) fn add_at(
        &mut self,
        place: &CallSlot,
        change: &dyn Fn(&mut Cells<'_>),
    ) -> Result<(), ProjectionError> {
        match &place.hour {
            Some(hour) => self.add_to(hour, change).map(drop),
            None => Ok(()),
        }
    }

    fn answered(&mut self, call: CallId) -> Result<(), ProjectionError> {
        let pos = self.pos.clone();
        let place = self.place(call, &mut |cells| {
            cells.set(CallColumn::Answered, Val::Int(1));
            cells.set(CallColumn::Pos, pos.clone());
            RowAction::Write
        })?;
        match place {
            Some(place) => self.add_at(&place, &|row| row.add(HourColumn::Answered, 1)),
            None => Ok(()),
        }
    }

    fn ended(
        &mut self,
        call: CallId,
        disposition: Disposition,
        outcome: Option<Outcome>,
        talk_ms: u64,
    ) -> Result<(), ProjectionError> {
        let Some(place) = self.place(call, &mut |_| RowAction::Keep)? else {
            return Ok(());
        };
        self.add_at(&place, &|row| {
            row.add(HourColumn::Ended, 1);
            row.add(HourColumn::Talked, place.answered);
            row.add(HourColumn::TalkMs, i64::try_from(talk_ms).unwrap_or(i64::MAX));
            row.add(
                HourColumn::Conversions,
                i64::from(outcome == Some(Outcome::Success)),
            );
            row.add(
                HourColumn::PersonAnswered,
                place.answered * person_answered::count_at_end(disposition),
            );
        })?;
        self.count(&place.campaign, "disposition", disposition.code())?;
        match outcome {
            Some(outcome) => self.count(&place.campaign, "outcome", outcome.code()),
            None => Ok(()),
        }
    }
}
