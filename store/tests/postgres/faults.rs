//! Tests of cut connections, lost responses and timeouts: no acknowledged event is lost, none is
//! stored twice.

use crate::many_writers::WAITING;
use crate::proxy::Proxy;
use crate::support::{Database, append, append_one, connect, patient, skipped, until, whole_log};
use domain::ids::EventId;
use domain::ports::event_store::{EventStore, StoreError};
use domain::stored_event::{Position, StreamVersion};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use store::contract::start;
use store::test_records::{make_batch, stream};

/// Cuts every connection to the database except the one that runs this.
const CUT: &str = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid() AND application_name = 'ledgerline'";

/// The number of writers of a load, and of cuts during it.
const WRITERS: u64 = 6;
const CUTS: u64 = 12;

/// Appends until `enough` is set; every second writer appends one event at a time, the others two. Returns
/// each acknowledged event. `Unavailable` leaves the result open, so the same batch is sent again.
pub(crate) async fn load(
    store: Arc<dyn EventStore>,
    writer: u64,
    enough: Arc<AtomicBool>,
) -> Vec<(EventId, Position)> {
    let mut acknowledged = Vec::new();
    let stream = stream(&format!("w{writer}"));
    let mut version = 0;
    while !enough.load(Ordering::SeqCst) {
        let count = 1 + writer % 2;
        let records = make_batch(&stream, version, &format!("{writer}/{version}"), count);
        loop {
            match store
                .append(&stream, StreamVersion(version), records.clone())
                .await
            {
                Ok(Position(last)) => {
                    let positions = (last + 1 - count..).map(Position);
                    acknowledged.extend(records.iter().map(|record| record.id).zip(positions));
                    break;
                }
                Err(StoreError::Unavailable(_) | StoreError::Busy) => {}
                Err(other) => unreachable!("no other task writes this stream: {other}"),
            }
        }
        version += count;
    }
    acknowledged
}

