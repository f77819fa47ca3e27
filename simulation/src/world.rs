//! One world: a few days of the whole product on one thread, with crashes, from an empty log.
//!
//! What survives a crash: the disk's synced bytes, the vault, the views' last commit, the outside world's
//! memory of calls, and the clock. All else is dropped in the middle of its work.

use super::Views;
use super::clock::{MachineClock, SeededChance, VirtualClock};
use super::disk::SimulatedDisk;
use super::faults::{self, Crash, FaultPeriod, Faults};
use super::invariants::{self, Findings, Terms};
use super::operator::{Operator, OperatorMemory, manner_of};
use super::port_wrappers::PortWrappers;
use super::power::Power;
use super::scenario::{FaultRates, Scenario};
use super::shape::WorldShape;
use super::shrink::STRIDE;
use super::witness::DurabilityWitness;
use domain::ports::clock::Clock;
use domain::ports::event_store::EventStore;
use domain::stored_event::{Position, StoredEvent};
use domain::time::Timestamp;
use media::lines::CarrierBook;
use projections::{ReadDb, SqliteReadDb, View, views};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::sync::Arc;
use store::{MemoryEventStore, MemoryVault};
use tokio::task::LocalSet;

/// Purpose of the disk's random numbers. Each use has a purpose of its own, so that no draw of one shifts
/// another.
const DISK: u64 = 1;
const VAULT: u64 = 2;
const FAULTS: u64 = 3;
const SHAPE: u64 = 5;
/// For the first day.
const FIRST_DAY: u64 = 6;

/// Milliseconds in a day.
const DAY_MS: u64 = 86_400_000;

/// How long a crashed machine takes to boot, in milliseconds.
const BOOT_MS: u64 = 1_500;

/// Time after the last day in which open work must settle, in milliseconds.
const GRACE_MS: u64 = 4 * 3_600_000;

/// First days of worlds: ordinary weeks, the spring festival with a working Saturday, 清明, the days on which
/// Berlin's clocks change, and the national days.
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

/// Why a world could not be run: a fault of the simulation, not a finding.
#[derive(Debug, thiserror::Error)]
pub enum SimulationError {
    #[error("the simulated runtime cannot be built: {0}")]
    Runtime(std::io::Error),
    #[error("the simulated system does not start: {0}")]
    Start(String),
    #[error("the log cannot be read back: {0}")]
    Log(String),
    #[error("an acknowledged event is no longer in the log")]
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

#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(crate) struct WorldReport {
    pub(crate) calls: u64,
    pub(crate) crashes: u64,
    pub(crate) events: u64,
    pub(crate) findings: Findings,
    pub(crate) log_hash: [u8; 32],
}

/// The parts of a world that survive a crash.
pub(crate) struct SimulatedWorld {
    pub(crate) plan: WorldPlan,
    pub(crate) wrappers: PortWrappers,
    pub(crate) shape: WorldShape,
    pub(crate) faults: Faults,
    pub(crate) seed: u64,
    pub(crate) midnight: Timestamp,
    /// The true time, which the outside world follows.
    pub(crate) truth: Arc<VirtualClock>,
    /// The machine's clock, which may be wrong.
    pub(crate) machine: Arc<MachineClock>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) power: Arc<Power>,
    pub(crate) disk: Arc<SimulatedDisk>,
    pub(crate) vault: Arc<MemoryVault>,
    pub(crate) views: Arc<dyn ReadDb>,
    pub(crate) book: Arc<CarrierBook>,
    pub(crate) notebook: Arc<OperatorMemory>,
    pub(crate) witness: Arc<DurabilityWitness>,
}

/// Runs one world from its first day to its end, through all its crashes, checks its log and returns the
/// report.
pub(crate) fn run(plan: WorldPlan, wrappers: PortWrappers) -> Result<WorldReport, SimulationError> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .map_err(SimulationError::Runtime)?;
    let (world, crashes) = runtime.block_on(async { SimulatedWorld::new(plan, wrappers) })?;
    let end = world.midnight.plus_ms(u64::from(plan.days) * DAY_MS + GRACE_MS);
    let lives = crashes.iter().copied().chain([Crash::end(end)]);
    let mut unwritten = Vec::new();
    for (generation, crash) in lives.enumerate() {
        world.disk.boot();
        let local = LocalSet::new();
        let started = runtime.block_on(local.run_until(world.live(generation as u64, crash)));
        // The power goes first: whatever `Drop` and `stopped` of dying tasks try then fails.
        let was_off = world.power.is_off();
        world.disk.crash();
        {
            let _virtual_time = runtime.enter();
            unwritten.push(world.unwritten_before(crash));
            drop(local);
        }
        if matches!(started, Err(SimulationError::Lost)) {
            // An acknowledged event is lost, so later results mean nothing. The oracle reports it.
            break;
        }
        match started {
            // A failed start during the loss of power is not an error.
            Err(_) if was_off => {}
            started => started?,
        }
        // Inside the runtime, because otherwise the clock would not be the virtual one.
        runtime.block_on(async { world.truth.wait_until(world.truth.now().plus_ms(BOOT_MS)).await });
    }
    world.disk.boot();
    runtime.block_on(world.judge(crashes.len() as u64, &unwritten))
}

