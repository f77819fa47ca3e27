//! The read database: one portable SQL, transactions, and the schema versions and checkpoints of the views.
//!
//! Statements are written for SQLite and PostgreSQL alike: `$1` placeholders, BIGINT integers, TEXT ids,
//! times in microseconds, `nulls first/last` always said, no dialect's own functions. Rows can always be
//! rebuilt from the log, so SQLite runs with `synchronous = normal`: a crash may lose the last commits,
//! never part of one.

use crate::error::ProjectionError;
use crate::sql_views::{drop_sql_views, remake_sql_views};
use crate::value::{Row, Val};
use crate::view::View;
use async_trait::async_trait;
use domain::stored_event::Position;
use domain::time::Timestamp;
use std::sync::{Arc, Mutex, PoisonError};

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
    pub(crate) fn when(mut self, condition: &str, value: Option<Val>) -> Self {
        let Some(value) = value else {
            return self;
        };
        let joint = if self.values.is_empty() { "where" } else { "and" };
        self.values.push(value);
        self.sql
            .push_str(&format!(" {joint} {condition} ${}", self.values.len()));
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

/// The tables of a view, and what they need to be compared with a replay.
#[derive(Debug, Clone, Copy)]
pub struct Table {
    /// Begins with the view's name.
    pub name: &'static str,
    /// `create table` first, then its indexes.
    pub ddl: &'static [&'static str],
    /// The first so many columns are the primary key, never null.
    pub key_columns: usize,
}

/// How far a view has come. `parked` is set while an event keeps it from going on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    pub view: String,
    pub version: u32,
    /// Rows are complete up to here.
    pub position: Position,
    /// When the event at `position` was recorded; `None` before the first.
    pub recorded_at: Option<Timestamp>,
    pub parked: Option<(Position, String)>,
}

pub(crate) const CHECKPOINT_TABLE: &str = "checkpoint";
const CHECKPOINTS: &str = "create table if not exists checkpoint (
    view text primary key, version bigint not null, position bigint not null,
    parked_position bigint, parked_why text, recorded_at bigint)";

/// Makes the tables of `views`. A view whose version is not the stored one loses its rows and begins again.
pub(crate) fn prepare_schema(
    tx: &mut dyn Tx,
    dialect: Dialect,
    views: &[Arc<dyn View>],
) -> Result<(), ProjectionError> {
    tx.exec(CHECKPOINTS, &[])?;
    crate::rebuild::prepare(tx)?;
    crate::remaking::prepare(tx)?;
    // Rows of an earlier build know no times; each checkpoint has one again when it next moves.
    if !tx
        .columns("checkpoint")?
        .iter()
        .any(|column| column == "recorded_at")
    {
        tx.exec("alter table checkpoint add column recorded_at bigint", &[])?;
    }
    let stored = read_checkpoints(tx)?;
    let is_stale = |view: &&Arc<dyn View>| {
        let mut rows = stored.iter();
        !rows.any(|row| row.view == view.name() && row.version == view.version())
    };
    let stale: Vec<_> = views.iter().filter(is_stale).collect();
    if !stale.is_empty() {
        // Readers of other processes see the tables before or after, not half of it.
        tx.end_questions()?;
        tx.close_gate()?;
        drop_sql_views(tx, dialect)?;
    }
    for view in stale {
        // Of a view that is new with this build readers expect what they are told of the others.
        let of_view = stored.iter().find(|row| row.view == view.name());
        let furthest = stored.iter().map(|row| row.position).max();
        let until = of_view.map(|row| row.position).or(furthest);
        if let Some(until) = until {
            crate::remaking::begin(tx, view.name(), until)?;
        }
        remake_tables(tx, view.as_ref())?;
    }
    remake_sql_views(tx, dialect, &table_names(views))
}

/// Makes what is gone: all of a database that came back empty, with what analysts ask. Tables of another
/// build stay as they are.
pub(crate) fn restore_schema(
    tx: &mut dyn Tx,
    dialect: Dialect,
    views: &[Arc<dyn View>],
) -> Result<(), ProjectionError> {
    tx.exec(CHECKPOINTS, &[])?;
    crate::rebuild::prepare(tx)?;
    let stored = read_checkpoints(tx)?;
    let is_gone = |view: &&Arc<dyn View>| !stored.iter().any(|row| row.view == view.name());
    let gone: Vec<_> = views.iter().filter(is_gone).collect();
    if gone.is_empty() {
        return Ok(());
    }
    drop_sql_views(tx, dialect)?;
    for view in gone {
        remake_tables(tx, view.as_ref())?;
    }
    remake_sql_views(tx, dialect, &table_names(views))
}

