//! Both databases as one: every statement of a test runs on SQLite and on PostgreSQL and must have the same
//! result. Without a PostgreSQL server, SQLite runs alone.

use super::databases::postgres_url_if_any;
use super::{TestClock, TestTasks};
use crate::database::{Dialect, ReadDb, Table, TxWork};
use crate::error::ProjectionError;
use crate::postgres::PostgresReadDb;
use crate::sqlite::SqliteReadDb;
use crate::tx::{RowCallback, Tx};
use crate::value::{Row, Val};
use async_trait::async_trait;
use domain::ports::clock::Clock;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::task::{Context, Waker};

/// One statement for the other database, with the channel for its result.
type Step = Box<dyn FnOnce(&mut dyn Tx) + Send>;

struct DatabasePair {
    here: SqliteReadDb,
    there: PostgresReadDb,
}

/// Opens a new database in memory. If there is a test server, also opens one on it, which runs in parallel.
pub(crate) async fn both_databases() -> Arc<dyn ReadDb> {
    let here = SqliteReadDb::open_inline().unwrap();
    let Some(url) = postgres_url_if_any() else {
        return Arc::new(here);
    };
    let clock: Arc<dyn Clock> = TestClock::new();
    let there = PostgresReadDb::open(&url, &clock, &TestTasks::default())
        .await
        .unwrap();
    Arc::new(DatabasePair { here, there })
}

/// Returns work that runs the steps that arrive, then commits or rolls back as the other side did.
fn serve(steps: Receiver<Step>, is_kept: Arc<AtomicBool>) -> TxWork {
    Box::new(move |tx| {
        while let Ok(step) = steps.recv() {
            step(tx);
        }
        match is_kept.load(Ordering::SeqCst) {
            true => Ok(()),
            false => Err(ProjectionError::Fault("given up on the other side".to_owned())),
        }
    })
}

type WorkFuture<'a> = Pin<Box<dyn Future<Output = Result<(), ProjectionError>> + Send + 'a>>;

/// Runs a unit of work on both databases: `work` runs here, and each of its statements also on the other
/// one.
async fn beside<'a>(
    work: TxWork,
    there: impl FnOnce(TxWork) -> WorkFuture<'a>,
    here: impl FnOnce(TxWork) -> WorkFuture<'a>,
) -> Result<(), ProjectionError> {
    let (steps, taken) = sync_channel(1);
    let is_kept = Arc::new(AtomicBool::new(false));
    let mut ending = there(serve(taken, Arc::clone(&is_kept)));
    // After one poll it is in the queue of the other database's thread.
    let polled = ending.as_mut().poll(&mut Context::from_waker(Waker::noop()));
    assert!(polled.is_pending(), "the other database is there: {polled:?}");
    // The other side ends when its last sender is dropped, and must know by then how this side ended.
    let until_known = steps.clone();
    let done = here(Box::new(move |tx| work(&mut PairTx { here: tx, steps }))).await;
    is_kept.store(done.is_ok(), Ordering::SeqCst);
    drop(until_known);
    let ended = ending.await;
    assert!(done.is_err() || ended.is_ok(), "only here it worked: {ended:?}");
    done
}

#[async_trait]
impl ReadDb for DatabasePair {
    fn dialect(&self) -> Dialect {
        Dialect::Sqlite
    }

    async fn transaction(&self, work: TxWork) -> Result<(), ProjectionError> {
        let there = |work| self.there.transaction(work);
        beside(work, there, |work| self.here.transaction(work)).await
    }

    async fn read(&self, work: TxWork) -> Result<(), ProjectionError> {
        let there = |work| self.there.read(work);
        beside(work, there, |work| self.here.read(work)).await
    }
}

struct PairTx<'a> {
    here: &'a mut dyn Tx,
    steps: SyncSender<Step>,
}

impl PairTx<'_> {
    fn there<T: Send + 'static>(
        &self,
        step: impl FnOnce(&mut dyn Tx) -> Result<T, ProjectionError> + Send + 'static,
    ) -> Result<T, ProjectionError> {
        let (answer, answered) = sync_channel(1);
        let step: Step = Box::new(move |tx| answer.send(step(tx)).unwrap());
        self.steps.send(step).unwrap();
        answered.recv().unwrap()
    }
}

