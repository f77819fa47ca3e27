//! A log opened beside the program, by its URL: for writers that are killed, and for checks afterwards.

use crate::program::fail;
use async_trait::async_trait;
use domain::ports::clock::Clock;
use domain::ports::event_store::EventStore;
use domain::time::Timestamp;
use projections::{PostgresReadDb, ReadDb, SqliteReadDb};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use store::contract::SuiteTasks;
use store::{PostgresEventStore, PostgresOptions, SqliteEventStore, SqliteOptions};

/// The machine's clock.
pub struct MachineClock;

#[async_trait]
impl Clock for MachineClock {
    #[expect(clippy::disallowed_methods, reason = "the proofs write at the machine's time")]
    fn now(&self) -> Timestamp {
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        Timestamp::EPOCH.plus(since.unwrap_or(Duration::ZERO))
    }

    #[expect(clippy::disallowed_methods, reason = "the proofs wait by the machine's time")]
    async fn wait_until(&self, at: Timestamp) {
        tokio::time::sleep(at.duration_since(self.now())).await;
    }
}

/// Opens `sqlite:DIR` or `postgres://…` for writing; ends the program when it cannot.
pub async fn open(spec: &str) -> Arc<dyn EventStore> {
    let (clock, tasks) = (Arc::new(MachineClock), SuiteTasks::default());
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

/// Opens rows in `sqlite:DIR` or `postgres://…` for writing; ends the program when it cannot. Their threads
/// end with the tasks.
pub async fn open_rows(spec: &str) -> (Arc<dyn ReadDb>, SuiteTasks) {
    let (clock, tasks): (Arc<dyn Clock>, _) = (Arc::new(MachineClock), SuiteTasks::default());
    let opened: Result<Arc<dyn ReadDb>, _> = match spec.strip_prefix("sqlite:") {
        Some(dir) => SqliteReadDb::open(Path::new(dir), &tasks).map(|db| Arc::new(db) as Arc<dyn ReadDb>),
        None => PostgresReadDb::open(spec, &clock, &tasks)
            .await
            .map(|db| Arc::new(db) as Arc<dyn ReadDb>),
    };
    (opened.unwrap_or_else(|error| fail(&error.to_string())), tasks)
}

/// Leaves a database as a command does that was killed while it filled the log; without `by`, as one that is
/// done.
pub async fn mark_half_filled(url: &str, by: Option<&str>) {
    let (clock, tasks) = (Arc::new(MachineClock), SuiteTasks::default());
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
