//! A transaction on PostgreSQL. After a failed statement it cannot be committed.

use super::bulk;
use super::connect::{classify_error, is_lost};
use super::connection::Link;
use super::dialect::{is_of_rows, ordered_by_bytes};
use super::questions::QUESTIONS_NAME;
use super::schema::{GATE_CLOSED, QUESTIONS_ENDED};
use super::value::{Cell, is_readable};
use crate::database::{RowCallback, Table, Tx};
use crate::error::ProjectionError;
use crate::value::{Row, Val};
use postgres::Statement;
use postgres::fallible_iterator::FallibleIterator;
use postgres::types::ToSql;

/// A `Tx` over an open transaction on PostgreSQL.
pub(super) struct PostgresTx<'a> {
    link: &'a mut Link,
    /// The first error. PostgreSQL would silently treat a `commit` after it as a `rollback`.
    failure: Option<ProjectionError>,
}

impl<'a> PostgresTx<'a> {
    pub(super) const fn new(link: &'a mut Link) -> Self {
        Self { link, failure: None }
    }

    /// Returns the first error of a statement; `Ok` means that the transaction may be committed.
    pub(super) fn into_outcome(self) -> Result<(), ProjectionError> {
        self.failure.map_or(Ok(()), Err)
    }

    fn fail(&mut self, error: &postgres::Error, sql: &str) -> ProjectionError {
        let failure = match classify_error(error, self.link.purpose) {
            ProjectionError::Fault(why) => ProjectionError::Fault(format!("{why} in: {sql}")),
            other => other,
        };
        // A value that never reached the server left the transaction intact, but its statement was not run.
        if self.failure.is_none() || is_lost(error) {
            self.failure = Some(failure.clone());
        }
        failure
    }

    fn refuse(&mut self, why: String) -> ProjectionError {
        let failure = ProjectionError::Fault(why);
        self.failure.get_or_insert_with(|| failure.clone());
        failure
    }

    fn prepared(&mut self, sql: &str, values_count: usize) -> Result<Statement, ProjectionError> {
        let statement = match self.link.statement(sql) {
            Ok(statement) => statement,
            Err(error) => return Err(self.fail(&error, sql)),
        };
        let wanted = statement.params().len();
        if wanted != values_count {
            return Err(self.refuse(format!("{values_count} values for {wanted} parameters in: {sql}")));
        }
        Ok(statement)
    }

    /// Runs a statement that defines or sets something. It is not kept prepared, and all prepared
    /// statements are dropped from the cache.
    fn define(&mut self, sql: &str) -> Result<u64, ProjectionError> {
        let done = self.link.client.batch_execute(&ordered_by_bytes(sql));
        self.link.forget();
        done.map(|()| 0).map_err(|error| self.fail(&error, sql))
    }

    /// Runs a step over many rows and records its error.
    fn many<T>(
        &mut self,
        table: &Table,
        step: impl FnOnce(&mut Link) -> Result<T, postgres::Error>,
    ) -> Result<T, ProjectionError> {
        step(self.link).map_err(|error| self.fail(&error, &format!("rows of {}", table.name)))
    }
}

impl Tx for PostgresTx<'_> {
    fn columns(&mut self, table: &str) -> Result<Vec<String>, ProjectionError> {
        match self.link.shape(table) {
            Ok(shape) => Ok(shape.columns.clone()),
            Err(error) => Err(self.fail(&error, table)),
        }
    }

    fn exec(&mut self, sql: &str, values: &[Val]) -> Result<u64, ProjectionError> {
        if values.is_empty() && !is_of_rows(sql) {
            return self.define(sql);
        }
        let statement = self.prepared(sql, values.len())?;
        let parameters: Vec<&(dyn ToSql + Sync)> =
            values.iter().map(|value| value as &(dyn ToSql + Sync)).collect();
        let done = self.link.client.execute(&statement, &parameters);
        done.map_err(|error| self.fail(&error, sql))
    }

    fn each(&mut self, sql: &str, values: &[Val], take: &mut RowCallback<'_>) -> Result<(), ProjectionError> {
        let statement = self.prepared(sql, values.len())?;
        let unread = statement
            .columns()
            .iter()
            .find(|column| !is_readable(column.type_()));
        if let Some(column) = unread {
            let (name, kind) = (column.name(), column.type_().name());
            return Err(self.refuse(format!(
                "column {name} is {kind}: cast it to bigint, double precision or text in: {sql}"
            )));
        }
        match read_each(self.link, &statement, values, take) {
            Ok(()) => Ok(()),
            Err(ReadAbort::Database(error)) => Err(self.fail(&error, sql)),
            Err(ReadAbort::Taker(error)) => Err(error),
        }
    }

    fn rows(&mut self, table: &'static Table, keys: &[Vec<Val>]) -> Result<Vec<Vec<Val>>, ProjectionError> {
        let mut found = Vec::with_capacity(keys.len());
        for keys in keys.chunks(bulk::ROWS_MAX) {
            let sql = self.many(table, |link| bulk::rows_statement(link, table))?;
            let read = self.many(table, |link| bulk::query(link, &sql, keys))?;
            for row in read {
                let values = read_row(&row, row.len()).map_err(|error| self.fail(&error, &sql))?;
                found.push(values.rest());
            }
        }
        Ok(found)
    }

    fn reads_together(&self) -> bool {
        true
    }

    fn write_rows(
        &mut self,
        table: &'static Table,
        rows: &[Vec<Val>],
        removed: &[Vec<Val>],
    ) -> Result<(), ProjectionError> {
        self.many(table, |link| bulk::upsert(link, table, rows))?;
        self.many(table, |link| bulk::delete(link, table, removed))
    }

    fn append_rows(&mut self, table: &'static Table, rows: &[Vec<Val>]) -> Result<(), ProjectionError> {
        self.many(table, |link| bulk::append(link, table, rows))
    }

    fn close_gate(&mut self) -> Result<(), ProjectionError> {
        self.define(GATE_CLOSED).map(drop)
    }

    fn end_questions(&mut self) -> Result<(), ProjectionError> {
        let ended = self.query(QUESTIONS_ENDED, &[Val::text(QUESTIONS_NAME)])?;
        let count = ended.len();
        if count > 0 {
            tracing::warn!(count, "queries were ended because tables are being replaced");
        }
        Ok(())
    }
}

/// The reason why the rows of a query were not read to their end.
enum ReadAbort {
    Database(postgres::Error),
    /// The callback that takes the rows ended the query.
    Taker(ProjectionError),
}

fn read_each(
    link: &mut Link,
    statement: &Statement,
    values: &[Val],
    take: &mut RowCallback<'_>,
) -> Result<(), ReadAbort> {
    let columns_count = statement.columns().len();
    let rows = link.client.query_raw(statement, values);
    let mut rows = rows.map_err(ReadAbort::Database)?;
    while let Some(row) = rows.next().map_err(ReadAbort::Database)? {
        take(read_row(&row, columns_count).map_err(ReadAbort::Database)?).map_err(ReadAbort::Taker)?;
    }
    Ok(())
}

fn read_row(row: &postgres::Row, columns_count: usize) -> Result<Row, postgres::Error> {
    let mut values = Vec::with_capacity(columns_count);
    for column in 0..columns_count {
        values.push(row.try_get::<_, Cell>(column)?.0);
    }
    Ok(Row::new(values))
}
