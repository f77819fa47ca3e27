//! Converts the sums from and to rows: those of a snapshot at the start, and all of them at the end.

use super::super::{BOARD, Column, TABLES, draft, tell};
use super::{CountedCall, HourCounts, HourKey, Sums};
use crate::cells::{Cells, change_or_begin};
use crate::database::Tx;
use crate::error::ProjectionError;
use crate::unit_of_work::UnitOfWork;
use crate::value::{Row, Val};
use domain::ids::CallId;
use std::borrow::Cow;

/// The kinds of counts, as in the column `what`.
const COUNTED: [&str; 4] = ["disposition", "outcome", "settled", "corrected"];

impl Sums {
    pub(super) fn begin_count(&mut self, row: &[Val]) -> Result<(), ProjectionError> {
        let mut row = Row::new(row.to_vec());
        let campaign = row.text()?;
        let what = row.text()?;
        let Some(what) = COUNTED.into_iter().find(|known| *known == what) else {
            return Err(ProjectionError::Corrupt(format!("a copy counts {what}")));
        };
        let (code, count) = (row.text()?, row.int()?);
        let key = (self.name(&campaign), what, Cow::Owned(code));
        self.counts.insert(key, (count, row.int()?));
        Ok(())
    }

    pub(super) fn begin_hour(&mut self, row: &[Val]) -> Result<(), ProjectionError> {
        let mut row = Row::new(row.to_vec());
        let (campaign, hour_at) = (row.text()?, row.int()?);
        let (trunk, flow_version) = (row.text()?, row.int()?);
        let key = (self.name(&campaign), hour_at, self.name(&trunk), flow_version);
        let hour = HourCounts {
            sums: row.call_sums()?,
            pos: row.int()?,
        };
        self.hour_places.insert(key, self.hours.len());
        self.hours.push((key, hour));
        Ok(())
    }

    /// Writes the rows of campaigns: those of the snapshot, with their own events and the sums of
    /// enrolments applied.
    pub(super) fn write_boards(&self, tx: &mut dyn Tx) -> Result<(), ProjectionError> {
        tx.append_rows(&BOARD, &self.begun)?;
        let mut unit = UnitOfWork::new(tx, TABLES);
        for event in &self.own {
            tell(&mut unit, event)?;
        }
        for (campaign, sums) in &self.boards {
            let key = self.named(*campaign);
            let add = |cells: &mut Cells<'_>| {
                cells.add(Column::Enrolled, sums.enrolled);
                cells.add(Column::Settled, sums.settled);
                cells.add(Column::Open, sums.open);
                let pos = sums.pos.max(cells.int(Column::Pos));
                cells.set(Column::Pos, Val::Int(pos));
            };
            let begin = || draft(key.clone());
            change_or_begin(&mut unit, &BOARD, std::slice::from_ref(&key), &begin, &add)?;
        }
        unit.hand_over()
    }

    pub(super) fn count_rows(&self) -> Vec<Vec<Val>> {
        let row = |(key, (count, pos)): (&(usize, &'static str, Cow<'static, str>), &(i64, i64))| {
            let (campaign, what, code) = key;
            vec![
                self.named(*campaign),
                Val::text(what),
                Val::text(code),
                Val::Int(*count),
                Val::Int(*pos),
            ]
        };
        self.counts.iter().map(row).collect()
    }

    pub(super) fn hour_rows(&self) -> Vec<Vec<Val>> {
        let row = |((campaign, hour_at, trunk, flow_version), hour): &(HourKey, HourCounts)| {
            let mut row = vec![
                self.named(*campaign),
                Val::Int(*hour_at),
                self.named(*trunk),
                Val::Int(*flow_version),
            ];
            row.extend(hour.sums.values().map(Val::Int));
            row.push(Val::Int(hour.pos));
            row
        };
        self.hours.iter().map(row).collect()
    }

    pub(super) fn call_rows(&self) -> Vec<Vec<Val>> {
        let row = |(call, called): (&CallId, &CountedCall)| {
            let hour = called.hour.and_then(|place| self.hours.get(place));
            vec![
                Val::text(call),
                self.named(called.campaign),
                Val::Int(called.flow_version),
                hour.map_or(Val::Null, |(key, _)| Val::Int(key.1)),
                hour.map_or(Val::Null, |(key, _)| self.named(key.2)),
                Val::Int(i64::from(called.is_answered)),
                Val::Int(called.pos),
            ]
        };
        self.calls.iter().map(row).collect()
    }
}