pub(crate) fn failed(error: impl std::fmt::Display) -> SimulationError {
    SimulationError::Start(error.to_string())
}

impl SimulatedWorld {
    fn new(plan: WorldPlan, wrappers: PortWrappers) -> Result<(Self, Vec<Crash>), SimulationError> {
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
        let truth = Arc::new(VirtualClock::new(midnight));
        let machine = Arc::new(MachineClock::new(Arc::clone(&truth)));
        let world = Self {
            plan,
            wrappers,
            shape: WorldShape::draw(&SeededChance::new(seed, SHAPE)),
            faults,
            seed,
            midnight,
            truth,
            clock: Arc::clone(&machine) as _,
            machine,
            power,
            witness: Arc::new(DurabilityWitness::new(Arc::clone(&disk))),
            disk,
            vault: Arc::new(MemoryVault::new(Arc::new(SeededChance::new(seed, VAULT)))),
            views: (wrappers.rows)(Arc::new(SqliteReadDb::open_inline().map_err(failed)?)),
            book: Arc::new(CarrierBook::default()),
            notebook: Arc::new(OperatorMemory::default()),
        };
        Ok((world, crashes))
    }

    pub(crate) fn store(&self) -> Result<Arc<dyn EventStore>, SimulationError> {
        let disk = (self.wrappers.disk)(Arc::clone(&self.disk) as _);
        let store = MemoryEventStore::new(Arc::clone(&self.clock), disk).map_err(failed)?;
        Ok(Arc::new(store))
    }

    pub(crate) fn chosen(&self) -> Vec<Arc<dyn View>> {
        let views: Vec<Arc<dyn View>> = match self.plan.views {
            Views::All => views::all(),
            Views::Worklist => vec![Arc::new(views::worklist::Worklist)],
        };
        views.into_iter().map(self.wrappers.view).collect()
    }

    /// The intended terms of each campaign.
    fn terms(&self) -> BTreeMap<String, Terms> {
        let days = 0..self.plan.days;
        let campaigns = days.flat_map(|day| (0..self.shape.campaigns_per_day).map(move |part| (day, part)));
        let of = |(day, part)| {
            let manner = manner_of(&self.plan, self.seed, day, part);
            (Operator::campaign_id(day, part).to_string(), Terms::of(&manner))
        };
        campaigns.map(of).collect()
    }

    /// The period before a life's end, which is now, in which events may be missing in the log: its disk
    /// accepted no writes, or an append had begun and not finished.
    fn unwritten_before(&self, crash: Crash) -> FaultPeriod {
        let until = self.truth.now();
        let failing = crash.disk_from.map_or(0, |(from, _)| until.ms_since(from));
        FaultPeriod {
            from: until.minus_ms(failing.max(self.append_ms_max())),
            until: until.plus_ms(1),
        }
    }

    /// Longest append in this world, in milliseconds.
    fn append_ms_max(&self) -> u64 {
        let slow = self.faults.slow;
        slow.map_or(0, |_| self.plan.faults.slow_append_ms_max.into())
    }

    async fn judge(&self, crashes: u64, unwritten: &[FaultPeriod]) -> Result<WorldReport, SimulationError> {
        let store = self.store()?;
        // Everything is in the store now, and no further crash follows.
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
            acknowledged_answers: &self.witness.acknowledged(),
            terms: &self.terms(),
            never_began: &self.notebook.never_began(),
            drains: &self.witness.drains(),
            wrong_clock: self.faults.wrong_clock,
            jump: self.faults.jump,
            append_ms_max: self.append_ms_max(),
            has_no_faults: self.plan.faults == FaultRates::NONE,
            unwritten,
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
