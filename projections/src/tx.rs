//! What is said to a read database inside one transaction: statements of the view's own, and whole rows.

use crate::error::ProjectionError;
use crate::statements::{key_condition, placeholders, upsert_statement};
use crate::table::Table;
use crate::value::{Row, Val};

/// What hears the rows of a query one by one; its error ends the query.
pub type TakesRow<'a> = dyn FnMut(Row) -> Result<(), ProjectionError> + 'a;

/// Statements inside one transaction. Sync: the database runs them where they cannot block an executor.
pub trait Tx {
    /// Runs a statement without rows; answers how many rows it changed.
    fn exec(&mut self, sql: &str, values: &[Val]) -> Result<u64, ProjectionError>;

    /// Hands each row of a query to `take`, in order, without holding them all.
    fn each(&mut self, sql: &str, values: &[Val], take: &mut TakesRow<'_>) -> Result<(), ProjectionError>;

    /// All rows of a query; the statement bounds them.
    fn query(&mut self, sql: &str, values: &[Val]) -> Result<Vec<Row>, ProjectionError> {
        let mut rows = Vec::new();
        self.each(sql, values, &mut |row| {
            rows.push(row);
            Ok(())
        })?;
        Ok(rows)
    }

    /// The columns of a table, in its own order.
    fn columns(&mut self, table: &str) -> Result<Vec<String>, ProjectionError>;

    /// One row by its primary key, all columns in the table's order; `None` when there is none.
    fn row(&mut self, table: &'static Table, key: &[Val]) -> Result<Option<Vec<Val>>, ProjectionError> {
        let condition = key_condition(&self.columns(table.name)?, table);
        let sql = format!("select * from {} where {condition}", table.name);
        Ok(self.query(&sql, key)?.into_iter().next().map(Row::rest))
    }

    /// Whether there is a row with this key.
    fn has(&mut self, table: &'static Table, key: &[Val]) -> Result<bool, ProjectionError> {
        Ok(self.row(table, key)?.is_some())
    }

    /// Writes whole rows, all columns in the table's order, in place of those with the same key; then
    /// removes the rows with the keys of `removed`. A backend may do many at once.
    fn write_rows(
        &mut self,
        table: &'static Table,
        rows: &[Vec<Val>],
        removed: &[Vec<Val>],
    ) -> Result<(), ProjectionError> {
        let columns = self.columns(table.name)?;
        let upsert = upsert_statement(&columns, table);
        for row in rows {
            self.exec(&upsert, row)?;
        }
        let delete = format!(
            "delete from {} where {}",
            table.name,
            key_condition(&columns, table)
        );
        removed
            .iter()
            .try_for_each(|key| self.exec(&delete, key).map(drop))
    }

    /// Adds whole rows whose keys were never written before; one that was is a fault. A backend may do many
    /// at once.
    fn append_rows(&mut self, table: &'static Table, rows: &[Vec<Val>]) -> Result<(), ProjectionError> {
        let places = placeholders(self.columns(table.name)?.len());
        let insert = format!("insert into {} values ({places})", table.name);
        rows.iter().try_for_each(|row| self.exec(&insert, row).map(drop))
    }

    /// Writes whole rows in place of those in `was`, which stand in the database with the same keys, in the
    /// same order. A backend may write only what differs.
    fn change_rows(
        &mut self,
        table: &'static Table,
        _was: &[Vec<Val>],
        rows: &[Vec<Val>],
    ) -> Result<(), ProjectionError> {
        self.write_rows(table, rows, &[])
    }

    /// The rows there are of many keys, each whole, in any order. A backend may read them in one query.
    fn rows(&mut self, table: &'static Table, keys: &[Vec<Val>]) -> Result<Vec<Vec<Val>>, ProjectionError> {
        let mut found = Vec::with_capacity(keys.len());
        for key in keys {
            found.extend(self.row(table, key)?);
        }
        Ok(found)
    }

    /// Until this writing transaction ends, no reader begins; those that have begun are waited for. Called
    /// before tables are renamed under readers. A database whose readers keep their own snapshot of the
    /// tables' names needs none.
    fn close_gate(&mut self) -> Result<(), ProjectionError> {
        Ok(())
    }

    /// Ends the questions of analysts that run now: they would keep tables from being dropped or renamed.
    /// They are told so, and may ask again. A database whose readers keep their own snapshot of the tables'
    /// names ends none.
    fn end_questions(&mut self) -> Result<(), ProjectionError> {
        Ok(())
    }

    /// Whether `rows` costs much less than as many `row`: then the rows of a batch are read ahead.
    fn reads_together(&self) -> bool {
        false
    }

    /// Told before rows of so many events are written: a database may take more memory for many, and gives it
    /// back when they are few again.
    fn expect(&mut self, _events_count: usize) -> Result<(), ProjectionError> {
        Ok(())
    }

    /// Writes one whole row in place of the one with its key.
    fn put(&mut self, table: &'static Table, row: Vec<Val>) -> Result<(), ProjectionError> {
        self.write_rows(table, &[row], &[])
    }

    /// Adds one whole row whose key was never written before; one that was is a fault.
    fn append_row(&mut self, table: &'static Table, row: Vec<Val>) -> Result<(), ProjectionError> {
        self.append_rows(table, &[row])
    }

    /// Shows `edit` the row of a key, where there is one, and does what it answers; answers that, or `None`.
    /// `edit` must leave the key's columns as they are.
    fn edit(
        &mut self,
        table: &'static Table,
        key: &[Val],
        edit: &mut dyn FnMut(&mut [Val]) -> Result<Edit, ProjectionError>,
    ) -> Result<Option<Edit>, ProjectionError> {
        let Some(mut row) = self.row(table, key)? else {
            return Ok(None);
        };
        let done = edit(&mut row)?;
        match done {
            Edit::Keep => {}
            Edit::Write => self.put(table, row)?,
            Edit::Remove => self.write_rows(table, &[], &[key.to_vec()])?,
        }
        Ok(Some(done))
    }
}

/// What becomes of a row that was shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Edit {
    /// It was not changed.
    Keep,
    /// It was changed and is to be kept so.
    Write,
    /// It is to be removed.
    Remove,
}
