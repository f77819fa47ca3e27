//! A synchronous standby is unreachable: a commit that PostgreSQL made without it is not acknowledged.

use domain::ids::CommandId;
use domain::ports::event_store::{EventStore, StoreError};
use domain::stored_event::{Position, StreamVersion};
use host::clock::SystemClock;
use std::sync::Arc;
use store::contract::SuiteTasks;
use store::test_records::{make_record, stream};
use store::{PostgresEventStore, PostgresOptions};
use tests::postgres::PostgresServer;

const WAITS: &str = "FROM pg_stat_activity WHERE wait_event = 'SyncRep'";

/// How long an append tries to confirm what it found: a few attempts, after 50, 100 and 200 ms.
const AWAY_MS: u64 = 500;

async fn connect(url: &str, tasks: &SuiteTasks) -> Arc<PostgresEventStore> {
    let options = PostgresOptions {
        away_ms: AWAY_MS,
        ..PostgresOptions::default()
    };
    let clock = Arc::new(SystemClock::default());
    let store = PostgresEventStore::connect(url, clock, tasks, &options).await;
    Arc::new(store.expect("it can be opened"))
}

async fn append(store: &PostgresEventStore, expected: u64) -> Result<Position, StoreError> {
    let command = CommandId::derive_from_text(&format!("command {expected}"));
    let record = make_record(&stream("a"), expected + 1, command, 0, "text");
    let stream = stream("a");
    store.append(&stream, StreamVersion(expected), vec![record]).await
}

#[test]
fn an_append_with_a_cancelled_wait_for_the_standby_is_not_acknowledged() {
    let Some(server) = PostgresServer::start() else {
        tests::say_skipped(
            "a standby that is away",
            "the programs of PostgreSQL are not installed",
        );
        return;
    };
    let runtime = Arc::new(tokio::runtime::Runtime::new().unwrap());
    let tasks = SuiteTasks::default();
    runtime.block_on(async {
        let store = connect(&server.url(), &tasks).await;
        assert_eq!(append(&store, 0).await, Ok(Position(1)));
        store.close().await;
    });
    server.run_sql("ALTER SYSTEM SET synchronous_standby_names = 'absent'");
    // A reload would affect commits at some later time; recovery applies the setting before any commit.
    server.kill();
    server.restart();
    let store = runtime.block_on(connect(&server.url(), &tasks));
    let (asked, on) = (Arc::clone(&store), Arc::clone(&runtime));
    let unclear = std::thread::scope(|threads| {
        let appending = threads.spawn(move || on.block_on(append(&asked, 1)));
        while server.count(&format!("SELECT count(*) {WAITS}")) == 0 && !appending.is_finished() {
            std::thread::yield_now();
        }
        server.run_sql(&format!("SELECT pg_cancel_backend(pid) {WAITS}"));
        appending.join().unwrap()
    });
    assert!(matches!(unclear, Err(StoreError::Unavailable(_))), "{unclear:?}");
    assert_eq!(
        server.count("SELECT count(*) FROM ledgerline.event"),
        2,
        "it is committed"
    );
    assert!(store.refuses().is_some(), "readiness reports it");
    // Another process finds the event, and does not acknowledge it either.
    let other = runtime.block_on(connect(&server.url(), &tasks));
    let again = runtime.block_on(append(&other, 1));
    assert!(
        matches!(again, Err(StoreError::Unavailable(_))),
        "no standby has it: {again:?}"
    );
    runtime.block_on(other.close());
    // The server keeps running: it ends every wait for a standby when the setting is removed.
    server.run_sql("ALTER SYSTEM RESET synchronous_standby_names");
    server.run_sql("SELECT pg_reload_conf()");
    let confirmed = loop {
        match runtime.block_on(append(&store, 1)) {
            Err(StoreError::Unavailable(_)) => std::thread::yield_now(),
            answer => break answer,
        }
    };
    assert_eq!(confirmed, Ok(Position(2)), "the same event, once");
    runtime.block_on(store.close());
}

#[test]
fn a_process_without_a_doubt_does_not_acknowledge_what_another_left_unconfirmed() {
    let Some(server) = PostgresServer::start() else {
        tests::say_skipped(
            "an event of another process without its standby",
            "the programs of PostgreSQL are not installed",
        );
        return;
    };
    let runtime = Arc::new(tokio::runtime::Runtime::new().unwrap());
    let tasks = SuiteTasks::default();
    let (store, other) = runtime.block_on(async {
        let store = connect(&server.url(), &tasks).await;
        let other = connect(&server.url(), &tasks).await;
        assert_eq!(append(&store, 0).await, Ok(Position(1)));
        assert_eq!(append(&other, 1).await, Ok(Position(2)));
        (store, other)
    });
    server.run_sql("ALTER SYSTEM SET synchronous_standby_names = 'absent'");
    server.run_sql("SELECT pg_reload_conf()");
    // The setting affects commits some time after the reload: those before it are acknowledged.
    let mut expected = 2;
    loop {
        let (asked, on) = (Arc::clone(&store), Arc::clone(&runtime));
        let answer = std::thread::scope(|threads| {
            let appending = threads.spawn(move || on.block_on(append(&asked, expected)));
            while server.count(&format!("SELECT count(*) {WAITS}")) == 0 && !appending.is_finished() {
                std::thread::yield_now();
            }
            server.run_sql(&format!("SELECT pg_cancel_backend(pid) {WAITS}"));
            appending.join().unwrap()
        });
        match answer {
            Ok(_) => expected += 1,
            Err(_unclear) => break,
        }
    }
    let again = runtime.block_on(append(&other, expected));
    assert!(
        matches!(again, Err(StoreError::Unavailable(_))),
        "no standby has it: {again:?}"
    );
    server.run_sql("ALTER SYSTEM RESET synchronous_standby_names");
    server.run_sql("SELECT pg_reload_conf()");
    let confirmed = loop {
        match runtime.block_on(append(&other, expected)) {
            Err(StoreError::Unavailable(_)) => std::thread::yield_now(),
            answer => break answer,
        }
    };
    assert_eq!(confirmed, Ok(Position(expected + 1)), "the same event, once");
    runtime.block_on(async {
        other.close().await;
        store.close().await;
    });
}
