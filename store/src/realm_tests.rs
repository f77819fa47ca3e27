//! Both realms keep the contracts of store and vault, also beside events of the other realm, and neither
//! sees what the other stores.

use crate::contract::{self, append, ids, of_stream, versions};
use crate::test_ports::{HashIds, StepClock};
use crate::test_records::{make_batch, stream};
use crate::vault_contract::run_vault_contract;
use crate::{MemoryDisk, MemoryEventStore, MemoryVault, RealmStore, RealmVault};
use domain::event_filter::EventFilter;
use domain::ids::StreamId;
use domain::ports::clock::Clock;
use domain::ports::event_store::{EventStore, PAGE_EVENTS_MAX, StoreError};
use domain::ports::vault::Vault;
use domain::realm::{Real, Sandbox};
use domain::stored_event::{Position, StreamVersion};
use std::sync::Arc;

fn log(clock: Arc<dyn Clock>) -> Arc<dyn EventStore> {
    Arc::new(MemoryEventStore::new(clock, Arc::new(MemoryDisk::new())).unwrap())
}

fn realms() -> (Arc<dyn EventStore>, RealmStore<Real>, RealmStore<Sandbox>) {
    let log = log(Arc::new(StepClock::default()));
    let (real, sandbox) = (
        RealmStore::new(Arc::clone(&log)),
        RealmStore::new(Arc::clone(&log)),
    );
    (log, real, sandbox)
}

#[tokio::test]
async fn the_real_realm_keeps_the_contract() {
    contract::run_store_contract(|clock| async {
        Arc::new(RealmStore::<Real>::new(log(clock))) as Arc<dyn EventStore>
    })
    .await;
}

#[tokio::test]
async fn the_sandbox_keeps_the_contract() {
    contract::run_store_contract(|clock| async {
        Arc::new(RealmStore::<Sandbox>::new(log(clock))) as Arc<dyn EventStore>
    })
    .await;
}

#[tokio::test]
async fn a_realm_sees_its_own_events_alone_by_every_way_of_reading() {
    let (log, real, sandbox) = realms();
    append(&real, "a", 0, "one", 2).await;
    append(&sandbox, "a", 0, "two", 3).await;
    append(&real, "a", 2, "three", 1).await;
    append(&sandbox, "b", 0, "four", 1).await;
    assert_eq!(log.head().await, Ok(Position(7)));
    for (store, head, of_a) in [
        (&real as &dyn EventStore, Position(6), vec![1, 2, 3]),
        (&sandbox, Position(7), vec![1, 2, 3]),
    ] {
        assert_eq!(store.head().await, Ok(head));
        assert_eq!(versions(&of_stream(store, "a").await), of_a);
        let all = contract::all(store).await;
        assert_eq!(all.last().map(|event| event.position), Some(head));
        let mut subscription = store.subscribe(Position(0)).await.unwrap();
        let mut followed = Vec::new();
        while followed.len() < all.len() {
            followed.extend(subscription.next().await.unwrap());
        }
        assert_eq!(followed, all);
        let page = store
            .read_matching(&EventFilter::default(), Position(0), PAGE_EVENTS_MAX)
            .await;
        let page = page.unwrap();
        assert_eq!((&page.events, page.reached), (&all, head));
        let end = store
            .read_matching(&EventFilter::default(), head, PAGE_EVENTS_MAX)
            .await
            .unwrap();
        assert_eq!((end.events.len(), end.reached), (0, head), "the end of the log");
        let filter = EventFilter {
            streams: vec!["number-".to_owned()],
            ..EventFilter::default()
        };
        let until = store
            .read_matching_until(&filter, Position(0), head, PAGE_EVENTS_MAX)
            .await;
        assert_eq!(until.unwrap().events, all);
        for event in contract::all(log.as_ref()).await {
            let id = event.envelope().unwrap().id;
            let is_own = ids(&all).contains(&id);
            assert_eq!(store.find(id).await.unwrap().is_some(), is_own);
        }
        assert!(
            all.iter()
                .all(|event| !event.envelope().unwrap().stream.as_str().contains("sandbox"))
        );
        assert!(!store.capabilities().dense, "positions have gaps");
    }
}

