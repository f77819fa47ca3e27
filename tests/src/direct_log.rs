//! Opens a log directly, by its URL: for writers that are killed, and for checks afterwards.

use crate::program::fail;
use domain::ports::clock::Clock;
use domain::ports::event_store::{EventStore, PAGE_EVENTS_MAX};
use domain::stored_event::{Position, StoredEvent};
use host::clock::SystemClock;
use projections::{PostgresReadDb, ReadDb, SqliteReadDb};
use std::path::Path;
use std::sync::Arc;
use store::contract::SuiteTasks;
use store::{PostgresEventStore, PostgresOptions, SqliteEventStore, SqliteOptions};

/// Opens `sqlite:DIR` or `postgres://…` for writing. Fails the test if that is not possible.
pub async fn open(spec: &str) -> Arc<dyn EventStore> {
    let (clock, tasks) = (Arc::new(SystemClock::default()), SuiteTasks::default());
    if let Some(dir) = spec.strip_prefix("sqlite:") {
        std::fs::create_dir_all(dir).expect("the folder can be made");
        return match SqliteEventStore::open(Path::new(dir), clock, &tasks, &SqliteOptions::default()) {
            Ok(store) => Arc::new(store),
            Err(error) => fail(&error.to_string()),
        };
    }
    match PostgresEventStore::connect(spec, clock, &tasks, &PostgresOptions::default()).await {
        Ok(store) => Arc::new(store),
        Err(error) => fail(&error.to_string()),
    }
}

/// Returns every event of the log in a directory that no process has locked, in order.
pub fn read_whole_log(data: &Path) -> Vec<StoredEvent> {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime can be made");
    runtime.block_on(async {
        let store = open(&format!("sqlite:{}", data.display())).await;
        let (mut log, mut after) = (Vec::new(), Position(0));
        loop {
            let page = store.read_all(after, PAGE_EVENTS_MAX).await;
            let page = page.expect("the log can be read");
            let Some(last) = page.last() else {
                return log;
            };
            after = last.position;
            log.extend(page);
        }
    })
}

/// Opens a read database `sqlite:DIR` or `postgres://…` for writing. Fails the test if that is not possible.
/// Its threads end with the returned tasks.
pub async fn open_rows(spec: &str) -> (Arc<dyn ReadDb>, SuiteTasks) {
    let (clock, tasks): (Arc<dyn Clock>, _) = (Arc::new(SystemClock::default()), SuiteTasks::default());
    let opened: Result<Arc<dyn ReadDb>, _> = match spec.strip_prefix("sqlite:") {
        Some(dir) => SqliteReadDb::open(Path::new(dir), &tasks).map(|db| Arc::new(db) as Arc<dyn ReadDb>),
        None => PostgresReadDb::open(spec, &clock, &tasks)
            .await
            .map(|db| Arc::new(db) as Arc<dyn ReadDb>),
    };
    (opened.unwrap_or_else(|error| fail(&error.to_string())), tasks)
}

/// Marks a database as half filled by the command `by`, as a killed command leaves it. Without `by`, removes
/// the mark.
pub async fn mark_half_filled(url: &str, by: Option<&str>) {
    let (clock, tasks) = (Arc::new(SystemClock::default()), SuiteTasks::default());
    let options = PostgresOptions {
        half_filled: true,
        ..PostgresOptions::default()
    };
    let store = PostgresEventStore::connect(url, clock, &tasks, &options).await;
    let store = store.expect("it is there");
    let marked = match by {
        Some(by) => store.begin_filling(by).await.map(|_| ()),
        None => store.end_filling().await,
    };
    marked.expect("the database answers");
    store.close().await;
}