/// What the documented views stand on.
fn table_names(views: &[Arc<dyn View>]) -> Vec<&'static str> {
    let tables = views.iter().flat_map(|view| view.tables());
    tables.map(|table| table.name).chain([CHECKPOINT_TABLE]).collect()
}

/// Drops and makes a view's tables, and sets its checkpoint before the first event.
pub(crate) fn remake_tables(tx: &mut dyn Tx, view: &dyn View) -> Result<(), ProjectionError> {
    for table in view.tables() {
        tx.exec(&format!("drop table if exists {}", table.name), &[])?;
        for statement in table.ddl {
            tx.exec(statement, &[])?;
        }
    }
    tx.exec(
        "insert into checkpoint (view, version, position) values ($1, $2, 0)
         on conflict (view) do update set version = excluded.version, position = 0,
         parked_position = null, parked_why = null, recorded_at = null",
        &[Val::text(view.name()), Val::count(view.version())],
    )?;
    Ok(())
}

/// All checkpoints, by name.
pub(crate) fn read_checkpoints(tx: &mut dyn Tx) -> Result<Vec<Checkpoint>, ProjectionError> {
    let rows = tx.query(
        "select view, version, position, parked_position, parked_why, recorded_at
         from checkpoint order by view",
        &[],
    )?;
    rows.into_iter().map(read_checkpoint).collect()
}

fn read_checkpoint(mut row: Row) -> Result<Checkpoint, ProjectionError> {
    let view = row.text()?;
    let version = u32::try_from(row.int()?).unwrap_or(0);
    let position = row.position()?;
    let parked_at = row.maybe_count()?.map(Position);
    let why = row.maybe_text()?.unwrap_or_default();
    Ok(Checkpoint {
        view,
        version,
        position,
        recorded_at: row.maybe_at()?,
        parked: parked_at.map(|at| (at, why)),
    })
}

/// Every view's checkpoint as stored, also beside the process that writes them.
pub async fn checkpoints(db: &dyn ReadDb) -> Result<Vec<Checkpoint>, ProjectionError> {
    read_as(db, |tx| read_checkpoints(tx)).await
}

/// Moves the checkpoints of views, in the transaction that moved their rows: mostly all to one position,
/// which
/// is one statement.
pub(crate) fn write_checkpoints(tx: &mut dyn Tx, changed: &[Checkpoint]) -> Result<(), ProjectionError> {
    let Some((first, others)) = changed.split_first() else {
        return Ok(());
    };
    let together = |one: &Checkpoint| one.position == first.position && one.parked.is_none();
    if others.is_empty() || !changed.iter().all(together) {
        return changed.iter().try_for_each(|one| write_checkpoint(tx, one));
    }
    let places: Vec<String> = (3..changed.len() + 3).map(|place| format!("${place}")).collect();
    let sql = format!(
        "update checkpoint set position = $1, recorded_at = $2, parked_position = null, parked_why = null
         where view in ({})",
        places.join(", ")
    );
    let views = changed.iter().map(|one| Val::text(&one.view));
    let values: Vec<Val> = [Val::position(first.position), Val::maybe_at(first.recorded_at)]
        .into_iter()
        .chain(views)
        .collect();
    if tx.exec(&sql, &values)? == changed.len() as u64 {
        return Ok(());
    }
    Err(ProjectionError::Fault("a view has no checkpoint".to_owned()))
}

pub(crate) fn write_checkpoint(tx: &mut dyn Tx, checkpoint: &Checkpoint) -> Result<(), ProjectionError> {
    let (parked_position, parked_why) = match &checkpoint.parked {
        Some((position, why)) => (Val::position(*position), Val::text(why)),
        None => (Val::Null, Val::Null),
    };
    let changed = tx.exec(
        "update checkpoint set position = $2, parked_position = $3, parked_why = $4, recorded_at = $5
         where view = $1",
        &[
            Val::text(&checkpoint.view),
            Val::position(checkpoint.position),
            parked_position,
            parked_why,
            Val::maybe_at(checkpoint.recorded_at),
        ],
    )?;
    if changed == 1 {
        return Ok(());
    }
    Err(ProjectionError::Fault(format!(
        "view {} has no checkpoint",
        checkpoint.view
    )))
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