/// Checks that each acknowledged event is at its position, exactly once, and that the log has no
/// other events.
pub(crate) async fn check(store: &dyn EventStore, acknowledged: &[(EventId, Position)]) {
    let whole = whole_log(store).await;
    let ids: Vec<EventId> = whole
        .iter()
        .map(|event| event.envelope().expect("it was written").id)
        .collect();
    for (id, position) in acknowledged {
        let index = usize::try_from(position.0 - 1).expect("small");
        assert_eq!(ids.get(index), Some(id), "acknowledged at {position}");
    }
    let mut once = ids.clone();
    once.sort_unstable();
    once.dedup();
    assert_eq!(once.len(), ids.len(), "none twice");
    assert_eq!(
        whole.len(),
        acknowledged.len(),
        "every event was acknowledged in the end"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cut_connections_under_load_lose_and_repeat_nothing() {
    if skipped() {
        return;
    }
    let database = Database::make().await;
    let store: Arc<dyn EventStore> = Arc::new(database.store().await);
    let mut follower = store.subscribe(Position(0)).await.expect("there is room");
    let enough = Arc::new(AtomicBool::new(false));
    let writers: Vec<_> = (0..WRITERS)
        .map(|writer| start(load(Arc::clone(&store), writer, Arc::clone(&enough))))
        .collect();
    let cutter = database.client().await;
    for _ in 0..CUTS {
        cutter
            .batch_execute("SELECT pg_sleep(0.08)")
            .await
            .expect("it sleeps");
        cutter.batch_execute(CUT).await.expect("it may cut");
    }
    enough.store(true, Ordering::SeqCst);
    let mut acknowledged = Vec::new();
    for writer in writers {
        acknowledged.extend(writer.await.expect("a writer ends"));
    }
    assert!(acknowledged.len() > 75, "{} events", acknowledged.len());
    check(&*store, &acknowledged).await;
    let whole = whole_log(&*store).await;
    let mut followed = Vec::new();
    while followed.len() < whole.len() {
        followed.extend(follower.next().await.expect("it outlasts the cuts"));
    }
    assert!(followed == whole, "the follower skipped or repeated");
}

#[tokio::test]
async fn a_lost_reply_after_the_commit_is_answered_as_stored() {
    if skipped() {
        return;
    }
    let database = Database::make().await;
    // The schema is created without losses.
    database.store().await.close().await;
    let proxy = Proxy::before(&database.url);
    let store = connect(&proxy.url, &patient()).await;
    assert_eq!(append(&store, "a", 0).await, Ok(Position(2)));
    for (lost, expected) in [(1, 2), (2, 4)] {
        proxy.lose(lost);
        assert_eq!(append(&store, "a", expected).await, Ok(Position(expected + 2)));
    }
    // A lookup's response is the second one lost, before another append is sent.
    assert!(proxy.left() <= 1, "the replies were lost");
    // An append of one event uses another statement.
    let mut last = append_one(&store, "b", 0).await.expect("it is stored");
    for expected in [1, 2] {
        proxy.lose(1);
        last.0 += 1;
        assert_eq!(append_one(&store, "b", expected).await, Ok(last));
        assert_eq!(proxy.left(), 0, "the reply was lost");
    }
    let direct = database.store().await;
    assert_eq!(whole_log(&direct).await.len(), 9, "stored once each");
}

#[tokio::test]
async fn a_lock_held_too_long_is_unavailable_and_passes() {
    if skipped() {
        return;
    }
    let database = Database::make().await;
    let mut impatient = patient();
    impatient.timeouts.lock_ms = 300;
    let store = connect(&database.url, &impatient).await;
    append(&store, "a", 0).await.expect("it is stored");
    let holder = database.client().await;
    let hold = "BEGIN; SELECT pos FROM ledgerline.head FOR UPDATE";
    holder.batch_execute(hold).await.expect("it is free");
    let refused = append(&store, "a", 2).await;
    assert!(
        matches!(&refused, Err(StoreError::Unavailable(why)) if why.contains("lock")),
        "{refused:?}"
    );
    assert_eq!(
        store.head().await,
        Ok(Position(2)),
        "reads do not wait for the lock"
    );
    holder.batch_execute("COMMIT").await.expect("it lets go");
    assert_eq!(append(&store, "a", 2).await, Ok(Position(4)));
    // A lock that is released in time is only waited for.
    holder.batch_execute(hold).await.expect("it is free");
    let store = Arc::new(database.store().await);
    let waiting = {
        let store = Arc::clone(&store);
        start(async move { append(&*store, "a", 4).await })
    };
    until(&database.client().await, WAITING).await;
    holder.batch_execute("COMMIT").await.expect("it lets go");
    assert_eq!(waiting.await.expect("it ends"), Ok(Position(6)));
}

#[tokio::test]
async fn a_cut_listener_is_followed_by_a_new_one() {
    if skipped() {
        return;
    }
    let database = Database::make().await;
    let (store, other) = (database.store().await, database.store().await);
    let mut follower = store.subscribe(Position(0)).await.expect("there is room");
    append(&other, "a", 0).await.expect("it is stored");
    assert_eq!(follower.next().await.expect("woken from outside").len(), 2);
    let client = database.client().await;
    client.batch_execute(CUT).await.expect("it may cut");
    append(&other, "a", 2).await.expect("it is stored");
    assert_eq!(follower.next().await.expect("it listens again").len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_takes_no_write_is_a_failure_until_it_takes_one_again() {
    if skipped() {
        return;
    }
    let database = Database::make().await;
    let store = database.store().await;
    append(&store, "a", 0).await.unwrap();
    assert_eq!(store.refuses(), None);
    let client = database.client().await;
    let set = |mode: &str| {
        format!(
            "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET default_transaction_read_only = {mode}', \
             current_database()); END $$"
        )
    };
    client.batch_execute(&set("on")).await.unwrap();
    client.batch_execute(CUT).await.unwrap();
    // No append is running: the listener finds out by itself.
    let says_so = || {
        store
            .refuses()
            .is_some_and(|why| why.to_string().contains("read-only"))
    };
    assert!(within(&client, says_so).await, "{:?}", store.refuses());
    append(&store, "a", 2).await.unwrap_err();
    assert!(store.refuses().is_some());
    client.batch_execute(&set("off")).await.unwrap();
    client.batch_execute(CUT).await.unwrap();
    while append(&store, "a", 2).await.is_err() {}
    assert_eq!(store.refuses(), None);
    store.close().await;
}

/// Returns true if the condition becomes true within about a minute.
async fn within(client: &tokio_postgres::Client, is_true: impl Fn() -> bool) -> bool {
    // The last write's outcome counts for 10 s.
    for _ in 0..6_000 {
        if is_true() {
            return true;
        }
        client
            .batch_execute("SELECT pg_sleep(0.01)")
            .await
            .expect("it sleeps");
    }
    false
}
