//! SQLite as the read database: `views.db` with one writer and some readers on their own threads, or, for the
//! simulation, a database in memory on the caller's thread.

mod dialect;
pub(crate) mod direct_insert;
mod failure;
mod file_mode;
mod memory_settings;
mod parallel_readers;
mod statement_cache;
mod whole_rows;

use crate::database::{Dialect, ReadDb, RowCallback, Table, Tx, TxWork};
use crate::error::ProjectionError;
use crate::threads::{READERS_COUNT, Threads, Worker, lock_mutex};
use crate::value::{Row, Val, storable};
use async_trait::async_trait;
use dialect::{own_key, sqlite_placeholders};
use domain::ports::tasks::Tasks;
use failure::{classify_error, classify_statement_error};
use memory_settings::MemorySettings;
use rusqlite::config::DbConfig;
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, OpenFlags, Statement, ToSql, params_from_iter};
use statement_cache::StatementCache;
use std::borrow::Cow;
use std::path::Path;
use std::sync::{Arc, Mutex};

/// The name of the file in the data directory.
pub(crate) const FILE_NAME: &str = "views.db";

/// Most prepared statements that a connection caches. All views together have fewer than a hundred.
const STATEMENTS_MAX: usize = 256;

/// Longest wait for another process's lock, in milliseconds (`projections verify` while a server runs).
const LOCK_WAIT_MS: u64 = 5_000;

/// Bytes to which SQLite truncates the write-ahead log after a checkpoint; after a rebuild it is huge.
const WAL_BYTES_MAX: i64 = 16 * 1024 * 1024;

/// Pages of 4,096 bytes in the write-ahead log before they are moved into the file: as many as that file may
/// have. Catching up changes the same index pages repeatedly; SQLite's default of 1,000 would move each of
/// them often.
const WAL_PAGES: i64 = 4_000;

/// Cache of the writer, in KiB: the pages of all indexes that a batch changes, which SQLite's default of 2 MB
/// would spill and read again. The next batch rarely meets the same pages of large indexes.
const CACHE_KIBIBYTES: i64 = 16 * 1024;

/// Page size of a database in memory, larger than the usual 4,096 bytes: after a page split, a commit visits
/// every page in memory, so fewer pages are faster (a quarter less of the simulation's time).
const MEMORY_PAGE_BYTES: i64 = 8_192;

enum ExecutionMode {
    /// Runs on the caller's thread.
    Inline(Mutex<CachedConnection>),
    Threads(Arc<Threads>),
}

/// A read database in SQLite.
pub struct SqliteReadDb {
    place: ExecutionMode,
}

impl SqliteReadDb {
    /// Opens or creates `views.db` in `dir`. Its threads end when this is dropped or the tasks stop.
    pub fn open(dir: &Path, tasks: &dyn Tasks) -> Result<Self, ProjectionError> {
        let path = dir.join(FILE_NAME);
        file_mode::make(&path)?;
        let writer = Connection::open(&path).map_err(|error| classify_error(&error))?;
        prepare(&writer)?;
        prepare_writer(&writer)?;
        writer
            .query_row("pragma wal_checkpoint(truncate)", [], |_| Ok(()))
            .map_err(|error| classify_error(&error))?;
        let readers = workers(&path)?;
        Ok(Self {
            place: ExecutionMode::Threads(Threads::begin(Some(worker(writer, run_write)), readers, tasks)),
        })
    }

    /// Opens a database in memory that runs every statement on the caller's thread, so nothing waits on
    /// virtual time. Rows live as long as this value. A simulated crash keeps the value: committed rows
    /// survive, the rest is rolled back.
    pub fn open_inline() -> Result<Self, ProjectionError> {
        let connection = Connection::open_in_memory().map_err(|error| classify_error(&error))?;
        connection
            .pragma_update(None, "page_size", MEMORY_PAGE_BYTES)
            .map_err(|error| classify_error(&error))?;
        prepare(&connection)?;
        Ok(Self::inline(connection))
    }

    /// Opens `views.db` for reading, in parallel to the process that writes it. Statements run on the
    /// caller's thread.
    pub fn open_read_only(dir: &Path) -> Result<Self, ProjectionError> {
        open_reader(&dir.join(FILE_NAME)).map(Self::inline)
    }

    fn inline(connection: Connection) -> Self {
        Self {
            place: ExecutionMode::Inline(Mutex::new(CachedConnection::new(connection))),
        }
    }
}

#[async_trait]
impl ReadDb for SqliteReadDb {
    fn dialect(&self) -> Dialect {
        Dialect::Sqlite
    }

