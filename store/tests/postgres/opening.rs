//! Tests of what is refused at the start, and of what the database stores besides events.

use crate::support::{Database, MachineClock, append, connect, patient, skipped, whole_log};
use domain::event_filter::EventFilter;
use domain::ports::clock::Clock;
use domain::ports::event_store::{EventStore, StoreError, WriterConcurrency};
use domain::stored_event::{Position, StreamVersion};
use std::sync::Arc;
use store::contract::{SuiteTasks, start};
use store::test_records::stream;
use store::{DriverLock, DriverLockClient, LockAnswer, OpenError, PostgresEventStore, PostgresOptions};

async fn attempt(url: &str, options: &PostgresOptions) -> Result<PostgresEventStore, OpenError> {
    PostgresEventStore::connect(url, Arc::new(MachineClock), &SuiteTasks::default(), options).await
}

async fn attempt_reading(url: &str) -> Result<PostgresEventStore, OpenError> {
    let clock = Arc::new(MachineClock);
    PostgresEventStore::connect_read_only(url, clock, &SuiteTasks::default(), &patient()).await
}

#[tokio::test]
async fn first_starts_at_once_make_one_schema() {
    if skipped() {
        return;
    }
    let database = Database::make().await;
    let starts: Vec<_> = (0..4)
        .map(|_| {
            let url = database.url.clone();
            start(async move { connect(&url, &patient()).await })
        })
        .collect();
    for (store, name) in starts.into_iter().zip(["a", "b", "c", "d"]) {
        let store = store.await.expect("a start ends");
        append(&store, name, 0).await.expect("it is stored");
    }
    assert_eq!(whole_log(&database.store().await).await.len(), 8);
}

#[tokio::test]
async fn a_newer_schema_is_refused_and_left_alone() {
    if skipped() {
        return;
    }
    let database = Database::make().await;
    assert!(matches!(
        attempt_reading(&database.url).await,
        Err(OpenError::Missing(_))
    ));
    database.store().await.close().await;
    let newer = "UPDATE ledgerline.schema_version SET version = version + 1";
    database
        .client()
        .await
        .batch_execute(newer)
        .await
        .expect("it can be changed");
    for refused in [
        attempt(&database.url, &patient()).await,
        attempt_reading(&database.url).await,
    ] {
        let error = refused.err().expect("it is refused");
        assert!(matches!(error, OpenError::NewerSchema { .. }), "{error}");
        assert!(error.to_string().contains("use a newer ledgerline"), "{error}");
    }
}

#[tokio::test]
async fn a_server_that_may_lose_what_it_acknowledges_is_refused() {
    if skipped() {
        return;
    }
    let database = Database::make().await;
    let sql = "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET synchronous_commit = off', current_database()); \
               END $$";
    database
        .client()
        .await
        .batch_execute(sql)
        .await
        .expect("it can be set");
    let error = attempt(&database.url, &patient())
        .await
        .err()
        .expect("it is refused")
        .to_string();
    assert!(error.contains("synchronous_commit=off"), "{error}");
    let options = PostgresOptions {
        allow_unsafe: true,
        ..patient()
    };
    let store = attempt(&database.url, &options).await.expect("it is allowed");
    assert!(!store.capabilities().durable);
    assert!(append(&store, "a", 0).await.is_ok());
}

#[tokio::test]
async fn a_durable_server_is_known_as_such_and_has_many_writers() {
    if skipped() {
        return;
    }
    let database = Database::make().await;
    let client = database.client().await;
    for setting in ["fsync", "synchronous_commit", "full_page_writes"] {
        let row = client
            .query_one(&format!("SHOW {setting}"), &[])
            .await
            .expect("known");
        assert_eq!(row.get::<_, &str>(0), "on", "{setting}");
    }
    let store = database.store().await;
    let found = store.capabilities();
    assert!(found.durable && found.dense && found.writers == WriterConcurrency::ManyProcesses);
}

#[tokio::test]
async fn a_log_opened_for_reading_follows_and_refuses_appends() {
    if skipped() {
        return;
    }
    let database = Database::make().await;
    let store = database.store().await;
    append(&store, "a", 0).await.expect("it is stored");
    let beside = attempt_reading(&database.url).await.expect("it is there");
    let mut follower = beside.subscribe(Position(2)).await.expect("there is room");
    let following = start(async move { follower.next().await });
    append(&store, "a", 2).await.expect("it is stored");
    let events = following.await.expect("it ends").expect("the log goes on");
    assert_eq!(events, store.read_all(Position(2), 10).await.expect("known"));
    assert!(matches!(
        append(&beside, "a", 4).await,
        Err(StoreError::Invalid(_))
    ));
}

