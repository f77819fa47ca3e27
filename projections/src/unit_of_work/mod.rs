//! The unit of work: buffers the rows that one view reads and writes in a batch, and writes them to the
//! database together.
//!
//! Reads through it see its own writes. Before SQL of the view's own (`exec`, `query`) all buffered rows are
//! written, and after an `exec` the buffer is empty, because SQL may have changed any row. Tables are written
//! in the order of the view's definition, rows in the order of their keys.

use crate::database::{RowAction, RowCallback, Table, Tx};
use crate::error::ProjectionError;
use crate::value::Val;
use std::collections::HashMap;
use std::collections::hash_map::Entry;

/// Most rows in the buffer: a few megabytes of the widest. At the limit all changes are written and all
/// rows dropped from the buffer; the database keeps them in its own memory until the transaction ends.
const HELD_ROWS_MAX: usize = 4_096;

/// Keys of the rows that a batch will read, each with its table.
pub(crate) type Keys = Vec<(&'static Table, Vec<Val>)>;

/// What the buffer knows about one key.
#[derive(Debug)]
enum BufferedRow {
    /// There is no row with this key.
    Absent,
    /// The row as it is in the database.
    Read(Vec<Val>),
    /// A new row; the database has none with this key.
    New(Vec<Val>),
    /// A changed row, with the database's row `was` if that is known.
    Written { was: Option<Vec<Val>>, row: Vec<Val> },
    /// The row is to be removed if there is one.
    Removed,
}

impl BufferedRow {
    fn row(&self) -> Option<&Vec<Val>> {
        match self {
            Self::Read(row) | Self::New(row) | Self::Written { row, .. } => Some(row),
            Self::Absent | Self::Removed => None,
        }
    }

    /// Returns the state after a row was written for this key.
    fn with(self, row: Vec<Val>) -> Self {
        match self {
            Self::Absent | Self::New(_) => Self::New(row),
            Self::Read(was) => Self::Written { was: Some(was), row },
            Self::Written { was, .. } => Self::Written { was, row },
            Self::Removed => Self::Written { was: None, row },
        }
    }

    /// Returns the state after the row of this key was removed.
    fn without(self) -> Self {
        match self {
            Self::Absent | Self::New(_) => Self::Absent,
            Self::Read(_) | Self::Written { .. } | Self::Removed => Self::Removed,
        }
    }
}

struct BufferedTable {
    table: &'static Table,
    /// A hash map: a row is looked up several times in a batch, and sorted once.
    rows: HashMap<Vec<Val>, BufferedRow>,
}

/// A transaction that buffers rows in front of the database's transaction; `hand_over` writes the changed
/// ones.
pub(crate) struct UnitOfWork<'a> {
    inner: &'a mut dyn Tx,
    tables: Vec<BufferedTable>,
    held_count: usize,
}

impl<'a> UnitOfWork<'a> {
    /// Makes an empty buffer for a view with these tables.
    pub(crate) fn new(inner: &'a mut dyn Tx, tables: &'static [Table]) -> Self {
        let tables = tables.iter().map(|table| BufferedTable {
            table,
            rows: HashMap::new(),
        });
        Self {
            inner,
            tables: tables.collect(),
            held_count: 0,
        }
    }

