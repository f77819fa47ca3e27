//! One world: a few days of the whole product on one thread, with crashes, from an empty log.
//!
//! What survives a crash: the disk's synced bytes, the vault, the views' last commit, the outside world's
//! memory of calls, and the clock. Everything else is dropped in the middle of whatever it was doing.

use super::clock::{SeededChance, VirtualClock};
use super::disk::SimulatedDisk;
use super::faults::{self, Crash};
use super::invariants::{self, Findings};
use super::operator::{Acknowledged, Operator};
use super::people::SeededCallees;
use super::tasks::LocalTasks;
use actors::{ActorSystem, DriverPorts, Drivers, Environment, Place};
use async_trait::async_trait;
use domain::ids::CallId;
use domain::ports::clock::Clock;
use domain::ports::event_store::EventStore;
use domain::ports::line::{Line, LineFacts};
use domain::ports::recording::{RecordingError, RecordingFacts, Recordings};
use domain::ports::tasks::Tasks;
use domain::stored_event::{Position, StoredEvent};
use domain::time::Timestamp;
use media::lines::{CarrierBook, SimulatedLine};
use media::speech::simulated::SimulatedSynthesizer;
use projections::{Grounds, Projections, ReadDb, SqlWorklist, SqliteReadDb};
use sha2::{Digest, Sha256};
use std::sync::Arc;
use store::{MemoryEventStore, MemoryVault};
use tokio::task::LocalSet;

/// Purposes of chance, so that no draw of one shifts another.
const DISK: u64 = 1;
const VAULT: u64 = 2;
const FAULTS: u64 = 3;
const IDS: u64 = 4;

/// Milliseconds in a day.
const DAY_MS: u64 = 86_400_000;

/// How long a crashed machine takes to come back.
const BOOT_MS: u64 = 1_500;

/// Time after the last day in which what is open must settle.
const GRACE_MS: u64 = 4 * 3_600_000;

/// Monday 2026-03-02, 00:00 in Beijing.
const FIRST_MIDNIGHT: &str = "2026-03-02T00:00:00+08:00";

/// Why a world could not be run; a fault of the simulation, not a finding.
#[derive(Debug, thiserror::Error)]
pub enum SimulationError {
    #[error("the simulated runtime cannot be built: {0}")]
    Runtime(std::io::Error),
    #[error("the simulated system does not start: {0}")]
    Start(String),
    #[error("the log cannot be read back: {0}")]
    Log(String),
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct WorldPlan {
    pub(crate) days: u32,
    pub(crate) calls_per_day: u32,
    pub(crate) seed: u64,
    pub(crate) index: u64,
}

pub(crate) struct WorldReport {
    pub(crate) calls: u64,
    pub(crate) crashes: u64,
    pub(crate) events: u64,
    pub(crate) findings: Findings,
    pub(crate) log_hash: [u8; 32],
}

/// What outlives a crash.
struct World {
    plan: WorldPlan,
    seed: u64,
    midnight: Timestamp,
    clock: Arc<dyn Clock>,
    disk: Arc<SimulatedDisk>,
    vault: Arc<MemoryVault>,
    views: Arc<dyn ReadDb>,
    book: Arc<CarrierBook>,
    acknowledged: Arc<Acknowledged>,
}

/// A simulated call is not recorded: there is no audio.
struct NoRecordings;

#[async_trait]
impl Recordings for NoRecordings {
    async fn close_left_over(&self, _call: CallId) -> Result<Option<RecordingFacts>, RecordingError> {
        Ok(None)
    }
}

/// Runs one world to its end and judges its log.
pub(crate) fn run(plan: WorldPlan) -> Result<WorldReport, SimulationError> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .map_err(SimulationError::Runtime)?;
    let world = runtime.block_on(async { World::new(plan) })?;
    let chance = SeededChance::new(world.seed, FAULTS);
    let crashes = faults::crashes(&chance, world.midnight, plan.days);
    let end = world.midnight.plus_ms(u64::from(plan.days) * DAY_MS + GRACE_MS);
    let last = Crash {
        at: end,
        full_from: None,
    };
    for (generation, crash) in crashes.iter().copied().chain([last]).enumerate() {
        world.disk.boot();
        let local = LocalSet::new();
        let started = runtime.block_on(local.run_until(world.live(generation as u64, crash)));
        // The power goes first: what `Drop` and `stopped` of dying tasks still try, fails.
        world.disk.crash();
        drop(local);
        started?;
        runtime.block_on(world.clock.wait_until(world.clock.now().plus_ms(BOOT_MS)));
    }
    world.disk.boot();
    runtime.block_on(world.judge(crashes.len() as u64))
}

fn facts() -> LineFacts {
    LineFacts {
        name: "simulated".to_owned(),
        local: "127.0.0.1:5060".to_owned(),
        loopback: true,
        legs_max: 60,
        dials_per_second: 10,
        ring_timeout_ms: 30_000,
        first_response_ms: 32_000,
        hold_off_ms: 180_000,
        caller_numbers: Vec::new(),
    }
}