/// Asserts that both sides failed or both returned the same. Returns this side's result.
fn alike<T: PartialEq + std::fmt::Debug>(
    what: &str,
    here: Result<T, ProjectionError>,
    there: Result<T, ProjectionError>,
) -> Result<T, ProjectionError> {
    match (&here, &there) {
        (Ok(here), Ok(there)) => assert_eq!(there, here, "PostgreSQL beside SQLite: {what}"),
        (Err(_), Err(_)) => {}
        _ => panic!("{what}: SQLite {here:?}, PostgreSQL {there:?}"),
    }
    here
}

/// Returns true if a statement defines what analysts see: those definitions differ between the databases.
fn is_of_one_database(sql: &str) -> bool {
    ["create view", "drop view", "create schema"]
        .iter()
        .any(|start| sql.starts_with(start))
}

impl Tx for PairTx<'_> {
    fn exec(&mut self, sql: &str, values: &[Val]) -> Result<u64, ProjectionError> {
        let here = self.here.exec(sql, values);
        if is_of_one_database(sql) {
            return here;
        }
        let (statement, values) = (sql.to_owned(), values.to_vec());
        let there = self.there(move |tx| tx.exec(&statement, &values));
        // For a definition, SQLite returns no useful count of rows.
        alike(
            sql,
            here.as_ref().map(drop).map_err(Clone::clone),
            there.map(drop),
        )?;
        here
    }

    fn each(&mut self, sql: &str, values: &[Val], take: &mut RowCallback<'_>) -> Result<(), ProjectionError> {
        let rest = |rows: Vec<Row>| rows.into_iter().map(Row::rest).collect::<Vec<_>>();
        let here = self.here.query(sql, values).map(rest);
        let (statement, values) = (sql.to_owned(), values.to_vec());
        let there = self.there(move |tx| tx.query(&statement, &values).map(rest));
        let rows = alike(sql, here, there)?;
        rows.into_iter().try_for_each(|row| take(Row::new(row)))
    }

    fn columns(&mut self, table: &str) -> Result<Vec<String>, ProjectionError> {
        let here = self.here.columns(table);
        let name = table.to_owned();
        let there = self.there(move |tx| tx.columns(&name));
        alike(table, here, there)
    }

    fn row(&mut self, table: &'static Table, key: &[Val]) -> Result<Option<Vec<Val>>, ProjectionError> {
        let here = self.here.row(table, key);
        let key = key.to_vec();
        let there = self.there(move |tx| tx.row(table, &key));
        alike(table.name, here, there)
    }

    fn write_rows(
        &mut self,
        table: &'static Table,
        rows: &[Vec<Val>],
        removed: &[Vec<Val>],
    ) -> Result<(), ProjectionError> {
        let here = self.here.write_rows(table, rows, removed);
        let (rows, removed) = (rows.to_vec(), removed.to_vec());
        let there = self.there(move |tx| tx.write_rows(table, &rows, &removed));
        alike(table.name, here, there)
    }

    fn append_rows(&mut self, table: &'static Table, rows: &[Vec<Val>]) -> Result<(), ProjectionError> {
        let here = self.here.append_rows(table, rows);
        let rows = rows.to_vec();
        let there = self.there(move |tx| tx.append_rows(table, &rows));
        alike(table.name, here, there)
    }

    fn change_rows(
        &mut self,
        table: &'static Table,
        was: &[Vec<Val>],
        rows: &[Vec<Val>],
    ) -> Result<(), ProjectionError> {
        let here = self.here.change_rows(table, was, rows);
        let (was, rows) = (was.to_vec(), rows.to_vec());
        let there = self.there(move |tx| tx.change_rows(table, &was, &rows));
        alike(table.name, here, there)
    }

    fn rows(&mut self, table: &'static Table, keys: &[Vec<Val>]) -> Result<Vec<Vec<Val>>, ProjectionError> {
        let sorted = |mut rows: Vec<Vec<Val>>| {
            rows.sort();
            rows
        };
        let here = self.here.rows(table, keys).map(sorted);
        let keys = keys.to_vec();
        let there = self.there(move |tx| tx.rows(table, &keys)).map(sorted);
        alike(table.name, here, there)
    }

    fn reads_together(&self) -> bool {
        true
    }

    fn close_gate(&mut self) -> Result<(), ProjectionError> {
        self.there(|tx| tx.close_gate())
    }
}
