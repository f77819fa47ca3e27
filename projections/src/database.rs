//! The read database: one portable SQL, run as units of work in transactions.
//!
//! Statements work on both SQLite and PostgreSQL: `$1` placeholders, BIGINT integers, TEXT ids, times in
//! microseconds, `nulls first` or `nulls last` always stated, no function of one dialect. Rows can always be
//! rebuilt from the log, so SQLite runs with `synchronous = normal`: a crash may lose the last commits, never
//! part of one.

use crate::error::ProjectionError;
use crate::value::{Row, Val};
use async_trait::async_trait;
use std::sync::{Arc, Mutex, PoisonError};

pub use crate::table::Table;
pub use crate::tx::{RowAction, RowCallback, Tx};

/// The kind of database that holds the rows, for the statements that differ between the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    Sqlite,
    Postgres,
}

/// A unit of work: runs inside one transaction; an error rolls it back.
pub type TxWork = Box<dyn FnOnce(&mut dyn Tx) -> Result<(), ProjectionError> + Send>;

/// The database that holds the rows of views. A call does not block an async executor for long: the
/// database's own threads do the work or, in the simulation, memory on the caller's thread.
#[async_trait]
pub trait ReadDb: Send + Sync {
    fn dialect(&self) -> Dialect;

    /// Runs `work` in one writing transaction, which is committed if `work` returns `Ok` and rolled back
    /// otherwise.
    async fn transaction(&self, work: TxWork) -> Result<(), ProjectionError>;

    /// Runs `work` on one consistent snapshot, in parallel to the writer. A write in it is an error.
    async fn read(&self, work: TxWork) -> Result<(), ProjectionError>;

    /// Runs one writing statement in its own transaction. Returns the number of changed rows.
    async fn exec(&self, sql: &str, values: Vec<Val>) -> Result<u64, ProjectionError> {
        let sql = sql.to_owned();
        let (work, answer) = returning(move |tx| tx.exec(&sql, &values));
        self.transaction(work).await?;
        answer.take()
    }

    /// Returns the rows of one query, which reads a consistent snapshot.
    async fn query(&self, sql: &str, values: Vec<Val>) -> Result<Vec<Row>, ProjectionError> {
        let sql = sql.to_owned();
        let (work, answer) = returning(move |tx| tx.query(&sql, &values));
        self.read(work).await?;
        answer.take()
    }
}

/// The slot in which a unit of work puts its result.
pub(crate) struct Answer<T>(Arc<Mutex<Option<T>>>);

impl<T> Answer<T> {
    pub(crate) fn take(self) -> Result<T, ProjectionError> {
        let mut slot = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        slot.take()
            .ok_or_else(|| ProjectionError::Fault("a transaction left no answer".to_owned()))
    }
}

/// Makes a unit of work from a function that returns a value, and the slot for that value.
pub(crate) fn returning<T: Send + 'static>(
    work: impl FnOnce(&mut dyn Tx) -> Result<T, ProjectionError> + Send + 'static,
) -> (TxWork, Answer<T>) {
    let slot = Arc::new(Mutex::new(None));
    let answer = Answer(Arc::clone(&slot));
    let work: TxWork = Box::new(move |tx| {
        let value = work(tx)?;
        *slot.lock().unwrap_or_else(PoisonError::into_inner) = Some(value);
        Ok(())
    });
    (work, answer)
}

/// Runs `work`, which may read several times, on one consistent snapshot. Returns its result.
pub async fn read_as<T: Send + 'static>(
    db: &dyn ReadDb,
    work: impl FnOnce(&mut dyn Tx) -> Result<T, ProjectionError> + Send + 'static,
) -> Result<T, ProjectionError> {
    let (work, answer) = returning(work);
    db.read(work).await?;
    answer.take()
}

