//! The part of the store contract suite about reading: by id, by filter, by position, and a log copied
//! completely from another store.

use crate::contract::{append, ids, record_bytes_max, versions};
use crate::test_records::{make_batch, make_record, make_record_of, stream};
use domain::decider::Scope;
use domain::event_filter::EventFilter;
use domain::ids::{CommandId, EventId};
use domain::number::event::NumberEvent;
use domain::ports::event_store::{APPEND_EVENTS_MAX, EventStore, PAGE_EVENTS_MAX, StoreError};
use domain::stored_event::{Position, Record, StoredEvent, StreamVersion};
use std::sync::Arc;

const CAMPAIGNS: [&str; 2] = ["LOAN", "CARD"];
const CUSTOMERS: [&str; 2] = [
    "00112233445566778899aabbccddeeff",
    "ffeeddccbbaa99887766554433221100",
];

/// The streams of the filtered log, and the number of events of each.
const STREAMS: [&str; 3] = ["s1", "s2", "other"];
const EVENTS_PER_STREAM: u64 = 24;

async fn put(store: &dyn EventStore, name: &str, expected: u64, records: Vec<Record>) -> Position {
    let answer = store
        .append(&stream(name), StreamVersion(expected), records)
        .await;
    answer.expect("nothing is in its way")
}

async fn all(store: &dyn EventStore) -> Vec<StoredEvent> {
    let page = store.read_all(Position(0), PAGE_EVENTS_MAX).await;
    page.expect("the log can be read")
}

/// Returns the same record as an event of another kind.
fn suppressed(record: &Record) -> Record {
    let text = std::str::from_utf8(record.bytes()).expect("a record is text");
    let other = text.replace(NumberEvent::DIAL_RELEASED, NumberEvent::SUPPRESSED);
    Record::from_stored(Arc::from(other.into_bytes())).expect("it is a record still")
}

/// Makes a log in which campaign, customer, kind and stream vary independently.
async fn varied_log(store: &dyn EventStore) -> Vec<StoredEvent> {
    for version in 1..=EVENTS_PER_STREAM {
        for name in STREAMS {
            let choice = |from: &[&str; 2], which: u64| match which % 3 {
                0 => None,
                which => from.get(usize::from(which == 2)).map(|id| (*id).to_owned()),
            };
            let scope = Scope {
                campaign: choice(&CAMPAIGNS, version).map(|id| id.parse().expect("an id")),
                customer: choice(&CUSTOMERS, version / 3).map(|id| id.parse().expect("an id")),
            };
            let command = CommandId::derive_from_text(&format!("{name}/{version}"));
            let record = make_record_of(&stream(name), version, command, scope);
            let record = if version % 4 == 0 {
                suppressed(&record)
            } else {
                record
            };
            put(store, name, version - 1, vec![record]).await;
        }
    }
    all(store).await
}

fn filters() -> Vec<EventFilter> {
    let campaign = CAMPAIGNS.first().map(|id| id.parse().expect("an id"));
    let customer = CUSTOMERS.get(1).map(|id| id.parse().expect("an id"));
    let kinds = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    let whole = EventFilter::default();
    let of_campaign = EventFilter {
        campaign,
        ..whole.clone()
    };
    let of_both = EventFilter {
        customer: customer.clone(),
        ..of_campaign.clone()
    };
    vec![
        EventFilter {
            customer,
            ..whole.clone()
        },
        EventFilter {
            kinds: kinds(&[NumberEvent::SUPPRESSED]),
            ..whole.clone()
        },
        EventFilter {
            kinds: kinds(&["call.", "number.", "x"]),
            ..whole.clone()
        },
        EventFilter {
            kinds: kinds(&[NumberEvent::SUPPRESSED]),
            ..of_both.clone()
        },
        EventFilter {
            streams: kinds(&["number-s1", "number-other"]),
            ..whole.clone()
        },
        EventFilter {
            streams: kinds(&["number-"]),
            kinds: kinds(&[NumberEvent::SUPPRESSED]),
            ..of_campaign.clone()
        },
        EventFilter {
            streams: kinds(&["call-"]),
            ..whole.clone()
        },
        EventFilter {
            campaign: Some("NOBODY".parse().expect("an id")),
            ..whole.clone()
        },
        of_campaign,
        of_both,
        whole,
    ]
}

/// Reads all pages of a filter, until `reached` stops moving.
async fn pages(store: &dyn EventStore, filter: &EventFilter, limit: usize) -> Vec<StoredEvent> {
    let (mut events, mut after) = (Vec::new(), Position(0));
    loop {
        let page = store
            .read_matching(filter, after, limit)
            .await
            .expect("it can be read");
        assert!(page.events.len() <= limit, "a page keeps its limit");
        assert!(page.reached >= after, "a page never goes back");
        assert!(
            page.events
                .iter()
                .all(|event| event.position > after && event.position <= page.reached)
        );
        events.extend(page.events);
        if page.reached == after {
            return events;
        }
        after = page.reached;
    }
}

