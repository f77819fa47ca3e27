//! Tests the PostgreSQL store against a real server: the contract suite, and what is specific to it.
//!
//! `tests/with_postgres.sh` starts the server; without it every test here reports that it is skipped.

mod columns;
mod faults;
mod many_writers;
mod opening;
mod proof;
mod proxy;
mod secured;
mod server;
mod stretches;
mod support;
mod vault;

use domain::ports::event_store::EventStore;
use std::sync::{Arc, Mutex};
use store::contract::{SuiteTasks, run_store_contract};
use store::{PostgresEventStore, PostgresOptions};
use support::{Database, WallClock, skipped};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgres_keeps_the_contract() {
    if skipped() {
        return;
    }
    let databases = Mutex::new(Vec::new());
    run_store_contract(async |clock| {
        let database = Database::make().await;
        let options = PostgresOptions::default();
        let store = PostgresEventStore::connect(
            &database.url,
            WallClock::telling(clock),
            &SuiteTasks::default(),
            &options,
        )
        .await;
        databases.lock().unwrap().push(database);
        Arc::new(store.expect("it connects")) as Arc<dyn EventStore>
    })
    .await;
}
