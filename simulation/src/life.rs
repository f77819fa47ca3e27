//! One life of a world's machine: the product starts, runs with the faults around it, and is cut off or
//! stopped.

use super::agent_breaks::AgentBreaks;
use super::agents::SimulatedAgents;
use super::clock::SeededChance;
use super::faults::Crash;
use super::operator::Operator;
use super::people::SeededCallees;
use super::slow_store::SlowStore;
use super::tasks::LocalTasks;
use super::world::{SimulatedWorld, SimulationError, failed};
use actors::{ActorSystem, DriverPorts, Drivers, DriversHandle, EntityRuntime, Environment};
use async_trait::async_trait;
use domain::ids::CallId;
use domain::installation::ClockOffset;
use domain::ports::agents::Agents;
use domain::ports::clock::Clock;
use domain::ports::event_store::EventStore;
use domain::ports::recording::{RecordingError, RecordingFacts, Recordings};
use domain::ports::tasks::Tasks;
use media::lines::SimulatedLine;
use projections::{ProjectionContext, Projections};
use speech::simulated_synthesizer::SimulatedSynthesizer;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::OnceCell;

/// Purpose of the random numbers for ids; a life adds its generation, so that each has other ids.
const IDS: u64 = 4;
/// Purpose of the random numbers for the length of slow appends; a life adds its generation.
const SLOW: u64 = 7;

/// Longest time that a planned stop gives calls to finish.
const DRAIN_FOR: Duration = Duration::from_secs(120);

/// The offset that is measured while a clock is wrong, in milliseconds: half a second more than dialing
/// allows.
const WRONG_BY_MS: i64 = 2_500;

/// Recordings of simulated calls: there are none, because there is no audio.
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

impl SimulatedWorld {
    /// Returns the world's store; in a world with slow appends one that delays them for a period.
    fn store_of(&self, generation: u64) -> Result<Arc<dyn EventStore>, SimulationError> {
        let inner = (self.wrappers.store)(self.store()?);
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

    /// Starts the product and lets it run until it crashes or stops. Fails if the log is shorter than what
    /// was acknowledged.
    pub(crate) async fn live(&self, generation: u64, crash: Crash) -> Result<(), SimulationError> {
        let tasks: Arc<dyn Tasks> = Arc::new(LocalTasks::new(Arc::clone(&self.power)));
        let environment = Environment {
            store: self.store_of(generation)?,
            vault: Arc::clone(&self.vault) as _,
            clock: Arc::clone(&self.clock),
            ids: Arc::new(SeededChance::new(self.seed, IDS + (generation << 8))),
            tasks: Arc::clone(&tasks),
            damage: Arc::default(),
            skew: Arc::default(),
            engines: Arc::default(),
            latencies: Arc::default(),
            traces: Arc::default(),
            rehearsal: true,
        };
        let head = environment.store.head().await.map_err(failed)?;
        if self.notebook.positions().iter().any(|position| *position > head) {
            return Err(SimulationError::Lost);
        }
        self.machine.set_apart(self.wall_apart_ms());
        self.schedule_faults(tasks.as_ref(), crash);
        self.watch_wall(tasks.as_ref(), &environment);
        self.watch_clock(tasks.as_ref(), &environment);
        (self.wrappers.begin_life)();
        let system = self.start_system(&environment);
        let ports = self.ports(&environment).await?;
        let operator = self.operator(&system, &environment);
        let started = OnceCell::new();
        let living = async {
            let recordings = Arc::new(NoRecordings);
            match actors::start_erasures(&system, &environment, recordings).await {
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
                // The product does not start while its disk fails.
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

    #[expect(
        clippy::disallowed_methods,
        reason = "planted bugs are wrapped decide functions"
    )]
    fn start_system(&self, environment: &Environment) -> ActorSystem {
        ActorSystem::start_deciding(environment.clone(), EntityRuntime::Local, self.wrappers.decide)
    }

    /// Returns when this life ends by itself: at its time, or when a planned stop has finished.
    async fn over(&self, crash: Crash, started: &OnceCell<DriversHandle>) {
        self.truth.wait_until(crash.at).await;
        let Some(drivers) = started.get().filter(|_| crash.planned) else {
            return;
        };
        // The times of a wrong clock cannot be compared with calls in true time.
        if self.machine.apart_ms() != 0 {
            return self.drain(drivers).await;
        }
        self.witness.drain_begins(self.clock.now());
        self.drain(drivers).await;
        self.witness.drain_ends(self.clock.now());
    }

    async fn drain(&self, drivers: &DriversHandle) {
        match self.wrappers.stops_drivers {
            true => drivers.drain(DRAIN_FOR).await,
            false => self.truth.wait_until(self.truth.now().plus(DRAIN_FOR)).await,
        }
    }

    /// In a world with a wrong clock: reports, for the period of the fault, an NTP offset that is above the
    /// limit of dialing.
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
        let clock = Arc::clone(&self.truth);
        let skew = (self.wrappers.skew)(Arc::clone(&environment.skew));
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
        let grounds = ProjectionContext {
            store: Arc::clone(&environment.store),
            db: Arc::clone(&self.views),
            clock: Arc::clone(&self.clock),
        };
        let projections = Projections::start_with_spacing(
            grounds,
            self.chosen(),
            self.shape.views_apart_ms,
            environment.tasks.as_ref(),
        )
        .await
        .map_err(failed)?;
        let callees = Arc::new(SeededCallees {
            seed: self.seed,
            outages: self.faults.outages.clone(),
            witness: Arc::clone(&self.witness),
            power: Arc::clone(&self.power),
        });
        let line = |facts| {
            // The outside world follows the true time, whatever the machine's clock shows.
            let clock = Arc::clone(&self.truth) as Arc<dyn Clock>;
            let callees = Arc::clone(&callees);
            let line = SimulatedLine::new(facts, clock, callees, Arc::clone(&self.book));
            (self.wrappers.line)(Arc::new(line), &self.clock)
        };
        Ok(DriverPorts {
            worklist: (self.wrappers.worklist)(Arc::new(projections.worklist())),
            lines: self.shape.line_facts().into_iter().map(line).collect(),
            synthesizer: Arc::new(SimulatedSynthesizer),
            hearing: None,
            recordings: Arc::new(NoRecordings),
            agents: self.agents().map(|agents| Arc::new(agents) as Arc<dyn Agents>),
        })
    }

    fn agents(&self) -> Option<SimulatedAgents> {
        let breaks = AgentBreaks::draw(self.seed, &self.plan.faults);
        SimulatedAgents::new(self.plan.agents, self.seed, Arc::clone(&self.clock), breaks)
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
            let (disk, clock) = (Arc::clone(&self.disk), Arc::clone(&self.truth));
            let fails = async move {
                clock.wait_until(from).await;
                disk.fail(fault);
            };
            tasks.spawn("failing disk", Box::pin(fails));
        }
        if let Some(sync) = crash.at_sync {
            let (disk, clock) = (Arc::clone(&self.disk), Arc::clone(&self.truth));
            let armed = async move {
                clock.wait_until(sync.armed_at).await;
                disk.arm(sync.nth, sync.side);
            };
            tasks.spawn("armed disk", Box::pin(armed));
        }
    }
}
