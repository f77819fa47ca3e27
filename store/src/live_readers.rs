//! The part of the store contract suite about subscriptions: the events they return, when they wake, and how
//! many there may be.

use crate::contract::{all, append, start};
use crate::subscription::{PAGE_EVENTS, SUBSCRIPTIONS_MAX};
use domain::ports::event_store::{APPEND_EVENTS_MAX, EventStore, StoreError, Subscription};
use domain::stored_event::{Position, StoredEvent};
use std::sync::Arc;

async fn follow(subscription: &mut dyn Subscription, until: Position) -> Vec<StoredEvent> {
    let mut events: Vec<StoredEvent> = Vec::new();
    while events.last().is_none_or(|event| event.position < until) {
        let page = subscription.next().await.expect("the log goes on");
        assert!(!page.is_empty(), "a page has at least one event");
        events.extend(page);
    }
    events
}

pub(crate) async fn a_subscription_misses_and_repeats_nothing(store: &dyn EventStore) {
    append(store, "a", 0, "one", 3).await;
    let mut early = store.subscribe(Position(0)).await.expect("there is room");
    let middle = all(store)
        .await
        .get(1)
        .map_or(Position(0), |event| event.position);
    let mut late = store.subscribe(middle).await.expect("there is room");
    let mut live = store
        .subscribe(store.head().await.expect("known"))
        .await
        .expect("there is room");
    let head = append(store, "b", 0, "two", 2).await;
    let whole = all(store).await;
    assert_eq!(follow(&mut *early, head).await, whole);
    assert_eq!(follow(&mut *late, head).await, whole.get(2..).unwrap_or(&[]));
    assert_eq!(follow(&mut *live, head).await, whole.get(3..).unwrap_or(&[]));
    let next = append(store, "a", 3, "three", 1).await;
    let event = follow(&mut *live, next).await;
    assert_eq!(event.len(), 1);
    assert_eq!(follow(&mut *early, next).await, event);
}

pub(crate) async fn a_subscription_catches_up_over_many_pages(store: &dyn EventStore) {
    let batch_events = APPEND_EVENTS_MAX as u64;
    for batch in 0..6 {
        append(
            store,
            "a",
            batch * batch_events,
            &format!("c{batch}"),
            batch_events,
        )
        .await;
    }
    let head = store.head().await.expect("known");
    let whole = all(store).await;
    assert!(whole.len() > 2 * PAGE_EVENTS, "more than two pages");
    let mut early = store.subscribe(Position(0)).await.expect("there is room");
    assert_eq!(follow(&mut *early, head).await, whole);
    let middle = whole.get(99).map_or(Position(0), |event| event.position);
    let mut late = store.subscribe(middle).await.expect("there is room");
    assert_eq!(follow(&mut *late, head).await, whole.get(100..).unwrap_or(&[]));
}

pub(crate) async fn a_waiting_subscription_is_woken_by_each_append(store: Arc<dyn EventStore>) {
    for version in 0..21 {
        let head = store.head().await.expect("known");
        let mut subscription = store.subscribe(head).await.expect("there is room");
        let waiting = start(async move { subscription.next().await });
        for _ in 0..8 {
            tokio::task::yield_now().await;
        }
        let position = append(&*store, "a", version, &format!("c{version}"), 1).await;
        let events = waiting.await.expect("it ends").expect("the log goes on");
        assert_eq!(
            events.iter().map(|event| event.position).collect::<Vec<_>>(),
            [position]
        );
    }
}

pub(crate) async fn subscriptions_are_bounded_and_freed_when_dropped(store: &dyn EventStore) {
    let mut held = Vec::new();
    for _ in 0..SUBSCRIPTIONS_MAX {
        held.push(
            store
                .subscribe(Position(0))
                .await
                .expect("the last permitted one has room"),
        );
    }
    assert!(matches!(
        store.subscribe(Position(0)).await,
        Err(StoreError::Busy)
    ));
    held.pop();
    held.push(
        store
            .subscribe(Position(0))
            .await
            .expect("a dropped one makes room"),
    );
    drop(held);
    assert!(store.subscribe(Position(0)).await.is_ok());
}