    async fn transaction(&self, work: TxWork) -> Result<(), ProjectionError> {
        match &self.place {
            ExecutionMode::Inline(connection) => run_write(&mut lock_mutex(connection), work),
            ExecutionMode::Threads(threads) => threads.write(work).await,
        }
    }

    async fn read(&self, work: TxWork) -> Result<(), ProjectionError> {
        match &self.place {
            ExecutionMode::Inline(connection) => run_read(&mut lock_mutex(connection), work),
            ExecutionMode::Threads(threads) => threads.read(work).await,
        }
    }
}

/// A connection with its cached statement texts and memory settings.
struct CachedConnection {
    connection: Connection,
    texts: StatementCache,
    room: MemorySettings,
}

impl CachedConnection {
    fn new(connection: Connection) -> Self {
        Self {
            connection,
            texts: StatementCache::default(),
            room: MemorySettings::Usual,
        }
    }
}

/// Returns a worker that runs units of work with `run` on this connection, one after another.
fn worker(
    connection: Connection,
    run: fn(&mut CachedConnection, TxWork) -> Result<(), ProjectionError>,
) -> Worker {
    let mut opened = CachedConnection::new(connection);
    Box::new(move |work| run(&mut opened, work))
}

fn workers(path: &Path) -> Result<Vec<Worker>, ProjectionError> {
    let one = |_| open_reader(path).map(|reader| worker(reader, run_read));
    (0..READERS_COUNT).map(one).collect()
}

/// How a writing unit of work begins: with the write lock. A reading one takes a snapshot at its first
/// statement.
const BEGIN_WRITE: &str = "begin immediate";
const BEGIN_READ: &str = "begin deferred";

fn run_write(opened: &mut CachedConnection, work: TxWork) -> Result<(), ProjectionError> {
    run(opened, work, BEGIN_WRITE)
}

/// Runs a unit of work that may only read, also on a connection that can write; a write in it is an error.
fn run_read(opened: &mut CachedConnection, work: TxWork) -> Result<(), ProjectionError> {
    run(opened, work, BEGIN_READ)
}

/// Runs a unit of work in a transaction. Begin and end are cached prepared statements, because parsing them
/// took a tenth of a short transaction.
fn run(opened: &mut CachedConnection, work: TxWork, begin: &'static str) -> Result<(), ProjectionError> {
    let open = OpenTransaction {
        connection: &opened.connection,
    };
    open.step(begin)?;
    let done = work(&mut SqliteTx {
        connection: open.connection,
        texts: &mut opened.texts,
        room: &mut opened.room,
        read_only: begin == BEGIN_READ,
    });
    if done.is_err() {
        // The work may have created or dropped tables, which the rollback has restored.
        opened.texts.forget();
    }
    done?;
    open.step("commit")
}

/// An open transaction. Dropped before its commit, also in a panic, it is rolled back.
struct OpenTransaction<'a> {
    connection: &'a Connection,
}

impl OpenTransaction<'_> {
    fn step(&self, sql: &str) -> Result<(), ProjectionError> {
        let done = self
            .connection
            .prepare_cached(sql)
            .and_then(|mut statement| statement.execute([]));
        done.map(drop).map_err(|error| classify_error(&error))
    }
}

impl Drop for OpenTransaction<'_> {
    fn drop(&mut self) {
        if !self.connection.is_autocommit()
            && let Err(error) = self.step("rollback")
        {
            tracing::error!(%error, "a transaction of the views could not be rolled back");
        }
    }
}

fn open_reader(path: &Path) -> Result<Connection, ProjectionError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let reader = Connection::open_with_flags(path, flags).map_err(|error| classify_error(&error))?;
    prepare(&reader)?;
    Ok(reader)
}

fn prepare(connection: &Connection) -> Result<(), ProjectionError> {
    connection.set_prepared_statement_cache_capacity(STATEMENTS_MAX);
    connection
        // One plan per statement; otherwise SQLite plans again for each new bound of a range.
        .set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)
        .map_err(|error| classify_error(&error))?;
    connection
        .busy_timeout(std::time::Duration::from_millis(LOCK_WAIT_MS))
        .and_then(|()| connection.pragma_update(None, "temp_store", "memory"))
        .map_err(|error| classify_error(&error))
}

