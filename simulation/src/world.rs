//! One world: a few days of the whole product on one thread, with crashes, from an empty log.
//!
//! What survives a crash: the disk's synced bytes, the vault, the views' last commit, the outside world's
//! memory of calls, and the clock. Everything else is dropped in the middle of whatever it was doing.

use super::Views;
use super::agents::SimulatedAgents;
use super::clock::{SeededChance, VirtualClock};
use super::disk::SimulatedDisk;
use super::faults::{self, Crash, Faults};
use super::invariants::{self, Findings, Terms};
use super::operator::{Notebook, Operator, manner_of};
use super::people::SeededCallees;
use super::power::Power;
use super::scenario::{FaultRates, Scenario};
use super::shape::Shape;
use super::shrink::STRIDE;
use super::slow_store::SlowStore;
use super::tasks::LocalTasks;
use super::witness::Witness;
use actors::{ActorSystem, DriverPorts, Drivers, DriversHandle, Environment, Place};
use async_trait::async_trait;
use domain::ids::CallId;
use domain::installation::ClockOffset;
use domain::ports::agents::Agents;
use domain::ports::clock::Clock;
use domain::ports::event_store::EventStore;
use domain::ports::line::Line;
use domain::ports::recording::{RecordingError, RecordingFacts, Recordings};
use domain::ports::tasks::Tasks;
use domain::stored_event::{Position, StoredEvent};
use domain::time::Timestamp;
use media::lines::{CarrierBook, SimulatedLine};
use projections::{Grounds, Projections, ReadDb, SqliteReadDb, View, views};
use sha2::{Digest, Sha256};
use speech::simulated::SimulatedSynthesizer;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use store::{MemoryEventStore, MemoryVault};
use tokio::sync::OnceCell;
use tokio::task::LocalSet;

/// Purposes of chance, so that no draw of one shifts another.
const DISK: u64 = 1;
const VAULT: u64 = 2;
const FAULTS: u64 = 3;
const IDS: u64 = 4;
const SHAPE: u64 = 5;
/// The first day; and how long slow appends take, in each life of its own.
const FIRST_DAY: u64 = 6;
/// Beside the generation.
const SLOW: u64 = 7;

/// Milliseconds in a day.
const DAY_MS: u64 = 86_400_000;

/// How long a crashed machine takes to come back.
const BOOT_MS: u64 = 1_500;

/// Time after the last day in which what is open must settle.
const GRACE_MS: u64 = 4 * 3_600_000;

/// First days of worlds: ordinary weeks, the spring festival with a Saturday that is worked, 清明, the days on
/// which Berlin's clocks change, and the national days.
const FIRST_DAYS: [&str; 8] = [
    "2026-03-02",
    "2026-06-08",
    "2026-03-02",
    "2026-02-12",
    "2026-04-02",
    "2026-03-26",
    "2026-09-28",
    "2026-10-22",
];

/// How long a planned stop lets calls finish.
const DRAIN_FOR: Duration = Duration::from_secs(120);

/// How far a wrong clock is off: half a second more than dialing allows.
const WRONG_BY_MS: i64 = 2_500;

