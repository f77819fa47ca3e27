//! Tests the KurrentDB store against a real server, if there is one, with its address in `KURRENTDB_URL`
//! (`kurrent://host:2113?tls=false`): `cargo test -p store --features kurrent --test kurrent live`.
//!
//! Each check uses its own namespace, so the server may hold other data. The events written stay there.

use domain::ports::event_store::EventStore;
use domain::ports::tasks::Tasks;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use store::contract::{SuiteTasks, run_store_contract};
use store::{KurrentEventStore, KurrentOptions};

#[expect(clippy::disallowed_methods, reason = "the one switch of an opt-in suite")]
fn server() -> Option<String> {
    std::env::var("KURRENTDB_URL").ok()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_kurrent_store_keeps_the_contract_on_a_real_server() {
    let Some(url) = server() else {
        println!("SKIPPED kurrent live: KURRENTDB_URL is not set; no vendor server was asked");
        return;
    };
    let tasks = SuiteTasks::default();
    // Ids are the same in every run of the suite, and a server keeps them, so each run uses other names.
    let run = std::process::id();
    let made = AtomicU64::new(0);
    run_store_contract(async |clock| {
        let options = KurrentOptions {
            namespace: format!("ledgerline{run}n{}-", made.fetch_add(1, Ordering::SeqCst)),
            ..KurrentOptions::default()
        };
        let store = KurrentEventStore::connect(&url, clock, &tasks, &options).await;
        Arc::new(store.expect("the server answers")) as Arc<dyn EventStore>
    })
    .await;
    tasks.stop().await;
}