/// Configures the writer's connection. The journal mode is a property of the file and needs the write lock,
/// so the writer sets it.
fn prepare_writer(writer: &Connection) -> Result<(), ProjectionError> {
    writer
        .pragma_update(None, "journal_mode", "wal")
        .and_then(|()| writer.pragma_update(None, "synchronous", "normal"))
        .and_then(|()| writer.pragma_update(None, "journal_size_limit", WAL_BYTES_MAX))
        .and_then(|()| writer.pragma_update(None, "wal_autocheckpoint", WAL_PAGES))
        .and_then(|()| writer.pragma_update(None, "cache_size", -CACHE_KIBIBYTES))
        // Sealed values of an erased person are overwritten and do not stay in free pages. Older pages in the
        // write-ahead log go with the next checkpoint, at the latest at the next start.
        .and_then(|()| writer.pragma_update(None, "secure_delete", 1))
        .map_err(|error| classify_error(&error))
}

struct SqliteTx<'a> {
    connection: &'a Connection,
    texts: &'a mut StatementCache,
    room: &'a mut MemorySettings,
    read_only: bool,
}

impl SqliteTx<'_> {
    fn statement(&self, sql: &str) -> Result<rusqlite::CachedStatement<'_>, ProjectionError> {
        let statement = self
            .connection
            .prepare_cached(&sqlite_placeholders(sql))
            .map_err(|error| classify_statement_error(&error, sql))?;
        // Checked per statement: `pragma query_only` would prepare all statements again.
        if self.read_only && !statement.readonly() {
            return Err(ProjectionError::Fault(format!("a read would write: {sql}")));
        }
        Ok(statement)
    }
}

impl Tx for SqliteTx<'_> {
    fn columns(&mut self, table: &str) -> Result<Vec<String>, ProjectionError> {
        let statement = self.statement(&format!("select * from {table} limit 0"))?;
        Ok(statement.column_names().map(str::to_owned).collect())
    }

    fn exec(&mut self, sql: &str, values: &[Val]) -> Result<u64, ProjectionError> {
        let sql = &*own_key(sql);
        let changed = self
            .statement(sql)?
            .execute(params_from_iter(values))
            .map_err(|error| classify_statement_error(&error, sql))?;
        if statement_cache::is_definition(sql) {
            self.texts.forget();
        }
        Ok(u64::try_from(changed).unwrap_or(u64::MAX))
    }

    fn each(&mut self, sql: &str, values: &[Val], take: &mut RowCallback<'_>) -> Result<(), ProjectionError> {
        let mut statement = self.statement(sql)?;
        let columns_count = Statement::column_count(&statement);
        let mut rows = statement
            .query(params_from_iter(values))
            .map_err(|error| classify_statement_error(&error, sql))?;
        while let Some(row) = rows
            .next()
            .map_err(|error| classify_statement_error(&error, sql))?
        {
            take(Row::new(values_of(row, columns_count)?))?;
        }
        Ok(())
    }

    fn expect(&mut self, events_count: usize) -> Result<(), ProjectionError> {
        self.room.make(self.connection, events_count)
    }

    fn row(&mut self, table: &'static Table, key: &[Val]) -> Result<Option<Vec<Val>>, ProjectionError> {
        whole_rows::row(self, table, key)
    }

    fn write_rows(
        &mut self,
        table: &'static Table,
        rows: &[Vec<Val>],
        removed: &[Vec<Val>],
    ) -> Result<(), ProjectionError> {
        whole_rows::write(self, table, rows)?;
        whole_rows::remove(self, table, removed)
    }

    fn change_rows(
        &mut self,
        table: &'static Table,
        was: &[Vec<Val>],
        rows: &[Vec<Val>],
    ) -> Result<(), ProjectionError> {
        whole_rows::change(self, table, was, rows)
    }

    fn append_rows(&mut self, table: &'static Table, rows: &[Vec<Val>]) -> Result<(), ProjectionError> {
        whole_rows::append(self, table, rows)
    }
}

fn values_of(row: &rusqlite::Row<'_>, columns_count: usize) -> Result<Vec<Val>, ProjectionError> {
    let mut values = Vec::with_capacity(columns_count);
    for column in 0..columns_count {
        values.push(from_sqlite(
            row.get_ref(column).map_err(|error| classify_error(&error))?,
        ));
    }
    Ok(values)
}

impl ToSql for Val {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Null => ValueRef::Null,
            Self::Int(value) => ValueRef::Integer(*value),
            Self::Real(value) => ValueRef::Real(*value),
            Self::Text(value) => match storable(value) {
                Cow::Borrowed(text) => ValueRef::Text(text.as_bytes()),
                Cow::Owned(text) => return Ok(ToSqlOutput::Owned(text.into())),
            },
            Self::Blob(value) => ValueRef::Blob(value),
            Self::Bool(value) => ValueRef::Integer(i64::from(*value)),
        }))
    }
}

