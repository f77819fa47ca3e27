//! Producers that wait for each response before they continue: how group commit depends on their number.

use crate::append::actors::run_in_tasks;
use crate::bench_installation::BenchInstallation;
use crate::figures::Report;
use crate::payload::Payload;
use crate::stopwatch::{Stopwatch, Times};
use async_trait::async_trait;
use domain::ports::event_store::EventStore;
use domain::problem::Problem;
use futures_util::future::try_join_all;
use std::sync::Arc;
use store::yardstick::Batch;

/// A slice: so many producers, each with so many commits of so many events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Case {
    pub(crate) producers: usize,
    /// The events of a commit.
    pub batch: usize,
    pub commits: usize,
}

impl Case {
    pub(super) const fn events(self) -> usize {
        self.producers * self.batch * self.commits
    }
}

/// The measured numbers of producers.
const CASES: [Case; 3] = [single(1, 100), single(32, 60), single(256, 60)];

const fn single(producers: usize, commits: usize) -> Case {
    Case {
        producers,
        batch: 1,
        commits,
    }
}

/// The slices of each number, in turn.
const SLICES_COUNT: usize = 5;

/// A log to which many producers append at the same time, as it is measured.
#[async_trait]
pub(crate) trait Producers: Send {
    /// Makes what the producers of one slice append, before the watch starts.
    fn prepare(&mut self, case: Case);
    /// Lets each producer append its prepared events, each when the one before is durable.
    async fn drive(&mut self, case: Case) -> Result<(), Problem>;
}

/// Events per second by number of producers.
pub(crate) struct Rates(Vec<(usize, f64)>);

impl Rates {
    pub(super) fn of(&self, producers: usize) -> f64 {
        let rate = self.0.iter().find(|(count, _)| *count == producers);
        rate.map_or(0.0, |(_, rate)| *rate)
    }
}

/// Measures a slice of each case in turn, several times, and adds the times to the report. Returns the
/// events per second of each case.
pub(super) async fn measure(
    report: &mut Report,
    name: &str,
    producers: &mut dyn Producers,
) -> Result<Rates, Problem> {
    let mut times = vec![Times::default(); CASES.len()];
    for _ in 0..SLICES_COUNT {
        for (case, times) in CASES.iter().zip(&mut times) {
            times.add(measure_slice(producers, *case).await?);
        }
    }
    let mut rates = Vec::new();
    for (case, times) in CASES.iter().zip(&times) {
        report.row(
            &format!("{name}, a slice of N producers"),
            &format!("{} producers x {} events", case.producers, case.commits),
            times,
            case.events(),
        );
        rates.push((case.producers, times.per_second(case.events())));
    }
    Ok(Rates(rates))
}

/// Returns the nanoseconds of one slice.
pub(super) async fn measure_slice(producers: &mut dyn Producers, case: Case) -> Result<u64, Problem> {
    producers.prepare(case);
    let watch = Stopwatch::start();
    producers.drive(case).await?;
    Ok(watch.nanos())
}

/// Producers that append to the store without entities, each to streams of its own.
pub(crate) struct StoreProducers {
    workshop: Arc<BenchInstallation>,
    payload: Payload,
    prepared: Vec<Vec<Batch>>,
    /// The time of each append of the last slice.
    waits: Times,
}

impl StoreProducers {
    /// Appends go to many streams in turn.
    pub(super) fn new(workshop: Arc<BenchInstallation>, salt: u64) -> Self {
        Self::of(workshop, Payload::new(salt))
    }

    /// Makes producers of which each always appends to the same stream; there must be as many as
    /// `producers`.
    pub(crate) fn of_one_stream_each(workshop: Arc<BenchInstallation>, salt: u64, producers: usize) -> Self {
        Self::of(workshop, Payload::spread(salt, producers))
    }

    fn of(workshop: Arc<BenchInstallation>, payload: Payload) -> Self {
        Self {
            workshop,
            payload,
            prepared: Vec::new(),
            waits: Times::default(),
        }
    }

    pub(super) const fn waits(&self) -> &Times {
        &self.waits
    }
}

/// Makes one producer's appends, one after the other; returns the nanoseconds of each.
async fn append_each(store: &dyn EventStore, batches: Vec<Batch>) -> Result<Vec<u64>, Problem> {
    let mut waits = Vec::with_capacity(batches.len());
    for batch in batches {
        let watch = Stopwatch::start();
        store.append(&batch.stream, batch.expected, batch.records).await?;
        waits.push(watch.nanos());
    }
    Ok(waits)
}

#[async_trait]
impl Producers for StoreProducers {
    fn prepare(&mut self, case: Case) {
        self.prepared = vec![Vec::with_capacity(case.commits); case.producers];
        for _ in 0..case.commits {
            for own in &mut self.prepared {
                own.push(self.payload.append(case.batch));
            }
        }
    }

    async fn drive(&mut self, case: Case) -> Result<(), Problem> {
        let mut prepared = std::mem::take(&mut self.prepared).into_iter();
        let waits = run_in_tasks(self.workshop.tasks(), case.producers, |producers| {
            let own: Vec<Vec<Batch>> = prepared.by_ref().take(producers.len()).collect();
            let store = Arc::clone(self.workshop.store());
            async move { try_join_all(own.into_iter().map(|batches| append_each(&*store, batches))).await }
        })
        .await?;
        self.waits = Times::default();
        waits
            .into_iter()
            .flatten()
            .flatten()
            .for_each(|nanos| self.waits.add(nanos));
        Ok(())
    }
}

/// Producers that each send to their own entity.
pub(crate) struct EntityProducers(pub Arc<BenchInstallation>);

async fn ask_often(workshop: &BenchInstallation, producer: usize, each: usize) -> Result<(), Problem> {
    for _ in 0..each {
        workshop.ask(producer).await?;
    }
    Ok(())
}

#[async_trait]
impl Producers for EntityProducers {
    fn prepare(&mut self, _case: Case) {}

    async fn drive(&mut self, case: Case) -> Result<(), Problem> {
        run_in_tasks(self.0.tasks(), case.producers, |producers| {
            let workshop = Arc::clone(&self.0);
            async move {
                let asks = producers.map(|producer| ask_often(&workshop, producer, case.commits));
                try_join_all(asks).await.map(drop)
            }
        })
        .await
        .map(drop)
    }
}
