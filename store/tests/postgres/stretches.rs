//! Tests of ranges of a log that are read in parallel: requested at once, while others append, and by the
//! campaign's index even before the server has statistics of the table.

use crate::support::{Database, append, skipped, until};
use domain::decider::Scope;
use domain::event_filter::EventFilter;
use domain::ids::CommandId;
use domain::ports::event_store::{EventStore, MatchingPage, PAGE_EVENTS_MAX, StoreError};
use domain::stored_event::{Position, StoredEvent, StreamVersion};
use futures_util::FutureExt;
use store::PostgresEventStore;
use store::test_records::{make_record_of, stream};

fn filter() -> EventFilter {
    EventFilter {
        campaign: Some("LOAN".parse().expect("an id")),
        ..EventFilter::default()
    }
}

/// Appends two events of the campaign to stream `name`, and two events without a campaign to another stream.
async fn append_both(store: &dyn EventStore, name: &str) {
    let scope = || Scope {
        campaign: filter().campaign,
        ..Scope::default()
    };
    let stream = stream(name);
    let record = |version| {
        let command = CommandId::derive_from_text(&format!("{name}/{version}"));
        make_record_of(&stream, version, command, scope())
    };
    let answer = store.append(&stream, StreamVersion(0), vec![record(1), record(2)]);
    answer.await.expect("nothing is in its way");
    let beside = append(store, &format!("{name}-beside"), 0).await;
    beside.expect("nothing is in its way");
}

/// Makes a log with two such pairs of streams, eight events in all.
async fn two_streams() -> (Database, PostgresEventStore) {
    let database = Database::make().await;
    let store = database.store().await;
    append_both(&store, "a").await;
    append_both(&store, "b").await;
    (database, store)
}

async fn by_pages(store: &dyn EventStore, mut after: Position, until: Position) -> Vec<StoredEvent> {
    let mut events = Vec::new();
    while after < until {
        let page = store.read_matching_until(&filter(), after, until, 3).await;
        let MatchingPage {
            events: found,
            reached,
        } = page.expect("it can be read");
        if reached == after {
            break;
        }
        after = reached;
        events.extend(found);
    }
    events
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_pages_are_looked_for_at_once_without_a_consumer() {
    if skipped() {
        return;
    }
    let (database, store) = two_streams().await;
    assert!(store.stretches_at_once() >= 2);
    let (holder, watcher) = (database.client().await, database.client().await);
    let lock = "BEGIN; LOCK TABLE ledgerline.event IN ACCESS EXCLUSIVE MODE";
    holder.batch_execute(lock).await.expect("it is free");
    let filter = filter();
    let mut first = store.read_matching_until(&filter, Position(0), Position(4), PAGE_EVENTS_MAX);
    let mut second = store.read_matching_until(&filter, Position(4), Position(8), PAGE_EVENTS_MAX);
    // Each future is polled once, as by a thread that then processes the page it has.
    assert!((&mut first).now_or_never().is_none() && (&mut second).now_or_never().is_none());
    let waiting = "SELECT count(*) = 2 FROM pg_stat_activity WHERE wait_event_type = 'Lock' \
                   AND datname = current_database()";
    until(&watcher, waiting).await;
    holder.batch_execute("ROLLBACK").await.expect("it was held");
    let (first, second) = (first.await.expect("a page"), second.await.expect("a page"));
    assert_eq!((first.events.len(), first.reached), (2, Position(4)));
    assert_eq!((second.events.len(), second.reached), (2, Position(8)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stretches_read_while_others_append_are_joined_without_a_gap() {
    if skipped() {
        return;
    }
    let database = Database::make().await;
    let (store, writing) = (database.store().await, database.store().await);
    const STREAMS: u64 = 60;
    let appending = async {
        for number in 0..STREAMS {
            append_both(&writing, &format!("s{number}")).await;
        }
    };
    let reading = async {
        for _ in 0..STREAMS {
            let end = store.head().await.expect("known");
            let cut = Position(end.0 / 2);
            let (before, after) =
                tokio::join!(by_pages(&store, Position(0), cut), by_pages(&store, cut, end));
            let joined: Vec<u64> = before
                .iter()
                .chain(&after)
                .map(|event| event.position.0)
                .collect();
            let wanted = (1..=end.0).filter(|position| (position - 1) % 4 < 2);
            assert!(joined.iter().copied().eq(wanted), "up to {end}: {joined:?}");
        }
    };
    tokio::join!(appending, reading);
    let whole = by_pages(&store, Position(0), Position(u64::MAX)).await;
    assert_eq!(whole.len() as u64, STREAMS * 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_record_that_is_not_what_was_written_is_named_and_the_stretches_beside_it_are_read() {
    if skipped() {
        return;
    }
    let (database, store) = two_streams().await;
    let damage = "UPDATE ledgerline.event SET record = set_byte(record, 0, 1) WHERE pos = 5";
    database
        .client()
        .await
        .batch_execute(damage)
        .await
        .expect("a row");
    assert_eq!(by_pages(&store, Position(0), Position(4)).await.len(), 2);
    let filter = filter();
    let page = store.read_matching_until(&filter, Position(4), Position(8), PAGE_EVENTS_MAX);
    let damaged = page.await.expect_err("it is damaged");
    assert!(
        matches!(&damaged, StoreError::Damaged(why) if why.contains("position 5")),
        "{damaged}"
    );
    store.close().await;
    let closed = store.read_matching(&filter, Position(0), PAGE_EVENTS_MAX).await;
    assert!(matches!(closed, Err(StoreError::Unavailable(_))), "{closed:?}");
}
