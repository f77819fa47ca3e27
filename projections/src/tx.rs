//! A transaction of a read database: SQL statements of a view, and reads and writes of whole rows.

use crate::error::ProjectionError;
use crate::statements::{key_condition, placeholders, upsert_statement};
use crate::table::Table;
use crate::value::{Row, Val};

/// A callback that receives the rows of a query one by one; its error ends the query.
pub type RowCallback<'a> = dyn FnMut(Row) -> Result<(), ProjectionError> + 'a;

/// One transaction of a read database. Its methods are synchronous: the database calls them on a thread
/// where they cannot block an executor.
pub trait Tx {
    /// Runs a statement that returns no rows. Returns the number of rows changed.
    fn exec(&mut self, sql: &str, values: &[Val]) -> Result<u64, ProjectionError>;

    /// Passes each row of a query to `take`, in order, without holding all of them in memory.
    fn each(&mut self, sql: &str, values: &[Val], take: &mut RowCallback<'_>) -> Result<(), ProjectionError>;

    /// Returns all rows of a query; the statement must limit them.
    fn query(&mut self, sql: &str, values: &[Val]) -> Result<Vec<Row>, ProjectionError> {
        let mut rows = Vec::new();
        self.each(sql, values, &mut |row| {
            rows.push(row);
            Ok(())
        })?;
        Ok(rows)
    }

    /// Returns the names of a table's columns, in the table's order.
    fn columns(&mut self, table: &str) -> Result<Vec<String>, ProjectionError>;

    /// Returns one row by its primary key, with all columns in the table's order; `None` if there is
    /// none.
    fn row(&mut self, table: &'static Table, key: &[Val]) -> Result<Option<Vec<Val>>, ProjectionError> {
        let condition = key_condition(&self.columns(table.name)?, table);
        let sql = format!("select * from {} where {condition}", table.name);
        Ok(self.query(&sql, key)?.into_iter().next().map(Row::rest))
    }

    /// Returns true if there is a row with this key.
    fn has(&mut self, table: &'static Table, key: &[Val]) -> Result<bool, ProjectionError> {
        Ok(self.row(table, key)?.is_some())
    }

    /// Writes whole rows, with all columns in the table's order, and overwrites those with the same key;
    /// then removes the rows with the keys of `removed`. A backend may write many rows at once.
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

    /// Inserts whole rows with new keys; an existing key is a fault. A backend may insert many rows at
    /// once.
    fn append_rows(&mut self, table: &'static Table, rows: &[Vec<Val>]) -> Result<(), ProjectionError> {
        let places = placeholders(self.columns(table.name)?.len());
        let insert = format!("insert into {} values ({places})", table.name);
        rows.iter().try_for_each(|row| self.exec(&insert, row).map(drop))
    }

    /// Overwrites the rows `was` of the database with `rows`, which have the same keys in the same order.
    /// A backend may write only the differences.
    fn change_rows(
        &mut self,
        table: &'static Table,
        _was: &[Vec<Val>],
        rows: &[Vec<Val>],
    ) -> Result<(), ProjectionError> {
        self.write_rows(table, rows, &[])
    }

    /// Returns the existing rows of many keys, with all columns, in any order. A backend may read them in
    /// one query.
    fn rows(&mut self, table: &'static Table, keys: &[Vec<Val>]) -> Result<Vec<Vec<Val>>, ProjectionError> {
        let mut found = Vec::with_capacity(keys.len());
        for key in keys {
            found.extend(self.row(table, key)?);
        }
        Ok(found)
    }

    /// Blocks new readers until this writing transaction ends, and waits for the current ones. Called
    /// before tables are renamed. Does nothing in a database in which readers keep their own snapshot of
    /// the table names.
    fn close_gate(&mut self) -> Result<(), ProjectionError> {
        Ok(())
    }

    /// Ends the analysts' queries that run now, because they would block dropping or renaming tables.
    /// Their users get an error that says so and may retry. Does nothing in a database in which readers
    /// keep their own snapshot of the table names.
    fn end_questions(&mut self) -> Result<(), ProjectionError> {
        Ok(())
    }

    /// Returns true if `rows` costs much less than as many calls of `row`. The rows of a batch are
    /// prefetched then.
    fn reads_together(&self) -> bool {
        false
    }

    /// Announces that rows of this many events will be written. A database may take more memory for many
    /// events and release it when they are few again.
    fn expect(&mut self, _events_count: usize) -> Result<(), ProjectionError> {
        Ok(())
    }

    /// Writes one whole row and overwrites the one with its key.
    fn put(&mut self, table: &'static Table, row: Vec<Val>) -> Result<(), ProjectionError> {
        self.write_rows(table, &[row], &[])
    }

    /// Inserts one whole row with a new key; an existing key is a fault.
    fn append_row(&mut self, table: &'static Table, row: Vec<Val>) -> Result<(), ProjectionError> {
        self.append_rows(table, &[row])
    }

    /// Passes the row of a key to `edit` and keeps, writes or removes it as `edit` returns. Returns that
    /// decision, or `None` if there is no row. `edit` must not change the key's columns.
    fn edit(
        &mut self,
        table: &'static Table,
        key: &[Val],
        edit: &mut dyn FnMut(&mut [Val]) -> Result<RowAction, ProjectionError>,
    ) -> Result<Option<RowAction>, ProjectionError> {
        let Some(mut row) = self.row(table, key)? else {
            return Ok(None);
        };
        let done = edit(&mut row)?;
        match done {
            RowAction::Keep => {}
            RowAction::Write => self.put(table, row)?,
            RowAction::Remove => self.write_rows(table, &[], &[key.to_vec()])?,
        }
        Ok(Some(done))
    }
}

/// What `Tx::edit` does with a row after its callback has seen it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RowAction {
    /// Leave the row as it is; it was not changed.
    Keep,
    /// Write the changed row.
    Write,
    /// Remove the row.
    Remove,
}