    /// Reads the rows that a batch will need, with one query per table.
    pub(crate) fn read_ahead(&mut self, keys: Keys) -> Result<(), ProjectionError> {
        let mut wanted: Vec<(&'static Table, Vec<Vec<Val>>)> = Vec::new();
        for (table, key) in keys {
            match wanted.iter_mut().find(|(one, _)| one.name == table.name) {
                Some((_, keys)) => keys.push(key),
                None => wanted.push((table, vec![key])),
            }
        }
        for (table, mut keys) in wanted {
            keys.sort_unstable();
            keys.dedup();
            let known = &self.table(table)?.rows;
            keys.retain(|key| !known.contains_key(key));
            keys.truncate(HELD_ROWS_MAX.saturating_sub(self.held_count));
            let found = self.inner.rows(table, &keys)?;
            self.held_count += keys.len();
            let rows = &mut self.table(table)?.rows;
            rows.extend(keys.into_iter().map(|key| (key, BufferedRow::Absent)));
            rows.extend(
                found
                    .into_iter()
                    .map(|row| (key_of(table, &row), BufferedRow::Read(row))),
            );
        }
        Ok(())
    }

    /// Writes all changes in the buffer to the database. Rows that were only read stay in the buffer.
    pub(crate) fn hand_over(&mut self) -> Result<(), ProjectionError> {
        let mut clean_count = 0;
        for held in &mut self.tables {
            let rows = std::mem::take(&mut held.rows);
            held.rows = hand_over_rows(self.inner, held.table, rows)?;
            clean_count += held.rows.len();
        }
        self.held_count = clean_count;
        Ok(())
    }

    fn hand_over_and_forget(&mut self) -> Result<(), ProjectionError> {
        self.hand_over()?;
        self.tables.iter_mut().for_each(|held| held.rows.clear());
        self.held_count = 0;
        Ok(())
    }

    /// Makes room for one more key: writes and empties the buffer if it is full.
    fn make_room(&mut self) -> Result<(), ProjectionError> {
        if self.held_count >= HELD_ROWS_MAX {
            self.hand_over_and_forget()?;
        }
        Ok(())
    }

    fn table(&mut self, table: &'static Table) -> Result<&mut BufferedTable, ProjectionError> {
        held_table(&mut self.tables, table)
    }

    /// Returns the state of a key; reads it from the database if the buffer does not have it.
    fn look(&mut self, table: &'static Table, key: &[Val]) -> Result<&mut BufferedRow, ProjectionError> {
        if !self.table(table)?.rows.contains_key(key) {
            self.make_room()?;
            let held = self
                .inner
                .row(table, key)?
                .map_or(BufferedRow::Absent, BufferedRow::Read);
            self.held_count += 1;
            self.table(table)?.rows.insert(key.to_vec(), held);
        }
        let rows = &mut self.table(table)?.rows;
        rows.get_mut(key)
            .ok_or_else(|| ProjectionError::Fault("a buffered row is missing".to_owned()))
    }

    /// Replaces the state of a key by the result of `step`, which receives the current state, or `None` if
    /// the buffer has none.
    fn keep(
        &mut self,
        table: &'static Table,
        key: Vec<Val>,
        step: impl FnOnce(Option<BufferedRow>) -> Result<BufferedRow, ProjectionError>,
    ) -> Result<(), ProjectionError> {
        self.make_room()?;
        let held = held_table(&mut self.tables, table)?;
        match held.rows.entry(key) {
            Entry::Vacant(place) => {
                place.insert(step(None)?);
                self.held_count += 1;
            }
            Entry::Occupied(mut place) => {
                let before = std::mem::replace(place.get_mut(), BufferedRow::Absent);
                place.insert(step(Some(before))?);
            }
        }
        Ok(())
    }
}

fn held_table<'t>(
    tables: &'t mut [BufferedTable],
    table: &'static Table,
) -> Result<&'t mut BufferedTable, ProjectionError> {
    tables
        .iter_mut()
        .find(|held| std::ptr::eq(held.table, table) || held.table.name == table.name)
        .ok_or_else(|| ProjectionError::Fault(format!("{} is not a table of this view", table.name)))
}

fn key_of(table: &Table, row: &[Val]) -> Vec<Val> {
    row.iter().take(table.key_columns).cloned().collect()
}

/// Writes a table's changes: new rows, rows with a known former state, other rows, and removed keys, each in
/// the order of the keys. Returns the entries that were only read, to be kept in the buffer.
fn hand_over_rows(
    inner: &mut dyn Tx,
    table: &'static Table,
    mut rows: HashMap<Vec<Val>, BufferedRow>,
) -> Result<HashMap<Vec<Val>, BufferedRow>, ProjectionError> {
    let is_pending =
        |_: &Vec<Val>, held: &mut BufferedRow| !matches!(held, BufferedRow::Absent | BufferedRow::Read(_));
    let mut pending: Vec<(Vec<Val>, BufferedRow)> = rows.extract_if(is_pending).collect();
    pending.sort_unstable_by(|(one, _), (other, _)| one.cmp(other));
    let (mut new, mut was_rows, mut changed) = (Vec::new(), Vec::new(), Vec::new());
    let (mut written, mut removed) = (Vec::new(), Vec::new());
    for (key, held) in pending {
        match held {
            BufferedRow::Written { was: Some(was), row } if was == row => {}
            BufferedRow::New(row) => new.push(row),
            BufferedRow::Written { was: Some(was), row } => {
                was_rows.push(was);
                changed.push(row);
            }
            BufferedRow::Written { was: None, row } => written.push(row),
            BufferedRow::Removed => removed.push(key),
            BufferedRow::Absent | BufferedRow::Read(_) => {}
        }
    }
    if !new.is_empty() {
        inner.append_rows(table, &new)?;
    }
    if !changed.is_empty() {
        inner.change_rows(table, &was_rows, &changed)?;
    }
    if !(written.is_empty() && removed.is_empty()) {
        inner.write_rows(table, &written, &removed)?;
    }
    Ok(rows)
}