#[tokio::test]
async fn a_closed_store_has_ended_its_tasks_and_says_so() {
    if skipped() {
        return;
    }
    let database = Database::make().await;
    let tasks = SuiteTasks::default();
    let store = PostgresEventStore::connect(&database.url, Arc::new(MachineClock), &tasks, &patient())
        .await
        .expect("it connects");
    let mut follower = store.subscribe(Position(0)).await.expect("there is room");
    append(&store, "a", 0).await.expect("it is stored");
    assert_eq!(follower.next().await.expect("stored").len(), 2);
    assert_eq!(store.failure(), None);
    store.close().await;
    let closed = Some(StoreError::Unavailable("it was closed".to_owned()));
    assert_eq!(store.failure(), closed);
    assert_eq!(append(&store, "a", 2).await.err(), closed);
    assert_eq!(follower.next().await.err(), closed);
    assert_eq!(store.read_all(Position(0), 1).await.err(), closed);
    domain::ports::tasks::Tasks::stop(&tasks).await;
}

#[tokio::test]
async fn a_damaged_or_missing_row_is_named_by_its_position() {
    if skipped() {
        return;
    }
    let record = "the record at position 2 is not what was written";
    let cases = [
        (
            "UPDATE ledgerline.event SET record = set_byte(record, 20, 1) WHERE pos = 2",
            record,
            record,
        ),
        (
            "UPDATE ledgerline.event SET recorded_at = 7 WHERE pos = 2",
            record,
            record,
        ),
        (
            "DELETE FROM ledgerline.event WHERE pos = 2",
            "the event at position 2 is missing",
            "version 2 of number-a is missing",
        ),
    ];
    for (sql, in_log, in_stream) in cases {
        let database = Database::make().await;
        let store = database.store().await;
        append(&store, "a", 0).await.expect("it is stored");
        append(&store, "a", 2).await.expect("it is stored");
        database
            .client()
            .await
            .batch_execute(sql)
            .await
            .expect("it can be changed");
        let damaged = |why: &str| Err(StoreError::Damaged(why.to_owned()));
        assert_eq!(store.read_all(Position(0), 10).await, damaged(in_log));
        let by_stream = store.read_stream(&stream("a"), StreamVersion(0), 10).await;
        assert_eq!(by_stream, damaged(in_stream));
        let mut follower = store.subscribe(Position(0)).await.expect("there is room");
        assert_eq!(follower.next().await, damaged(in_log));
        let behind = store.read_all(Position(2), 10).await.expect("it can be read");
        assert_eq!(behind.len(), 2);
    }
}

#[tokio::test]
async fn an_index_answers_a_filter_on_campaign_or_customer() {
    if skipped() {
        return;
    }
    let database = Database::make().await;
    let store = database.store().await;
    append(&store, "a", 0).await.expect("it is stored");
    let client = database.client().await;
    let many = "INSERT INTO ledgerline.event SELECT g, 0, g, 0, 0, 1, gen_random_uuid(), 'x', 'k', 'c' || g % 1000, \
                'p' || g % 1000, '' FROM generate_series(3, 20000) g; ANALYZE ledgerline.event";
    client.batch_execute(many).await.expect("rows can be made");
    for column in ["campaign", "customer"] {
        let sql = format!(
            "EXPLAIN SELECT record FROM ledgerline.event WHERE pos > 0 AND pos <= 20000 AND {column} = 'c7' \
             ORDER BY pos LIMIT 100"
        );
        let rows = client.query(&sql, &[]).await.expect("it can be explained");
        let plan: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
        assert!(
            plan.iter().any(|line| line.contains(&format!("event_{column}"))),
            "{plan:?}"
        );
    }
    let filter = EventFilter {
        streams: vec![stream("a").to_string()],
        ..EventFilter::default()
    };
    let page = store
        .read_matching(&filter, Position(0), 10)
        .await
        .expect("it can be read");
    assert_eq!(page.events.len(), 2);
}