#[tokio::test]
async fn a_log_without_a_sandbox_has_the_same_bytes() {
    let (wrapped, real, _) = realms();
    let plain = log(Arc::new(StepClock::default()));
    append(&real, "a", 0, "one", 2).await;
    append(plain.as_ref(), "a", 0, "one", 2).await;
    let records = |events: Vec<domain::stored_event::StoredEvent>| -> Vec<_> {
        events.into_iter().map(|event| event.record.to_vec()).collect()
    };
    assert_eq!(
        records(contract::all(wrapped.as_ref()).await).len(),
        records(contract::all(plain.as_ref()).await).len()
    );
    assert_eq!(contract::all(wrapped.as_ref()).await, contract::all(&real).await);
    assert!(real.capabilities().dense);
}

#[tokio::test]
async fn no_name_leads_from_the_real_realm_into_the_sandbox() {
    let (_, real, sandbox) = realms();
    append(&sandbox, "a", 0, "one", 1).await;
    let named = StreamId::from_stored("sandbox.number-a".to_owned());
    for store in [&real as &dyn EventStore, &sandbox] {
        let read = store.read_stream(&named, StreamVersion(0), 10).await;
        assert_eq!(read, Ok(Vec::new()));
        assert_eq!(store.read_whole_stream(&named).await, Ok(Vec::new()));
        let batch = make_batch(&named, 1, "two", 1);
        let refused = store.append(&named, StreamVersion(1), batch).await;
        assert!(matches!(refused, Err(StoreError::Invalid(_))), "{refused:?}");
        let filter = EventFilter {
            streams: vec!["sandbox.number-a".to_owned()],
            ..EventFilter::default()
        };
        let page = store.read_matching(&filter, Position(0), 10).await.unwrap();
        assert_eq!(page.events, Vec::new());
    }
}

#[tokio::test]
async fn an_event_id_of_the_other_realm_is_a_conflict_and_never_an_answer() {
    let (_, real, sandbox) = realms();
    append(&real, "a", 0, "one", 1).await;
    let refused = sandbox
        .append(
            &stream("a"),
            StreamVersion(0),
            make_batch(&stream("a"), 0, "one", 1),
        )
        .await;
    let stream = stream("a");
    assert_eq!(refused, Err(StoreError::PartlyStored { stream }));
}

#[tokio::test]
async fn the_head_of_a_quiet_realm_is_found_behind_a_busy_one() {
    let (log, real, sandbox) = realms();
    append(&sandbox, "a", 0, "one", 1).await;
    for round in 0..100 {
        append(&real, "a", round * 100, &format!("of {round}"), 100).await;
    }
    for quiet in [&sandbox, &RealmStore::new(Arc::clone(&log))] {
        assert_eq!(quiet.head().await, Ok(Position(1)));
        assert_eq!(quiet.head().await, Ok(Position(1)), "known");
    }
    let begun_later = RealmStore::<Sandbox>::begun_after(log, Position(1));
    assert_eq!(begun_later.head().await, Ok(Position(0)));
    let next = append(&sandbox, "a", 1, "two", 1).await;
    assert_eq!(begun_later.head().await, Ok(next));
    assert_eq!(begun_later.read_all(Position(0), 10).await.unwrap().len(), 1);
}

#[tokio::test]
async fn both_realms_keep_the_vault_contract() {
    let vault = |seed| Arc::new(MemoryVault::new(Arc::new(HashIds::new(seed))));
    let seeds = std::sync::atomic::AtomicU64::new(1);
    let next = || seeds.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    run_vault_contract(async || Arc::new(RealmVault::<Real>::new(vault(next())))).await;
    run_vault_contract(async || Arc::new(RealmVault::<Sandbox>::new(vault(next())))).await;
}

#[test]
fn an_id_or_number_equal_to_a_real_one_is_another_in_the_sandbox() {
    let vault: Arc<dyn Vault> = Arc::new(MemoryVault::new(Arc::new(HashIds::new(1))));
    let real = RealmVault::<Real>::new(Arc::clone(&vault));
    let sandbox = RealmVault::<Sandbox>::new(Arc::clone(&vault));
    let (external, phone) = ("C-1", "+8613800138000");
    assert_eq!(real.derive_customer(external), vault.derive_customer(external));
    assert_eq!(real.derive_number(phone), vault.derive_number(phone));
    assert_ne!(sandbox.derive_customer(external), real.derive_customer(external));
    assert_ne!(sandbox.derive_number(phone), real.derive_number(phone));
    assert_ne!(sandbox.hash(phone), real.hash(phone));
    assert_ne!(sandbox.sign_link("x"), real.sign_link("x"));
    for prefix in ["sandbox-customer:", "sandbox.", "sandbox-number:"] {
        let named = format!("{prefix}{external}");
        assert_ne!(sandbox.derive_customer(external), real.derive_customer(&named));
    }
}
