//! Producers that wait for each answer before they go on: what group commit makes of their number.

use super::actors::Workshop;
use crate::cli::bench::figures::Report;
use crate::cli::bench::payload::Payload;
use crate::cli::bench::stopwatch::{Stopwatch, Times};
use crate::cli::failure::Failure;
use async_trait::async_trait;
use domain::ports::event_store::EventStore;
use futures_util::future::try_join_all;
use std::sync::Arc;
use store::yardstick::Batch;

/// How many producers, and how many events each appends in one slice.
const PRODUCERS: [(usize, usize); 3] = [(1, 100), (32, 60), (256, 60)];

/// Slices of each number, in turn.
const SLICES_COUNT: usize = 5;

/// Something that many may append to at once.
#[async_trait]
pub(super) trait Producers: Send {
    /// What the producers of one slice are to append, made before the watch starts.
    fn prepare(&mut self, producers: usize, each: usize);
    /// Each producer appends its events one by one.
    async fn drive(&mut self, producers: usize, each: usize) -> Result<(), Failure>;
}

/// Events per second by number of producers.
pub(super) struct Rates(Vec<(usize, f64)>);

impl Rates {
    pub(super) fn of(&self, producers: usize) -> f64 {
        let rate = self.0.iter().find(|(count, _)| *count == producers);
        rate.map_or(0.0, |(_, rate)| *rate)
    }
}

/// A slice of each number in turn, several times.
pub(super) async fn measure(
    report: &mut Report,
    name: &str,
    producers: &mut dyn Producers,
) -> Result<Rates, Failure> {
    let mut times = vec![Times::default(); PRODUCERS.len()];
    for _ in 0..SLICES_COUNT {
        for ((count, each), times) in PRODUCERS.iter().zip(&mut times) {
            producers.prepare(*count, *each);
            let watch = Stopwatch::start();
            producers.drive(*count, *each).await?;
            times.add(watch.nanos());
        }
    }
    let mut rates = Vec::new();
    for ((count, each), times) in PRODUCERS.iter().zip(&times) {
        let events = count * each;
        report.row(
            &format!("{name}, a slice of N producers"),
            &format!("{count} producers x {each} events"),
            times,
            events,
        );
        rates.push((*count, times.per_second(events)));
    }
    Ok(Rates(rates))
}

/// Producers that append to the store themselves, each to streams of its own.
pub(super) struct OfStore {
    store: Arc<dyn EventStore>,
    payload: Payload,
    prepared: Vec<Vec<Batch>>,
}

impl OfStore {
    pub(super) fn new(store: Arc<dyn EventStore>, salt: u64) -> Self {
        Self {
            store,
            payload: Payload::new(salt),
            prepared: Vec::new(),
        }
    }

    async fn one(&self, batches: Vec<Batch>) -> Result<(), Failure> {
        for batch in batches {
            self.store
                .append(&batch.stream, batch.expected, batch.records)
                .await?;
        }
        Ok(())
    }
}

#[async_trait]
impl Producers for OfStore {
    fn prepare(&mut self, producers: usize, each: usize) {
        self.prepared = vec![Vec::with_capacity(each); producers];
        for _ in 0..each {
            for own in &mut self.prepared {
                own.push(self.payload.append(1));
            }
        }
    }

    async fn drive(&mut self, _producers: usize, _each: usize) -> Result<(), Failure> {
        let prepared = std::mem::take(&mut self.prepared);
        try_join_all(prepared.into_iter().map(|batches| self.one(batches))).await?;
        Ok(())
    }
}

/// Producers that each ask an entity of their own.
pub(super) struct OfEntities(pub(super) Arc<Workshop>);

impl OfEntities {
    async fn one(&self, producer: usize, each: usize) -> Result<(), Failure> {
        for _ in 0..each {
            self.0.ask(producer).await?;
        }
        Ok(())
    }
}

#[async_trait]
impl Producers for OfEntities {
    fn prepare(&mut self, _producers: usize, _each: usize) {}

    async fn drive(&mut self, producers: usize, each: usize) -> Result<(), Failure> {
        try_join_all((0..producers).map(|producer| self.one(producer, each))).await?;
        Ok(())
    }
}