/// Why a world could not be run; a fault of the simulation, not a finding.
#[derive(Debug, thiserror::Error)]
pub enum SimulationError {
    #[error("the simulated runtime cannot be built: {0}")]
    Runtime(std::io::Error),
    #[error("the simulated system does not start: {0}")]
    Start(String),
    #[error("the log cannot be read back: {0}")]
    Log(String),
    #[error("what was acknowledged is not in the log any more")]
    Lost,
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct WorldPlan {
    pub(crate) days: u32,
    pub(crate) calls_per_day: u32,
    pub(crate) seed: u64,
    pub(crate) index: u64,
    pub(crate) views: Views,
    pub(crate) agents: u32,
    pub(crate) faults: FaultRates,
    pub(crate) scenario: Scenario,
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
    shape: Shape,
    faults: Faults,
    seed: u64,
    midnight: Timestamp,
    clock: Arc<dyn Clock>,
    power: Arc<Power>,
    disk: Arc<SimulatedDisk>,
    vault: Arc<MemoryVault>,
    views: Arc<dyn ReadDb>,
    book: Arc<CarrierBook>,
    notebook: Arc<Notebook>,
    witness: Arc<Witness>,
}

/// A simulated call is not recorded: there is no audio.
struct NoRecordings;

#[async_trait]
impl Recordings for NoRecordings {
    async fn close_left_over(&self, _call: CallId) -> Result<Option<RecordingFacts>, RecordingError> {
        Ok(None)
    }
    async fn delete(&self, _call: CallId) -> Result<bool, RecordingError> {
        Ok(false)
    }
    async fn kept(&self) -> std::io::Result<Vec<CallId>> {
        Ok(Vec::new())
    }
}

/// Runs one world to its end and judges its log.
pub(crate) fn run(plan: WorldPlan) -> Result<WorldReport, SimulationError> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .map_err(SimulationError::Runtime)?;
    let (world, crashes) = runtime.block_on(async { World::new(plan) })?;
    let end = world.midnight.plus_ms(u64::from(plan.days) * DAY_MS + GRACE_MS);
    let lives = crashes.iter().copied().chain([Crash::end(end)]);
    for (generation, crash) in lives.enumerate() {
        world.disk.boot();
        let local = LocalSet::new();
        let started = runtime.block_on(local.run_until(world.live(generation as u64, crash)));
        // The power goes first: what `Drop` and `stopped` of dying tasks still try, fails.
        let was_off = world.power.is_off();
        world.disk.crash();
        {
            let _virtual_time = runtime.enter();
            drop(local);
        }
        if matches!(started, Err(SimulationError::Lost)) {
            // The first promise is broken: nothing after it says anything. The oracle will say so.
            break;
        }
        match started {
            // Nobody hears why a machine did not come up while its power went.
            Err(_) if was_off => {}
            started => started?,
        }
        // Inside the runtime, or the clock would not be the virtual one.
        runtime.block_on(async { world.clock.wait_until(world.clock.now().plus_ms(BOOT_MS)).await });
    }
    world.disk.boot();
    runtime.block_on(world.judge(crashes.len() as u64))
}

fn failed(error: impl std::fmt::Display) -> SimulationError {
    SimulationError::Start(error.to_string())
}

impl World {
    fn new(plan: WorldPlan) -> Result<(Self, Vec<Crash>), SimulationError> {
        let seed = plan.seed.wrapping_mul(STRIDE).wrapping_add(plan.index);
        let midnight = first_midnight(&plan.scenario, seed)?;
        let faults = faults::draw(
            &SeededChance::new(seed, FAULTS),
            midnight,
            plan.days,
            plan.calls_per_day,
            &plan.faults,
        );
        let crashes = faults.crashes.clone();
        let power = Arc::new(Power::default());
        let chance = Arc::new(SeededChance::new(seed, DISK));
        let disk = Arc::new(SimulatedDisk::new(chance, Arc::clone(&power)));
        let world = Self {
            plan,
            shape: Shape::draw(&SeededChance::new(seed, SHAPE)),
            faults,
            seed,
            midnight,
            clock: Arc::new(VirtualClock::new(midnight)),
            power,
            witness: Arc::new(Witness::new(Arc::clone(&disk))),
            disk,
            vault: Arc::new(MemoryVault::new(Arc::new(SeededChance::new(seed, VAULT)))),
            views: Arc::new(SqliteReadDb::open_inline().map_err(failed)?),
            book: Arc::new(CarrierBook::default()),
            notebook: Arc::new(Notebook::default()),
        };
        Ok((world, crashes))
    }

    fn store(&self) -> Result<Arc<dyn EventStore>, SimulationError> {
        let disk = Arc::clone(&self.disk) as Arc<dyn domain::ports::disk::Disk>;
        let store = MemoryEventStore::new(Arc::clone(&self.clock), disk).map_err(failed)?;
        Ok(Arc::new(store))
    }

    /// The same, whose appends take long for a while in some worlds.
    fn store_of(&self, generation: u64) -> Result<Arc<dyn EventStore>, SimulationError> {
        let inner = self.store()?;
        let Some(spell) = self.faults.slow else {
            return Ok(inner);
        };
        Ok(Arc::new(SlowStore {
            inner,
            clock: Arc::clone(&self.clock),
            chance: SeededChance::new(self.seed, SLOW + (generation << 8)),
            spell,
            ms_max: self.plan.faults.slow_append_ms_max.into(),
        }))
    }

