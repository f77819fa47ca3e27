//! Shared parts of these tests: a database for each, clocks that wait, and stores.

use async_trait::async_trait;
use domain::ports::clock::Clock;
use domain::ports::event_store::{EventStore, PAGE_EVENTS_MAX, StoreError};
use domain::stored_event::{Position, StoredEvent, StreamVersion};
use domain::time::Timestamp;
use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};
use store::contract::{SuiteTasks, start};
use store::test_records::{make_batch, stream};
use store::{PostgresEventStore, PostgresOptions, PostgresTimeouts};
use tokio_postgres::{Client, NoTls};

/// The environment variable with the test server's URL, set by `tests/with_postgres.sh`.
const SERVER: &str = "LEDGERLINE_TEST_POSTGRES";

#[expect(clippy::disallowed_methods, reason = "the tests' environment")]
fn server() -> Option<String> {
    std::env::var(SERVER).ok()
}

/// Returns the server's URL for TLS and its authority's certificate. Reports a skipped test if there is none.
#[expect(clippy::disallowed_methods, reason = "the tests' environment")]
pub(crate) fn secured() -> Option<(String, PathBuf)> {
    let url = std::env::var("LEDGERLINE_TEST_POSTGRES_TLS").ok();
    let file = std::env::var("LEDGERLINE_TEST_POSTGRES_CA").ok();
    let found = url.zip(file.map(PathBuf::from));
    if found.is_none() {
        let line = "SKIPPED store on PostgreSQL over TLS: LEDGERLINE_TEST_POSTGRES_TLS is not set";
        drop(writeln!(std::io::stderr(), "{line}"));
    }
    found
}

/// Returns true if there is no server, and reports that the test is skipped.
pub(crate) fn skipped() -> bool {
    let absent = server().is_none();
    if absent {
        let line =
            format!("SKIPPED store on PostgreSQL: {SERVER} is not set (tests/with_postgres.sh sets it)");
        drop(writeln!(std::io::stderr(), "{line}"));
    }
    absent
}

/// Connects a client. Its connection lives as long as it does.
pub(crate) async fn client(url: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls)
        .await
        .expect("the server is there");
    drop(start(connection));
    client
}

/// The database of one test. It is removed with the server.
pub(crate) struct Database {
    pub(crate) url: String,
}

impl Database {
    pub(crate) async fn make() -> Self {
        static MADE: AtomicU64 = AtomicU64::new(0);
        let server = server().expect("asked for only when there is a server");
        let name = format!("t{}_{}", std::process::id(), MADE.fetch_add(1, Ordering::SeqCst));
        let sql = format!("CREATE DATABASE {name}");
        client(&server)
            .await
            .batch_execute(&sql)
            .await
            .expect("a database can be made");
        let (before, _) = server.rsplit_once('/').expect("the URL names a database");
        Self {
            url: format!("{before}/{name}"),
        }
    }

    /// Opens another connection to it, for statements that a store would not run.
    pub(crate) async fn client(&self) -> Client {
        client(&self.url).await
    }

    pub(crate) async fn store(&self) -> PostgresEventStore {
        connect(&self.url, &patient()).await
    }
}

/// Returns options with limits that a busy machine does not reach; a test of a limit sets its own.
pub(crate) fn patient() -> PostgresOptions {
    PostgresOptions {
        timeouts: PostgresTimeouts {
            connect_ms: 20_000,
            statement_ms: 20_000,
            lock_ms: 20_000,
        },
        ..PostgresOptions::default()
    }
}

pub(crate) async fn connect(url: &str, options: &PostgresOptions) -> PostgresEventStore {
    PostgresEventStore::connect(url, Arc::new(MachineClock), &SuiteTasks::default(), options)
        .await
        .expect("it connects")
}

/// Appends two events to stream `name`, which is at version `expected`.
pub(crate) async fn append(
    store: &dyn EventStore,
    name: &str,
    expected: u64,
) -> Result<Position, StoreError> {
    let batch = make_batch(&stream(name), expected, &format!("{name}/{expected}"), 2);
    store.append(&stream(name), StreamVersion(expected), batch).await
}

/// Appends one event to stream `name`, which is at version `expected`.
pub(crate) async fn append_one(
    store: &dyn EventStore,
    name: &str,
    expected: u64,
) -> Result<Position, StoreError> {
    let batch = make_batch(&stream(name), expected, &format!("{name}/{expected}"), 1);
    store.append(&stream(name), StreamVersion(expected), batch).await
}

/// Returns the whole log. Fails unless its positions are dense and in order.
pub(crate) async fn whole_log(store: &dyn EventStore) -> Vec<StoredEvent> {
    let mut events: Vec<StoredEvent> = Vec::new();
    loop {
        let after = events.last().map_or(Position(0), |event| event.position);
        let page = store
            .read_all(after, PAGE_EVENTS_MAX)
            .await
            .expect("the log can be read");
        if page.is_empty() {
            break;
        }
        events.extend(page);
    }
    let positions = events.iter().map(|event| event.position.0);
    assert!(positions.eq(1..=events.len() as u64), "dense");
    events
}

/// Waits until a query returns true; the server does the waiting between attempts.
pub(crate) async fn until(client: &Client, question: &str) {
    for _ in 0..1_000 {
        let row = client
            .query_one(question, &[])
            .await
            .expect("the question makes sense");
        if row.get::<_, bool>(0) {
            return;
        }
        client
            .batch_execute("SELECT pg_sleep(0.01)")
            .await
            .expect("it sleeps");
    }
    unreachable!("never: {question}");
}

/// The machine's clock.
pub(crate) struct MachineClock;

#[async_trait]
impl Clock for MachineClock {
    #[expect(clippy::disallowed_methods, reason = "a clock of the tests")]
    fn now(&self) -> Timestamp {
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        Timestamp::EPOCH.plus(since.unwrap_or(Duration::ZERO))
    }

    #[expect(clippy::disallowed_methods, reason = "a clock of the tests")]
    async fn wait_until(&self, at: Timestamp) {
        let nothing_comes = std::future::pending::<()>();
        drop(tokio::time::timeout(at.duration_since(self.now()), nothing_comes).await);
    }
}

/// A clock that shows another clock's time but waits by the machine's. With a suite's clock that never
/// advances by itself, every timeout and poll would otherwise end at once.
pub(crate) struct WallClock(Arc<dyn Clock>);

impl WallClock {
    pub(crate) fn telling(clock: Arc<dyn Clock>) -> Arc<dyn Clock> {
        Arc::new(Self(clock))
    }
}

#[async_trait]
impl Clock for WallClock {
    fn now(&self) -> Timestamp {
        self.0.now()
    }

    async fn wait_until(&self, at: Timestamp) {
        let left = at.duration_since(self.0.now());
        MachineClock.wait_until(MachineClock.now().plus(left)).await;
    }
}