impl Tx for UnitOfWork<'_> {
    fn exec(&mut self, sql: &str, values: &[Val]) -> Result<u64, ProjectionError> {
        self.hand_over_and_forget()?;
        self.inner.exec(sql, values)
    }

    fn each(&mut self, sql: &str, values: &[Val], take: &mut RowCallback<'_>) -> Result<(), ProjectionError> {
        self.hand_over()?;
        self.inner.each(sql, values, take)
    }

    fn columns(&mut self, table: &str) -> Result<Vec<String>, ProjectionError> {
        self.inner.columns(table)
    }

    fn reads_together(&self) -> bool {
        self.inner.reads_together()
    }

    fn row(&mut self, table: &'static Table, key: &[Val]) -> Result<Option<Vec<Val>>, ProjectionError> {
        Ok(self.look(table, key)?.row().cloned())
    }

    fn has(&mut self, table: &'static Table, key: &[Val]) -> Result<bool, ProjectionError> {
        Ok(self.look(table, key)?.row().is_some())
    }

    fn write_rows(
        &mut self,
        table: &'static Table,
        rows: &[Vec<Val>],
        removed: &[Vec<Val>],
    ) -> Result<(), ProjectionError> {
        rows.iter().try_for_each(|row| self.put(table, row.clone()))?;
        for key in removed {
            self.keep(table, key.clone(), |before| {
                Ok(before.map_or(BufferedRow::Removed, BufferedRow::without))
            })?;
        }
        Ok(())
    }

    fn append_rows(&mut self, table: &'static Table, rows: &[Vec<Val>]) -> Result<(), ProjectionError> {
        rows.iter()
            .try_for_each(|row| self.append_row(table, row.clone()))
    }

    fn put(&mut self, table: &'static Table, row: Vec<Val>) -> Result<(), ProjectionError> {
        self.keep(table, key_of(table, &row), |before| {
            Ok(match before {
                None => BufferedRow::Written { was: None, row },
                Some(before) => before.with(row),
            })
        })
    }

    fn append_row(&mut self, table: &'static Table, row: Vec<Val>) -> Result<(), ProjectionError> {
        self.keep(table, key_of(table, &row), |before| match before {
            None => Ok(BufferedRow::New(row)),
            Some(before) if before.row().is_none() => Ok(before.with(row)),
            Some(_) => Err(ProjectionError::Fault(format!(
                "a row of {} is written twice",
                table.name
            ))),
        })
    }

    fn edit(
        &mut self,
        table: &'static Table,
        key: &[Val],
        edit: &mut dyn FnMut(&mut [Val]) -> Result<RowAction, ProjectionError>,
    ) -> Result<Option<RowAction>, ProjectionError> {
        let held = self.look(table, key)?;
        let (done, row) = match held {
            BufferedRow::Absent | BufferedRow::Removed => return Ok(None),
            // Rows that differ from the database are edited in place. A row as read is copied first, to be
            // compared later.
            BufferedRow::New(row) | BufferedRow::Written { row, .. } => (edit(row)?, None),
            BufferedRow::Read(was) => {
                let mut row = was.clone();
                (edit(&mut row)?, Some(row))
            }
        };
        match (done, row) {
            (RowAction::Keep, _) | (RowAction::Write, None) => {}
            (RowAction::Write, Some(row)) => {
                *held = std::mem::replace(held, BufferedRow::Absent).with(row);
            }
            (RowAction::Remove, _) => *held = std::mem::replace(held, BufferedRow::Absent).without(),
        }
        Ok(Some(done))
    }
}

#[cfg(test)]
mod tests;