/// Reads all pages of a filter within the positions after `after` up to `until`.
async fn stretch(
    store: &dyn EventStore,
    filter: &EventFilter,
    mut after: Position,
    until: Position,
    limit: usize,
) -> Vec<StoredEvent> {
    let mut events = Vec::new();
    while after < until {
        let page = store.read_matching_until(filter, after, until, limit).await;
        let page = page.expect("it can be read");
        assert!(page.events.len() <= limit, "a page keeps its limit");
        assert!(page.reached <= until, "a page keeps its end");
        if page.reached == after {
            break;
        }
        after = page.reached;
        events.extend(page.events);
    }
    events
}

/// Checks that ranges that are read in parallel, the last one beyond the end of the log, together give the
/// whole log.
async fn stretches_joined_are_the_whole(
    store: &dyn EventStore,
    filter: &EventFilter,
    wanted: &[StoredEvent],
) {
    let ends = [0, 1, 20, 21, 60, 1_000_000].map(Position);
    for limit in [1, 7, PAGE_EVENTS_MAX] {
        let stretches = ends.windows(2).filter_map(|ends| match ends {
            [after, until] => Some(stretch(store, filter, *after, *until, limit)),
            _ => None,
        });
        let joined = futures_util::future::join_all(stretches).await.concat();
        assert!(joined == wanted, "{filter:?} by stretches, pages of {limit}");
    }
    let before = store.read_matching_until(filter, Position(20), Position(3), 5);
    let before = before.await.expect("it can be read");
    assert_eq!(
        (before.events.len(), before.reached),
        (0, Position(20)),
        "a range that ends before it begins is empty"
    );
}

pub(crate) async fn a_filter_finds_what_reading_everything_finds(store: &dyn EventStore) {
    let whole = varied_log(store).await;
    let mut sizes = Vec::new();
    for filter in filters() {
        let mut wanted = whole.clone();
        filter.retain(&mut wanted).expect("records can be read");
        for limit in [1, 7, PAGE_EVENTS_MAX] {
            assert!(
                pages(store, &filter, limit).await == wanted,
                "{filter:?} by pages of {limit}"
            );
        }
        stretches_joined_are_the_whole(store, &filter, &wanted).await;
        sizes.push(wanted.len());
    }
    sizes.sort_unstable();
    sizes.dedup();
    assert!(sizes.len() >= 6, "the filters differ: {sizes:?}");
    let head = store.head().await.expect("known");
    let page = store
        .read_matching(&EventFilter::default(), head, 5)
        .await
        .expect("it can be read");
    assert_eq!(
        (page.events.len(), page.reached),
        (0, head),
        "the end is where it stops moving"
    );
}

pub(crate) async fn every_event_is_found_by_its_id(store: &dyn EventStore) {
    put(store, "a", 0, make_batch(&stream("a"), 0, "one", 3)).await;
    put(store, "b", 0, make_batch(&stream("b"), 0, "two", 1)).await;
    let whole = all(store).await;
    for (event, id) in whole.iter().zip(ids(&whole)) {
        assert_eq!(store.find(id).await.as_ref(), Ok(&Some(event.clone())));
    }
    let unknown = EventId::derive(CommandId::derive_from_text("nobody"), 0);
    assert_eq!(store.find(unknown).await, Ok(None));
}

pub(crate) async fn what_was_acknowledged_is_read_at_once(store: &dyn EventStore) {
    let mut before = Position(0);
    for version in 0..12 {
        let batch = make_batch(&stream("a"), version, &format!("c{version}"), 1);
        let id = batch.first().map(|record| record.id);
        let position = put(store, "a", version, batch).await;
        assert!(store.head().await.expect("known") >= position);
        let next = store.read_all(before, 5).await.expect("it can be read");
        assert_eq!(next.first().map(|event| event.position), Some(position));
        let page = store.read_stream(&stream("a"), StreamVersion(version), 5).await;
        assert_eq!(page.as_ref(), Ok(&next), "by stream as by position");
        let found = store
            .find(id.expect("it has one"))
            .await
            .expect("it can be asked");
        assert_eq!(found.map(|event| event.position), Some(position));
        let mut subscription = store.subscribe(before).await.expect("there is room");
        assert_eq!(subscription.next().await, Ok(next));
        before = position;
    }
}