/// Runs `work`, which may write several times, in one transaction. Returns its result.
pub async fn transact<T: Send + 'static>(
    db: &dyn ReadDb,
    work: impl FnOnce(&mut dyn Tx) -> Result<T, ProjectionError> + Send + 'static,
) -> Result<T, ProjectionError> {
    let (work, answer) = returning(work);
    db.transaction(work).await?;
    answer.take()
}

/// Builds a query with optional conditions, and keeps the `where` clause and its parameters in step.
pub(crate) struct Select {
    sql: String,
    values: Vec<Val>,
}

impl Select {
    /// Starts a query with `head`, which is `select .. from ..` without `where`.
    pub(crate) fn new(head: &str) -> Self {
        Self {
            sql: head.to_owned(),
            values: Vec::new(),
        }
    }

    /// Adds a condition if there is a value: `condition` (for example `kind =`) followed by the value's
    /// parameter.
    pub(crate) fn when(self, condition: &str, value: Option<Val>) -> Self {
        self.when_in(condition, value, "")
    }

    /// Adds a condition if there is a value: `opening`, the value's parameter, `closing`.
    pub(crate) fn when_in(mut self, opening: &str, value: Option<Val>, closing: &str) -> Self {
        let Some(value) = value else {
            return self;
        };
        let joint = if self.values.is_empty() { "where" } else { "and" };
        self.values.push(value);
        self.sql
            .push_str(&format!(" {joint} {opening} ${}{closing}", self.values.len()));
        self
    }

    /// Adds the condition that a column has one of the given values, if there is a list. An empty list
    /// matches no row.
    pub(crate) fn when_one_of(mut self, column: &str, values: Option<Vec<Val>>) -> Self {
        let Some(values) = values else {
            return self;
        };
        let joint = if self.values.is_empty() { "where" } else { "and" };
        let first = self.values.len() + 1;
        let places: Vec<String> = (first..first + values.len()).map(|at| format!("${at}")).collect();
        let fits = match places.is_empty() {
            true => "1 = 0".to_owned(),
            false => format!("{column} in ({})", places.join(", ")),
        };
        self.sql.push_str(&format!(" {joint} {fits}"));
        self.values.extend(values);
        self
    }

    /// Adds a condition on several values if they are given. `condition` makes its SQL from the names of
    /// their parameters.
    pub(crate) fn when_all<const N: usize>(
        mut self,
        values: Option<[Val; N]>,
        condition: impl FnOnce([String; N]) -> String,
    ) -> Self {
        let Some(values) = values else {
            return self;
        };
        let joint = if self.values.is_empty() { "where" } else { "and" };
        let before = self.values.len();
        let places =
            std::array::from_fn(|index| format!("${}", before.saturating_add(index).saturating_add(1)));
        self.values.extend(values);
        self.sql.push_str(&format!(" {joint} {}", condition(places)));
        self
    }

    /// Completes the query with `group by groups`, the same order, and a limit of rows.
    pub(crate) fn grouped(mut self, groups: &str, limit: usize) -> (String, Vec<Val>) {
        self.sql.push_str(&format!(" group by {groups}"));
        self.limited(groups, limit)
    }

    /// Completes the query with an order and a limit of rows. Returns SQL and parameters.
    pub(crate) fn limited(mut self, order: &str, limit: usize) -> (String, Vec<Val>) {
        self.values.push(Val::count(limit));
        self.sql
            .push_str(&format!(" order by {order} limit ${}", self.values.len()));
        (self.sql, self.values)
    }
}

/// Passes every row of a table to `take`, ordered by primary key. Stops at the first error.
pub(crate) fn each_row(
    tx: &mut dyn Tx,
    table: &Table,
    take: &mut dyn FnMut(Vec<Val>) -> Result<(), ProjectionError>,
) -> Result<(), ProjectionError> {
    let keys: Vec<String> = (1..=table.key_columns).map(|key| key.to_string()).collect();
    let sql = format!("select * from {} order by {}", table.name, keys.join(", "));
    tx.each(&sql, &[], &mut |row| take(row.rest()))
}