    /// Boots the product and lets it live until it crashes.
    async fn live(&self, generation: u64, crash: Crash) -> Result<(), SimulationError> {
        let tasks: Arc<dyn Tasks> = Arc::new(LocalTasks::new(Arc::clone(&self.power)));
        let environment = Environment {
            store: self.store_of(generation)?,
            vault: Arc::clone(&self.vault) as _,
            clock: Arc::clone(&self.clock),
            ids: Arc::new(SeededChance::new(self.seed, IDS + (generation << 8))),
            tasks: Arc::clone(&tasks),
            damage: Arc::default(),
            skew: Arc::default(),
            rehearsal: true,
        };
        let head = environment.store.head().await.map_err(failed)?;
        if self.notebook.positions().iter().any(|position| *position > head) {
            return Err(SimulationError::Lost);
        }
        self.schedule_faults(tasks.as_ref(), crash);
        self.watch_clock(tasks.as_ref(), &environment);
        let system = ActorSystem::start(environment.clone(), Place::Local);
        let ports = self.ports(&environment).await?;
        let operator = self.operator(&system, &environment);
        let started = OnceCell::new();
        let living = async {
            let recordings = Arc::new(NoRecordings);
            match actors::start_forgetting(&system, &environment, recordings).await {
                Ok(()) => {}
                Err(error) if crash.disk_from.is_some() => {
                    tracing::debug!(%error, "not started");
                    return std::future::pending().await;
                }
                Err(error) => return Err(failed(error)),
            }
            match Drivers::start(system, environment, ports).await {
                Ok(drivers) => {
                    drop(started.set(drivers));
                    tasks.spawn("operator", Box::pin(operator.work()));
                }
                // It does not come up on a failing disk, as long as that lasts.
                Err(error) if crash.disk_from.is_some() => tracing::debug!(%error, "not started"),
                Err(error) => return Err(failed(error)),
            }
            std::future::pending().await
        };
        tokio::select! {
            biased;
            () = self.power.lost() => Ok(()),
            () = self.over(crash, &started) => Ok(()),
            ended = living => ended,
        }
    }

    /// Returns when this life ends by itself: at its instant, or when what it was told to finish is finished.
    async fn over(&self, crash: Crash, started: &OnceCell<DriversHandle>) {
        self.clock.wait_until(crash.at).await;
        let Some(drivers) = started.get().filter(|_| crash.planned) else {
            return;
        };
        self.witness.drain_begins(self.clock.now());
        drivers.drain(DRAIN_FOR).await;
        self.witness.drain_ends(self.clock.now());
    }

    /// Another clock says that this one is wrong, for a while.
    fn watch_clock(&self, tasks: &dyn Tasks, environment: &Environment) {
        let Some(spell) = self.faults.wrong_clock else {
            return;
        };
        let measured = |offset_ms| ClockOffset {
            offset_ms,
            round_trip_ms: 1,
            source: "ntp:127.0.0.1:123".to_owned(),
            uncertainty_ms: 1,
        };
        let (clock, skew) = (Arc::clone(&self.clock), Arc::clone(&environment.skew));
        if spell.holds(clock.now()) {
            skew.measured(measured(WRONG_BY_MS), clock.now());
        }
        let watching = async move {
            if clock.now() < spell.until {
                clock.wait_until(spell.from).await;
                skew.measured(measured(WRONG_BY_MS), clock.now());
                clock.wait_until(spell.until).await;
                skew.measured(measured(0), clock.now());
            }
        };
        tasks.spawn("another clock", Box::pin(watching));
    }