/// Checks that a stream with more events than a page holds is read completely and in order.
pub(crate) async fn a_stream_of_many_pages_is_read_whole(store: &dyn EventStore) {
    let batches = PAGE_EVENTS_MAX / APPEND_EVENTS_MAX;
    for number in 0..batches {
        let expected = (number * APPEND_EVENTS_MAX) as u64;
        append(
            store,
            "a",
            expected,
            &format!("a{number}"),
            APPEND_EVENTS_MAX as u64,
        )
        .await;
        append(store, "b", number as u64, &format!("b{number}"), 1).await;
    }
    let whole = async |name: &str| {
        let events = store.read_whole_stream(&stream(name)).await.expect("it is read");
        versions(&events)
    };
    // The last page may be exactly full, and one more event must not be left out.
    let full = PAGE_EVENTS_MAX as u64;
    assert_eq!(whole("a").await, (1..=full).collect::<Vec<_>>());
    append(store, "a", full, "one more", 1).await;
    assert_eq!(whole("a").await, (1..=full + 1).collect::<Vec<_>>());
    assert_eq!(whole("b").await, (1..=batches as u64).collect::<Vec<_>>());
    assert!(whole("nobody").await.is_empty());
}

pub(crate) async fn the_largest_batch_is_kept_and_a_larger_record_refused(store: &dyn EventStore) {
    let a = stream("a");
    let command = CommandId::derive_from_text("large");
    let bytes_max = record_bytes_max(store);
    let largest = |version: u64, index: usize| {
        let bare = make_record(&a, version, command, index, "").bytes().len();
        make_record(&a, version, command, index, &"x".repeat(bytes_max - bare))
    };
    let batch: Vec<_> = (0..APPEND_EVENTS_MAX)
        .zip(1..)
        .map(|(index, version)| largest(version, index))
        .collect();
    let last = batch.last().map(Record::bytes).cloned();
    put(store, "a", 0, batch).await;
    let after = StreamVersion(APPEND_EVENTS_MAX as u64 - 1);
    let page = store.read_stream(&a, after, 5).await.expect("it can be read");
    assert_eq!(page.first().map(|event| &event.record), last.as_ref());
    let text = std::str::from_utf8(last.as_ref().expect("there are some")).expect("a record is text");
    let longer = text.replacen("xx", "xxx", 1);
    assert_eq!(longer.len(), bytes_max + 1);
    let too_large = Record::from_stored(Arc::from(longer.into_bytes())).expect("it is a record");
    let answer = store
        .append(&a, StreamVersion(too_large.stream_version.0 - 1), vec![too_large])
        .await;
    assert!(matches!(answer, Err(StoreError::Invalid(_))), "{answer:?}");
    assert_eq!(
        store
            .read_stream(&a, StreamVersion(APPEND_EVENTS_MAX as u64), 5)
            .await,
        Ok(Vec::new())
    );
}

/// Checks that a log copied to another store is the same log. If positions are dense, they are the same too.
pub(crate) async fn a_log_taken_over_is_the_same_log(from: &dyn EventStore, to: &dyn EventStore) {
    put(from, "a", 0, make_batch(&stream("a"), 0, "one", 3)).await;
    put(from, "b", 0, make_batch(&stream("b"), 0, "two", 2)).await;
    put(from, "a", 3, make_batch(&stream("a"), 3, "three", 1)).await;
    varied_log(from).await;
    let whole = all(from).await;
    let (first, second) = whole.split_at(5);
    if to.capabilities().dense {
        let gap = to.load(second.to_vec()).await;
        assert!(
            matches!(gap, Err(StoreError::Invalid(_))),
            "a gap at the front: {gap:?}"
        );
        let holed = first
            .iter()
            .enumerate()
            .filter(|(index, _)| *index != 1)
            .map(|(_, event)| event.clone());
        let gap = to.load(holed.collect()).await;
        assert!(
            matches!(gap, Err(StoreError::Invalid(_))),
            "a gap within: {gap:?}"
        );
    }
    assert!(all(to).await.is_empty(), "a refused load stores nothing");
    to.load(first.to_vec()).await.expect("it follows");
    let last = to.load(second.to_vec()).await.expect("it follows");
    assert_eq!(to.head().await, Ok(last));
    let taken = all(to).await;
    let kept = |events: &[StoredEvent]| {
        let pairs = events
            .iter()
            .map(|event| (event.recorded_at, Arc::clone(&event.record)));
        pairs.collect::<Vec<_>>()
    };
    assert!(kept(&taken) == kept(&whole), "instants and bytes are kept");
    assert!(!to.capabilities().dense || taken == whole, "positions are kept");
    // Batches are still recognized, and the log can be continued.
    let again = put(to, "b", 0, make_batch(&stream("b"), 0, "two", 2)).await;
    assert_eq!(
        taken.get(4).map(|event| event.position),
        Some(again),
        "a repeat is known"
    );
    let next = put(to, "a", 4, make_batch(&stream("a"), 4, "four", 1)).await;
    assert!(next > last);
}
