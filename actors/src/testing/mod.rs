//! Fakes of the ports, only for the tests of this crate, and one thread to run them on.

pub(crate) mod agents;
pub(crate) mod assistant;
mod clock;
pub(crate) mod counter;
pub(crate) mod dial_right;
pub(crate) mod encoder;
pub(crate) mod error_log;
pub(crate) mod left_over;
pub(crate) mod line;
mod recordings;
mod sound;
pub(crate) mod speech;
mod store;
mod synthesizer;
pub(crate) mod test_system;
mod vault;
mod worklist;

pub(crate) use clock::FakeClock;
pub(crate) use store::{AppendFault, FakeStore};
pub(crate) use vault::FakeVault;
pub(crate) use worklist::FakeWorklist;

use crate::environment::Environment;
use crate::supervisor::Supervisor;
use domain::ports::id_source::IdSource;
use domain::ports::tasks::Tasks;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// How often other tasks may run before a test moves the clock.
const TURNS_MAX: usize = 1_000;

/// The fakes behind one environment.
pub(crate) struct Fakes {
    pub(crate) store: Arc<FakeStore>,
    pub(crate) vault: Arc<FakeVault>,
    pub(crate) clock: Arc<FakeClock>,
    pub(crate) tasks: Arc<Supervisor>,
    pub(crate) environment: Environment,
}

impl Fakes {
    pub(crate) fn new() -> Self {
        Self::over(Arc::new(FakeStore::new()), Arc::new(FakeClock::new()))
    }

    /// Makes the fakes of a process that starts on the log of another process.
    pub(crate) fn over(store: Arc<FakeStore>, clock: Arc<FakeClock>) -> Self {
        let vault = Arc::new(FakeVault::default());
        let tasks = Supervisor::local(Arc::<FakeClock>::clone(&clock));
        store.follow_clock(&clock);
        let environment = Environment {
            store: Arc::<FakeStore>::clone(&store),
            vault: Arc::<FakeVault>::clone(&vault),
            clock: Arc::<FakeClock>::clone(&clock),
            // Another process draws other ids.
            ids: Arc::new(FakeIds(AtomicU64::new(store.appends_count() as u64 * 1_000_003))),
            tasks: Arc::<Supervisor>::clone(&tasks) as Arc<dyn Tasks>,
            damage: Arc::default(),
            skew: Arc::default(),
            engines: Arc::default(),
            latencies: Arc::default(),
            traces: Arc::default(),
            rehearsal: false,
        };
        Self {
            store,
            vault,
            clock,
            tasks,
            environment,
        }
    }
}

/// Runs a test on one thread with a `LocalSet`. Tasks that it leaves are dropped with it.
pub(crate) fn on_one_thread<T>(test: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .expect("a runtime without drivers can always be built");
    tokio::task::LocalSet::new().block_on(&runtime, test)
}

/// Lets all other tasks run until nothing more can happen without the clock moving.
pub(crate) async fn settle() {
    for _ in 0..TURNS_MAX {
        tokio::task::yield_now().await;
    }
}

/// An id source that counts: a test draws the same ids in each run.
pub(crate) struct FakeIds(AtomicU64);

impl IdSource for FakeIds {
    fn random(&self, buffer: &mut [u8]) {
        for byte in buffer {
            let next = self
                .0
                .fetch_add(1, Ordering::Relaxed)
                .wrapping_mul(0x9E37_79B9_7F4A_7C15);
            *byte = next.to_be_bytes()[0];
        }
    }
}