#[tokio::test]
async fn the_driver_lock_is_held_once_and_free_when_dropped_or_cut() {
    if skipped() {
        return;
    }
    let database = Database::make().await;
    let tasks = SuiteTasks::default();
    let acquire =
        |name: &'static str| DriverLock::acquire(&database.url, name, Arc::new(MachineClock), &tasks);
    let held = acquire("drivers")
        .await
        .expect("it can be asked")
        .expect("it is free");
    assert!(acquire("drivers").await.expect("it can be asked").is_none());
    assert!(acquire("another").await.expect("it can be asked").is_some());
    assert!(!held.is_lost());
    held.release().await;
    let held = acquire("drivers")
        .await
        .expect("it can be asked")
        .expect("it is free again");
    let lost = held.lost();
    // Only of this database: other tests' databases on the same server have such locks too. A server reports
    // the end before it releases its locks, so the query waits for that.
    let cut = "SELECT pg_terminate_backend(pid, 5000) FROM pg_locks WHERE locktype = 'advisory' AND granted \
               AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
    database
        .client()
        .await
        .batch_execute(cut)
        .await
        .expect("it can be cut");
    lost.await;
    assert!(held.is_lost());
    assert!(acquire("drivers").await.expect("it can be asked").is_some());
}

#[tokio::test]
async fn what_an_installation_is_stays_so_for_life() {
    if skipped() {
        return;
    }
    let database = Database::make().await;
    let store = database.store().await;
    assert_eq!(store.hold_mode("rehearsal").await, Ok("rehearsal".to_owned()));
    assert_eq!(store.hold_mode("real").await, Ok("rehearsal".to_owned()));
    store.close().await;
    assert_eq!(
        database.store().await.hold_mode("real").await,
        Ok("rehearsal".to_owned())
    );
}

#[tokio::test]
async fn a_stand_by_asks_over_one_connection_and_gets_the_lock_when_it_is_free() {
    if skipped() {
        return;
    }
    let database = Database::make().await;
    let tasks = SuiteTasks::default();
    let asker = |name| DriverLockClient::new(&database.url, name, Arc::new(MachineClock)).expect("a URL");
    let (holder, stand_by) = (asker("drivers"), asker("drivers"));
    let LockAnswer::Held(held) = holder.ask(&tasks).await.expect("it can be asked") else {
        panic!("it is free");
    };
    assert!(holder.time().is_held(MachineClock.now()) && !stand_by.time().is_held(MachineClock.now()));
    let client = database.client().await;
    for _ in 0..5 {
        let answer = stand_by.ask(&tasks).await;
        assert!(matches!(answer, Ok(LockAnswer::OfAnother)));
    }
    let session = "SELECT setting FROM pg_settings WHERE name = 'idle_session_timeout'";
    let row = client.query_one(session, &[]).await.expect("it can be read");
    assert_eq!(
        row.get::<_, String>(0),
        "0",
        "only the holder's session ends by itself"
    );
    let count = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() \
                 AND pid <> pg_backend_pid()";
    let row = client.query_one(count, &[]).await.expect("it can be counted");
    assert_eq!(row.get::<_, i64>(0), 2, "the holder's and the standby's");
    // A connection that ended while it was idle: the request fails, and the next one connects again.
    let cut = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity \
               WHERE datname = current_database() AND pid <> pg_backend_pid()";
    client.batch_execute(cut).await.expect("it may cut");
    while !matches!(stand_by.ask(&tasks).await, Ok(LockAnswer::Held(_))) {}
    held.lost().await;
    assert!(!holder.time().is_held(MachineClock.now()));
}

#[tokio::test]
async fn a_half_filled_log_is_refused_to_all_but_those_who_fill_it_until_it_is_whole() {
    if skipped() {
        return;
    }
    let database = Database::make().await;
    let filling = PostgresOptions {
        half_filled: true,
        ..patient()
    };
    let store = connect(&database.url, &filling).await;
    assert_eq!(store.begin_filling("backup restore").await, Ok(true));
    assert_eq!(store.begin_filling("backup restore").await, Ok(false));
    append(&store, "a", 0).await.expect("it is stored");
    for refused in [
        attempt(&database.url, &patient()).await,
        attempt_reading(&database.url).await,
    ] {
        let error = refused.err().expect("it is refused").to_string();
        assert!(
            error.contains("`ledgerline backup restore` is filling it"),
            "{error}"
        );
        assert!(error.contains("DROP SCHEMA ledgerline CASCADE"), "{error}");
    }
    let again = connect(&database.url, &filling).await;
    assert_eq!(
        again.half_filled_by().await,
        Ok(Some("backup restore".to_owned()))
    );
    again.end_filling().await.expect("it ends");
    assert_eq!(store.half_filled_by().await, Ok(None));
    assert!(attempt_reading(&database.url).await.is_ok());
}