pub(crate) fn from_sqlite(value: ValueRef<'_>) -> Val {
    match value {
        ValueRef::Null => Val::Null,
        ValueRef::Integer(value) => Val::Int(value),
        ValueRef::Real(value) => Val::Real(value),
        ValueRef::Text(value) => Val::Text(String::from_utf8_lossy(value).into_owned()),
        ValueRef::Blob(value) => Val::Blob(value.to_vec()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::database::transact;

    fn inline_db() -> SqliteReadDb {
        SqliteReadDb::open_inline().unwrap()
    }

    #[tokio::test]
    async fn placeholders_bind_by_number_and_text_in_quotes_is_left_alone() {
        let db = inline_db();
        let values = vec![Val::Int(1), Val::text("two")];
        let rows = db.query("select $2, $1, 'costs $1', $1", values).await.unwrap();
        let expected = [Val::text("two"), Val::Int(1), Val::text("costs $1"), Val::Int(1)];
        assert_eq!(rows[0].clone().rest(), expected);
    }

    #[tokio::test]
    async fn all_six_values_go_in_and_come_back() {
        let values = vec![
            Val::Null,
            Val::Int(i64::MIN),
            Val::Real(0.5),
            Val::text("\u{5f20}\u{4e09}"),
            Val::Blob(vec![0, 255]),
            Val::Bool(true),
        ];
        let rows = inline_db()
            .query("select $1, $2, $3, $4, $5, $6", values.clone())
            .await
            .unwrap();
        let back = rows[0].clone().rest();
        assert_eq!(back[..5], values[..5]);
        assert_eq!(back[5], Val::Int(1), "SQLite has no booleans");
    }

    #[tokio::test]
    async fn a_failed_transaction_leaves_nothing_and_a_read_cannot_write() {
        let db = inline_db();
        db.exec("create table t (a bigint primary key)", Vec::new())
            .await
            .unwrap();
        let failed = db
            .transaction(Box::new(|tx| {
                tx.exec("insert into t (a) values (1)", &[])?;
                Err(ProjectionError::Fault("changed its mind".to_owned()))
            }))
            .await;
        assert!(failed.is_err());
        assert!(db.query("select a from t", Vec::new()).await.unwrap().is_empty());
        assert!(
            db.query("insert into t (a) values (1)", Vec::new())
                .await
                .is_err()
        );
        assert_eq!(db.exec("insert into t (a) values (1)", Vec::new()).await, Ok(1));
    }

    #[tokio::test]
    async fn one_integer_as_the_key_needs_no_index_beside_the_rows() {
        let db = inline_db();
        db.exec("create table t (a bigint primary key, b text)", Vec::new())
            .await
            .unwrap();
        let largest = Val::Int(i64::MAX);
        db.exec("insert into t (a, b) values ($1, 'x')", vec![largest.clone()])
            .await
            .unwrap();
        let rows = db.query("select a from t", Vec::new()).await.unwrap();
        assert_eq!(rows[0].clone().rest(), [largest]);
        let indexes = "select count(*) from sqlite_master where type = 'index'";
        let mut found = db.query(indexes, Vec::new()).await.unwrap();
        assert_eq!(found[0].count(), Ok(0));
    }

    const PAIRS: Table = Table {
        name: "pair",
        ddl: &["create table pair (a text not null, b bigint not null, c text, primary key (a, b))"],
        key_columns: 2,
    };

    #[tokio::test]
    async fn whole_rows_are_written_read_replaced_and_removed_by_key() {
        let db = inline_db();
        let row = |a: &str, b: i64, c: &str| vec![Val::text(a), Val::Int(b), Val::text(c)];
        let found = transact(&db, move |tx| {
            PAIRS.ddl.iter().try_for_each(|sql| tx.exec(sql, &[]).map(drop))?;
            tx.append_rows(&PAIRS, &[row("x", 1, "first"), row("x", 2, "second")])?;
            tx.write_rows(
                &PAIRS,
                &[row("x", 1, "again"), row("y", 1, "new")],
                &[row("x", 2, "")[..2].to_vec()],
            )?;
            let twice = tx.append_rows(&PAIRS, &[row("y", 1, "twice")]);
            assert!(matches!(twice, Err(ProjectionError::Fault(_))));
            let keys = [row("x", 1, ""), row("x", 2, ""), row("y", 1, "")];
            keys.iter()
                .map(|key| tx.row(&PAIRS, &key[..2]))
                .collect::<Result<Vec<_>, _>>()
        });
        let found = found.await.unwrap();
        assert_eq!(
            found,
            [Some(row("x", 1, "again")), None, Some(row("y", 1, "new"))]
        );
    }
}
