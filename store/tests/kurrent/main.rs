//! Tests the KurrentDB store against this product's own endpoint, in one process, with gaps
//! between positions.
//!
//! The endpoint serves a memory store; the client between the two is the official one. `live.rs` tests a
//! vendor's server, if there is one.

mod live;

use async_trait::async_trait;
use domain::ports::clock::Clock;
use domain::ports::event_store::{EventStore, StoreError};
use domain::ports::tasks::Tasks;
use domain::stored_event::{Position, StreamVersion};
use kurrent_endpoint::{Admission, CallerPermissions, Endpoint, OpenAdmission, Options, Positions};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use store::contract::{SuiteTasks, run_store_contract};
use store::test_overlay::{Overlay, OverlayStore};
use store::test_ports::{StepClock, StoppedClock};
use store::test_records::{make_batch, stream};
use store::{KurrentEventStore, KurrentOptions, MemoryDisk, MemoryEventStore};
use tls::testing::{Authority, NOW, noon};
use tls::{Acceptor, Identity};
use tokio::net::TcpListener;

#[expect(
    clippy::disallowed_methods,
    reason = "the suite's own server listens on loopback"
)]
async fn listener(address: SocketAddr) -> TcpListener {
    // A port that was just closed may be in use for a moment.
    for _ in 0..1_000 {
        if let Ok(listener) = TcpListener::bind(address).await {
            return listener;
        }
        tokio::task::yield_now().await;
    }
    unreachable!("{address} cannot be listened on")
}

/// Serves a store until the tasks are stopped. Returns the address.
async fn serve(
    log: Arc<dyn EventStore>,
    clock: Arc<dyn Clock>,
    tasks: &SuiteTasks,
    address: Option<SocketAddr>,
    append: bool,
    admission: Arc<dyn Admission>,
) -> SocketAddr {
    serve_over(log, clock, tasks, address, append, admission, None).await
}

/// Serves a store, over TLS if an acceptor is given. Returns the address.
async fn serve_over(
    log: Arc<dyn EventStore>,
    clock: Arc<dyn Clock>,
    tasks: &SuiteTasks,
    address: Option<SocketAddr>,
    append: bool,
    admission: Arc<dyn Admission>,
    acceptor: Option<Acceptor>,
) -> SocketAddr {
    let listener = listener(address.unwrap_or(([127, 0, 0, 1], 0).into())).await;
    let address = listener.local_addr().expect("it listens");
    let endpoint = Endpoint {
        store: log,
        clock,
        stop: tasks.stop_signal(),
        options: Options {
            append,
            positions: Positions::sparse(1_000, 17).expect("a step above 0"),
            admission,
            acceptor,
        },
    };
    let serving = async move { endpoint.serve(listener).await.expect("it serves") };
    tasks.spawn("endpoint", Box::pin(serving));
    address
}

fn memory(clock: &Arc<dyn Clock>) -> Arc<dyn EventStore> {
    Arc::new(
        MemoryEventStore::new(Arc::clone(clock), Arc::new(MemoryDisk::new())).expect("an empty disk opens"),
    )
}

async fn connect(url: &str, clock: Arc<dyn Clock>, tasks: &SuiteTasks) -> KurrentEventStore {
    let options = KurrentOptions::default();
    KurrentEventStore::connect(url, clock, tasks, &options)
        .await
        .expect("the endpoint answers")
}