fn failed(error: impl std::fmt::Display) -> SimulationError {
    SimulationError::Start(error.to_string())
}

impl World {
    fn new(plan: WorldPlan) -> Result<Self, SimulationError> {
        let seed = plan
            .seed
            .wrapping_mul(0x9e37_79b9_7f4a_7c15)
            .wrapping_add(plan.index);
        let midnight: Timestamp = FIRST_MIDNIGHT.parse().map_err(failed)?;
        Ok(Self {
            plan,
            seed,
            midnight,
            clock: Arc::new(VirtualClock::new(midnight)),
            disk: Arc::new(SimulatedDisk::new(Arc::new(SeededChance::new(seed, DISK)))),
            vault: Arc::new(MemoryVault::new(Arc::new(SeededChance::new(seed, VAULT)))),
            views: Arc::new(SqliteReadDb::open_inline().map_err(failed)?),
            book: Arc::new(CarrierBook::default()),
            acknowledged: Arc::new(Acknowledged::default()),
        })
    }

    fn store(&self) -> Result<Arc<dyn EventStore>, SimulationError> {
        let disk = Arc::clone(&self.disk) as Arc<dyn domain::ports::disk::Disk>;
        let store = MemoryEventStore::new(Arc::clone(&self.clock), disk).map_err(failed)?;
        Ok(Arc::new(store))
    }

    /// Boots the product and lets it live until it crashes.
    async fn live(&self, generation: u64, crash: Crash) -> Result<(), SimulationError> {
        let tasks: Arc<dyn Tasks> = Arc::new(LocalTasks::default());
        let store = self.store()?;
        let environment = Environment {
            store: Arc::clone(&store),
            vault: Arc::clone(&self.vault) as _,
            clock: Arc::clone(&self.clock),
            ids: Arc::new(SeededChance::new(self.seed, IDS + (generation << 8))),
            tasks: Arc::clone(&tasks),
            rehearsal: true,
        };
        let grounds = Grounds {
            store,
            db: Arc::clone(&self.views),
            clock: Arc::clone(&self.clock),
        };
        let projections = Projections::start(grounds, tasks.as_ref())
            .await
            .map_err(failed)?;
        let system = ActorSystem::start(environment.clone(), Place::Local);
        let callees = Arc::new(SeededCallees { seed: self.seed });
        let line = SimulatedLine::new(facts(), Arc::clone(&self.clock), callees, Arc::clone(&self.book));
        let ports = DriverPorts {
            worklist: Arc::new(SqlWorklist::new(&projections)),
            lines: vec![Arc::new(line) as Arc<dyn Line>],
            synthesizer: Arc::new(SimulatedSynthesizer),
            recordings: Arc::new(NoRecordings),
        };
        let operator = Operator {
            system: system.clone(),
            environment: environment.clone(),
            acknowledged: Arc::clone(&self.acknowledged),
            seed: self.seed,
            midnight: self.midnight,
            days: self.plan.days,
            calls_per_day: self.plan.calls_per_day,
        };
        if let Some(from) = crash.full_from {
            let (disk, clock) = (Arc::clone(&self.disk), Arc::clone(&self.clock));
            let fills = async move {
                clock.wait_until(from).await;
                disk.set_full();
            };
            tasks.spawn("full disk", Box::pin(fills));
        }
        tokio::select! {
            biased;
            () = self.clock.wait_until(crash.at) => Ok(()),
            started = Drivers::start(system, environment, ports) => {
                let _drivers = started.map_err(failed)?;
                tasks.spawn("operator", Box::pin(operator.work()));
                self.clock.wait_until(crash.at).await;
                Ok(())
            }
        }
    }

    async fn judge(&self, crashes: u64) -> Result<WorldReport, SimulationError> {
        let store = self.store()?;
        let log = read_all(store.as_ref()).await?;
        let mut hash = Sha256::new();
        for event in &log {
            hash.update(event.position.0.to_be_bytes());
            hash.update(event.recorded_at.micros().to_be_bytes());
            hash.update(&event.record);
        }
        let evidence = invariants::Evidence {
            log: &log,
            book: &self.book.entries(),
            acknowledged: &self.acknowledged.positions(),
            concurrent_max: 20,
        };
        let mut findings = invariants::judge(&evidence).map_err(SimulationError::Log)?;
        invariants::views_equal_replay(&mut findings, &store, &self.views, &self.clock)
            .await
            .map_err(SimulationError::Log)?;
        Ok(WorldReport {
            calls: self.book.entries().len() as u64,
            crashes,
            events: log.len() as u64,
            findings,
            log_hash: hash.finalize().into(),
        })
    }
}

async fn read_all(store: &dyn EventStore) -> Result<Vec<StoredEvent>, SimulationError> {
    let mut log = Vec::new();
    let mut after = Position(0);
    loop {
        let page = store
            .read_all(after, domain::ports::event_store::PAGE_EVENTS_MAX)
            .await
            .map_err(|error| SimulationError::Log(error.to_string()))?;
        let Some(last) = page.last() else { return Ok(log) };
        after = last.position;
        log.extend(page);
    }
}