    async fn ports(&self, environment: &Environment) -> Result<DriverPorts, SimulationError> {
        let grounds = Grounds {
            store: Arc::clone(&environment.store),
            db: Arc::clone(&self.views),
            clock: Arc::clone(&self.clock),
        };
        let projections = Projections::start_views(grounds, self.chosen(), environment.tasks.as_ref())
            .await
            .map_err(failed)?;
        let callees = Arc::new(SeededCallees {
            seed: self.seed,
            outages: self.faults.outages.clone(),
            witness: Arc::clone(&self.witness),
        });
        let line = |facts| {
            let (clock, callees) = (Arc::clone(&self.clock), Arc::clone(&callees));
            let line = SimulatedLine::new(facts, clock, callees, Arc::clone(&self.book));
            Arc::new(line) as Arc<dyn Line>
        };
        Ok(DriverPorts {
            worklist: Arc::new(projections.worklist()),
            lines: self.shape.line_facts().into_iter().map(line).collect(),
            synthesizer: Arc::new(SimulatedSynthesizer),
            hearing: None,
            recordings: Arc::new(NoRecordings),
            agents: SimulatedAgents::new(self.plan.agents, self.seed, Arc::clone(&self.clock))
                .map(|agents| Arc::new(agents) as Arc<dyn Agents>),
        })
    }

    fn chosen(&self) -> Vec<Arc<dyn View>> {
        match self.plan.views {
            Views::All => views::all(),
            Views::Worklist => vec![Arc::new(views::worklist::Worklist)],
        }
    }

    fn operator(&self, system: &ActorSystem, environment: &Environment) -> Operator {
        Operator {
            system: system.clone(),
            environment: environment.clone(),
            notebook: Arc::clone(&self.notebook),
            seed: self.seed,
            midnight: self.midnight,
            plan: self.plan,
            shape: self.shape,
        }
    }

    fn schedule_faults(&self, tasks: &dyn Tasks, crash: Crash) {
        if let Some((from, fault)) = crash.disk_from {
            let (disk, clock) = (Arc::clone(&self.disk), Arc::clone(&self.clock));
            let fails = async move {
                clock.wait_until(from).await;
                disk.fail(fault);
            };
            tasks.spawn("failing disk", Box::pin(fails));
        }
        if let Some(sync) = crash.at_sync {
            let (disk, clock) = (Arc::clone(&self.disk), Arc::clone(&self.clock));
            let armed = async move {
                clock.wait_until(sync.armed_at).await;
                disk.arm(sync.nth, sync.side);
            };
            tasks.spawn("armed disk", Box::pin(armed));
        }
    }

    /// What the operator meant each campaign to be.
    fn terms(&self) -> BTreeMap<String, Terms> {
        let days = 0..self.plan.days;
        let campaigns = days.flat_map(|day| (0..self.shape.campaigns_per_day).map(move |part| (day, part)));
        let of = |(day, part)| {
            let manner = manner_of(&self.plan, self.seed, day, part);
            (Operator::campaign_id(day, part).to_string(), Terms::of(&manner))
        };
        campaigns.map(of).collect()
    }

    async fn judge(&self, crashes: u64) -> Result<WorldReport, SimulationError> {
        let store = self.store()?;
        // Everything is in the store now, and nobody crashes any more.
        self.disk.forget();
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
            acknowledged: &self.notebook.positions(),
            lines: &self.shape.line_facts(),
            witnessed: &self.witness.seen(),
            terms: &self.terms(),
            drains: &self.witness.drains(),
            wrong_clock: self.faults.wrong_clock,
            append_ms_max: self
                .faults
                .slow
                .map_or(0, |_| self.plan.faults.slow_append_ms_max.into()),
        };
        let mut findings = invariants::judge(&evidence).map_err(SimulationError::Log)?;
        invariants::views_equal_replay(
            &mut findings,
            store.as_ref(),
            Arc::clone(&self.views),
            self.chosen(),
        )
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

fn first_midnight(scenario: &Scenario, seed: u64) -> Result<Timestamp, SimulationError> {
    let nth = SeededChance::new(seed, FIRST_DAY).below(FIRST_DAYS.len() as u64);
    let drawn = usize::try_from(nth).ok().and_then(|nth| FIRST_DAYS.get(nth));
    let day = scenario.starts_on.map(|day| day.to_string());
    let day = day.unwrap_or_else(|| drawn.unwrap_or(&"2026-03-02").to_string());
    format!("{day}T00:00:00+08:00").parse().map_err(failed)
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