fn url(address: SocketAddr) -> String {
    format!("kurrent://{address}?tls=false")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_kurrent_store_keeps_the_contract_over_our_endpoint() {
    let tasks = SuiteTasks::default();
    run_store_contract(async |clock| {
        let log = memory(&clock);
        let address = serve(
            log,
            Arc::clone(&clock),
            &tasks,
            None,
            true,
            Arc::new(OpenAdmission),
        )
        .await;
        let store = connect(&url(address), clock, &tasks).await;
        Arc::new(store) as Arc<dyn EventStore>
    })
    .await;
    tasks.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_client_appends_and_reads_over_tls() {
    let folder = tempfile::tempdir().unwrap();
    let files = Authority::new("ours").issue(folder.path(), &["127.0.0.1"], NOW);
    let identity = Identity::load(files, noon()).unwrap();
    let acceptor = identity.acceptor(&[b"h2"]).unwrap();
    let clock: Arc<dyn Clock> = Arc::new(StoppedClock(noon()));
    let (tasks, a) = (SuiteTasks::default(), stream("a"));
    let (log, all) = (memory(&clock), Arc::new(OpenAdmission));
    let address = serve_over(log, Arc::clone(&clock), &tasks, None, true, all, Some(acceptor)).await;
    let url = format!("kurrent://{address}?tls=true&tlsVerifyCert=false");
    let store = connect(&url, clock, &tasks).await;
    let records = make_batch(&a, 0, "one", 2);
    let appended = store.append(&a, StreamVersion(0), records).await.unwrap();
    let mut follower = store.subscribe(Position(0)).await.unwrap();
    assert_eq!(follower.next().await.unwrap().last().unwrap().position, appended);
    drop(follower);
    tasks.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reads_subscriptions_and_appends_go_on_when_the_server_is_back() {
    let clock: Arc<dyn Clock> = Arc::new(StepClock::default());
    let log = memory(&clock);
    let (ours, first, second) = (
        SuiteTasks::default(),
        SuiteTasks::default(),
        SuiteTasks::default(),
    );
    let address = serve(
        Arc::clone(&log),
        Arc::clone(&clock),
        &first,
        None,
        true,
        Arc::new(OpenAdmission),
    )
    .await;
    let store = connect(&url(address), Arc::clone(&clock), &ours).await;
    let mut follower = store.subscribe(Position(0)).await.unwrap();
    let a = stream("a");
    let one = store
        .append(&a, StreamVersion(0), make_batch(&a, 0, "one", 2))
        .await
        .unwrap();
    assert_eq!(follower.next().await.unwrap().last().unwrap().position, one);

    first.stop().await;
    let away = store
        .append(&a, StreamVersion(2), make_batch(&a, 2, "two", 1))
        .await;
    assert!(matches!(away, Err(StoreError::Unavailable(_))), "{away:?}");
    // Another process appends while this one cannot reach the server.
    log.append(&a, StreamVersion(2), make_batch(&a, 2, "other", 1))
        .await
        .unwrap();

    serve(
        Arc::clone(&log),
        Arc::clone(&clock),
        &second,
        Some(address),
        true,
        Arc::new(OpenAdmission),
    )
    .await;
    let missed = follower.next().await.unwrap();
    assert_eq!(missed.len(), 1, "neither skipped nor repeated");
    let late = store
        .append(&a, StreamVersion(2), make_batch(&a, 2, "two", 1))
        .await;
    let actual = StreamVersion(3);
    assert!(
        matches!(late, Err(StoreError::WrongVersion { actual: now, .. }) if now == actual),
        "{late:?}"
    );
    let next = store
        .append(&a, actual, make_batch(&a, 3, "three", 2))
        .await
        .unwrap();
    let live = follower.next().await.unwrap();
    assert_eq!((live.len(), live.last().unwrap().position), (2, next));
    store.close().await;
    assert!(
        follower.next().await.is_err(),
        "a closed store ends its subscriptions"
    );
    second.stop().await;
    ours.stop().await;
}

/// A store that appends, and reports a lost connection once instead of the result.
struct LostReply(Arc<dyn EventStore>, std::sync::atomic::AtomicBool);

#[async_trait::async_trait]
impl Overlay for LostReply {
    fn beneath(&self) -> &dyn EventStore {
        &*self.0
    }
    async fn append(
        &self,
        stream: &domain::ids::StreamId,
        expected: StreamVersion,
        records: Vec<domain::stored_event::Record>,
    ) -> Result<Position, StoreError> {
        let answer = self.0.append(stream, expected, records).await;
        if self.1.swap(false, std::sync::atomic::Ordering::SeqCst) {
            return Err(StoreError::Unavailable("the answer is lost".to_owned()));
        }
        answer
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_append_with_a_lost_answer_is_answered_by_its_ids() {
    let clock: Arc<dyn Clock> = Arc::new(StepClock::default());
    let log = memory(&clock);
    let losing = Arc::new(OverlayStore(LostReply(Arc::clone(&log), true.into())));
    let tasks = SuiteTasks::default();
    let address = serve(
        losing,
        Arc::clone(&clock),
        &tasks,
        None,
        true,
        Arc::new(OpenAdmission),
    )
    .await;
    let store = connect(&url(address), clock, &tasks).await;
    let a = stream("a");
    let answer = store
        .append(&a, StreamVersion(0), make_batch(&a, 0, "one", 3))
        .await;
    assert_eq!(answer, Ok(Position(3_017)));
    assert_eq!(log.head().await, Ok(Position(3)), "stored once");
    store.close().await;
    tasks.stop().await;
}

/// Admits a single login.
struct OneLogin(String);

#[async_trait]
impl Admission for OneLogin {
    async fn admits(&self, authorization: Option<&str>, _peer: Option<IpAddr>) -> Option<CallerPermissions> {
        (authorization == Some(self.0.as_str())).then_some(CallerPermissions::EVERYTHING)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_login_and_a_read_only_endpoint_are_distinguished_from_an_outage() {
    let clock: Arc<dyn Clock> = Arc::new(StepClock::default());
    let log = memory(&clock);
    let a = stream("a");
    log.append(&a, StreamVersion(0), make_batch(&a, 0, "one", 1))
        .await
        .unwrap();
    let tasks = SuiteTasks::default();
    // "user:s3cret"
    let login: Arc<dyn Admission> = Arc::new(OneLogin("Basic dXNlcjpzM2NyZXQ=".to_owned()));
    let address = serve(log, Arc::clone(&clock), &tasks, None, false, login).await;
    let options = KurrentOptions::default();
    for wrong in [url(address), format!("kurrent://user:other@{address}?tls=false")] {
        let refused = KurrentEventStore::connect(&wrong, Arc::clone(&clock), &tasks, &options).await;
        let said = refused.err().map(|error| error.to_string()).unwrap_or_default();
        assert!(said.contains("access denied"), "{said}");
    }
    let store = connect(
        &format!("kurrent://user:s3cret@{address}?tls=false"),
        clock,
        &tasks,
    )
    .await;
    assert_eq!(store.head().await, Ok(Position(1_017)));
    let denied = store
        .append(&a, StreamVersion(1), make_batch(&a, 1, "two", 1))
        .await;
    assert!(
        matches!(&denied, Err(StoreError::Unavailable(why)) if why.contains("access denied")),
        "{denied:?}"
    );
    store.close().await;
    tasks.stop().await;
}
