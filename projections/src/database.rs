//! The read database: one portable SQL, and units of work in its transactions.
//!
//! Statements are written for SQLite and PostgreSQL alike: `$1` placeholders, BIGINT integers, TEXT ids,
//! times in microseconds, `nulls first/last` always said, no dialect's own functions. Rows can always be
//! rebuilt from the log, so SQLite runs with `synchronous = normal`: a crash may lose the last commits,
//! never part of one.

use crate::error::ProjectionError;
use crate::value::{Row, Val};
use async_trait::async_trait;
use std::sync::{Arc, Mutex, PoisonError};

pub use crate::table::Table;
pub use crate::tx::{Edit, TakesRow, Tx};

/// Which database rows are in: for what cannot be said to both alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    Sqlite,
    Postgres,
}

/// What is done inside one transaction; an error rolls it back.
pub type TxWork = Box<dyn FnOnce(&mut dyn Tx) -> Result<(), ProjectionError> + Send>;

/// A database of rows. Executing never blocks an async executor for long: threads of its own do it, or, in
/// the simulation, memory on the caller's thread.
#[async_trait]
pub trait ReadDb: Send + Sync {
    fn dialect(&self) -> Dialect;

    /// Runs `work` in one writing transaction: committed when it answers `Ok`, else rolled back.
    async fn transaction(&self, work: TxWork) -> Result<(), ProjectionError>;

    /// Runs `work` over one consistent snapshot, beside the writer. Writing in it is an error.
    async fn read(&self, work: TxWork) -> Result<(), ProjectionError>;

    /// One writing statement, in a transaction of its own.
    async fn exec(&self, sql: &str, values: Vec<Val>) -> Result<u64, ProjectionError> {
        let sql = sql.to_owned();
        let (work, answer) = returning(move |tx| tx.exec(&sql, &values));
        self.transaction(work).await?;
        answer.take()
    }

    /// The rows of one query.
    async fn query(&self, sql: &str, values: Vec<Val>) -> Result<Vec<Row>, ProjectionError> {
        let sql = sql.to_owned();
        let (work, answer) = returning(move |tx| tx.query(&sql, &values));
        self.read(work).await?;
        answer.take()
    }
}

/// Where a unit of work leaves its answer.
pub(crate) struct Answer<T>(Arc<Mutex<Option<T>>>);

impl<T> Answer<T> {
    pub(crate) fn take(self) -> Result<T, ProjectionError> {
        let mut slot = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        slot.take()
            .ok_or_else(|| ProjectionError::Fault("a transaction left no answer".to_owned()))
    }
}

/// Makes a unit of work from a function with an answer.
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

/// Reads with several statements over one snapshot.
pub async fn read_as<T: Send + 'static>(
    db: &dyn ReadDb,
    work: impl FnOnce(&mut dyn Tx) -> Result<T, ProjectionError> + Send + 'static,
) -> Result<T, ProjectionError> {
    let (work, answer) = returning(work);
    db.read(work).await?;
    answer.take()
}

/// Writes with several statements in one transaction.
pub async fn transact<T: Send + 'static>(
    db: &dyn ReadDb,
    work: impl FnOnce(&mut dyn Tx) -> Result<T, ProjectionError> + Send + 'static,
) -> Result<T, ProjectionError> {
    let (work, answer) = returning(work);
    db.transaction(work).await?;
    answer.take()
}

/// A query whose conditions depend on what was asked: `where` and its placeholders grow together.
pub(crate) struct Select {
    sql: String,
    values: Vec<Val>,
}

impl Select {
    /// `head` is `select .. from ..`, without `where`.
    pub(crate) fn new(head: &str) -> Self {
        Self {
            sql: head.to_owned(),
            values: Vec::new(),
        }
    }

    /// Adds `condition`, such as `kind =`, with its value behind it, when there is one.
    pub(crate) fn when(self, condition: &str, value: Option<Val>) -> Self {
        self.when_in(condition, value, "")
    }

    /// Adds a condition around its value, when there is one.
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

    /// Adds that a column holds one of several values, when they are given; of none nothing fits.
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

    /// Adds a condition on several values, by the names of their places, when there are some.
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

    /// Ends with groups, in their order, and a limit.
    pub(crate) fn grouped(mut self, groups: &str, limit: usize) -> (String, Vec<Val>) {
        self.sql.push_str(&format!(" group by {groups}"));
        self.limited(groups, limit)
    }

    /// Ends with an order and a limit.
    pub(crate) fn limited(mut self, order: &str, limit: usize) -> (String, Vec<Val>) {
        self.values.push(Val::count(limit));
        self.sql
            .push_str(&format!(" order by {order} limit ${}", self.values.len()));
        (self.sql, self.values)
    }
}

/// Hands every row of a table to `take`, by primary key.
pub(crate) fn each_row(
    tx: &mut dyn Tx,
    table: &Table,
    take: &mut dyn FnMut(Vec<Val>) -> Result<(), ProjectionError>,
) -> Result<(), ProjectionError> {
    let keys: Vec<String> = (1..=table.key_columns).map(|key| key.to_string()).collect();
    let sql = format!("select * from {} order by {}", table.name, keys.join(", "));
    tx.each(&sql, &[], &mut |row| take(row.rest()))
}
