//! What is particular to SQLite: queues, failures, damage, a second reader, the schema.

use super::*;
use crate::contract::{SuiteTasks, run_whole};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sqlite_keeps_the_contract() {
    let dirs = std::sync::Mutex::new(Vec::new());
    run_whole(async |clock| {
        let dir = tempfile::tempdir().unwrap();
        let store = SqliteEventStore::open(
            dir.path(),
            clock,
            &SuiteTasks::default(),
            &SqliteOptions::default(),
        );
        dirs.lock().unwrap().push(dir);
        Arc::new(store.unwrap()) as Arc<dyn EventStore>
    })
    .await;
}
