//! Tests of published checkpoints in a database: the next signer sees them, and none replaces a checkpoint
//! that it has not read.

use crate::support::{Database, append, skipped};
use domain::ports::event_store::EventStore;
use domain::time::Timestamp;
use std::path::Path;
use std::sync::Arc;
use store::contract::SuiteTasks;
use store::proof::{
    CheckpointStore, FileCheckpointStore, PostgresCheckpointStore, ProofError, ProofFollower, PublishResult,
    Publisher, SigningKey,
};
use store::test_ports::HashIds;

const NOW: Timestamp = Timestamp::from_millis(1_772_416_800_000);

/// A process with its own directory and the shared key.
struct Process {
    dir: tempfile::TempDir,
    publisher: Publisher,
    shelf: Arc<PostgresCheckpointStore>,
}

impl Process {
    fn on(database: &Database, keys: &Path) -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        let key = SigningKey::of_log(&keys.join("key"), &HashIds::new(1)).expect("a key");
        let copy = FileCheckpointStore::new(dir.path());
        let tasks = Arc::new(SuiteTasks::default());
        let shelf = Arc::new(PostgresCheckpointStore::new(
            &database.url,
            key.name(),
            copy,
            tasks,
        ));
        let publisher = Publisher::new(key, Arc::<PostgresCheckpointStore>::clone(&shelf));
        Self {
            dir,
            publisher,
            shelf,
        }
    }

    async fn publish(&self, store: &dyn EventStore) -> Result<PublishResult, ProofError> {
        let mut follower = ProofFollower::open(self.dir.path(), true)?;
        follower.catch_up(store).await?;
        self.publisher.publish(&mut follower, NOW).await
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_next_signer_continues_what_the_last_published_and_no_signer_overtakes_unseen() {
    if skipped() {
        return;
    }
    let database = Database::make().await;
    let store = database.store().await;
    let keys = tempfile::tempdir().unwrap();
    let (first, second) = (
        Process::on(&database, keys.path()),
        Process::on(&database, keys.path()),
    );
    append(&store, "a", 0).await.unwrap();
    let one = first.publish(&store).await.unwrap().checkpoint;
    append(&store, "a", 2).await.unwrap();
    let two = second.publish(&store).await.unwrap();
    assert_eq!(two.previous.as_ref(), Some(&one));
    assert_eq!(two.checkpoint.claimed().size, 4);
    // Without new events: the first returns what the second published.
    assert_eq!(first.publish(&store).await.unwrap().checkpoint, two.checkpoint);
    // A publisher that takes the first checkpoint for the last one is refused.
    let late = first.shelf.publish(Some(&one), &two.checkpoint, NOW).await;
    assert_eq!(late, Err(ProofError::Overtaken));
    let late = first.shelf.publish(None, &two.checkpoint, NOW).await;
    assert_eq!(late, Err(ProofError::Overtaken));
    let copy = FileCheckpointStore::new(second.dir.path()).read().unwrap();
    assert_eq!(copy, Some(two.checkpoint));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_was_rolled_back_is_not_signed() {
    if skipped() {
        return;
    }
    let (full, older) = (Database::make().await, Database::make().await);
    let keys = tempfile::tempdir().unwrap();
    let store = full.store().await;
    append(&store, "a", 0).await.unwrap();
    append(&store, "a", 2).await.unwrap();
    let signer = Process::on(&full, keys.path());
    signer.publish(&store).await.unwrap();
    let rolled_back = older.store().await;
    append(&rolled_back, "a", 0).await.unwrap();
    let refused = Process::on(&full, keys.path())
        .publish(&rolled_back)
        .await
        .unwrap_err();
    let expected = ProofError::RolledBack {
        size: 2,
        published: 4,
    };
    assert_eq!(refused, expected);
}
