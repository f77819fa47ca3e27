//! `ledgerline-bench append`: what a durable append costs beside the disk's own limit, bare databases and
//! external stores, one commit of each in turn.

pub(crate) mod actors;
mod embedded;
mod peers;
mod postgres;
mod producers;

use crate::figures::Report;
use crate::load::processor_nanos;
use crate::payload::Payload;
use crate::stopwatch::{Stopwatch, Times};
use async_trait::async_trait;
use domain::ports::event_store::EventStore;
use domain::problem::Problem;
use futures_util::future::try_join_all;
use host::store_spec::StoreSpec;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};
use std::sync::Arc;
use store::yardstick::Batch;
use tokio::runtime::Runtime;

/// The measured numbers of events in a commit, and how many commits of each.
const SIZES: [(usize, usize); 4] = [(1, 300), (16, 200), (256, 60), (4_096, 15)];

/// The rounds that do not count, before the first that does: files exist, statements are prepared, streams
/// are known.
const WARM_UP_ROUNDS: usize = 3;

/// The seed of the order in which the engines commit in each round: the same in every run.
const ORDER_SEED: u64 = 7;

/// Durable appends, interleaved with the same bytes in a plain file, bare SQLite or PostgreSQL, and peers.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The store to measure: sqlite: (default; a directory of its own) or postgres://…
    #[arg(long, value_name = "URL")]
    store: Option<StoreSpec>,
    /// External stores to run beside ours: all, none, or names with commas (see bench/peers/run.sh)
    #[arg(long, value_name = "LIST")]
    peers: Option<String>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

pub(crate) async fn run(args: Args, runtime: Arc<Runtime>) -> Result<(), Problem> {
    let mut report = Report::default();
    report.fact("record_bytes", crate::payload::RECORD_BYTES);
    let with_postgres = matches!(args.store, Some(StoreSpec::Postgres(_)));
    let peers = peers::parse_peers(args.peers.as_deref(), with_postgres);
    match &args.store {
        None | Some(StoreSpec::Sqlite(_)) => embedded::run(&mut report, &peers, runtime).await?,
        Some(StoreSpec::Postgres(url)) => postgres::run(&mut report, url, &peers, runtime).await?,
        Some(StoreSpec::Kurrent(_)) => {
            return Err(Problem::invalid(
                "bench-usage",
                "bench append measures sqlite: and postgres:// only",
            ));
        }
    }
    report.show(args.json)
}

/// The events of one commit, the same for every engine.
struct Round {
    batches: Vec<Batch>,
    count: usize,
}

/// An engine that makes events durable.
#[async_trait]
trait Engine: Send {
    fn name(&self) -> &'static str;
    /// Returns when all events of the round are durable.
    async fn commit(&mut self, round: &Round) -> Result<(), Problem>;
}

/// The name of our store in the report, in a directory as in a database.
const STORE: &str = "our store";

struct OurStore(Arc<dyn EventStore>);

#[async_trait]
impl Engine for OurStore {
    fn name(&self) -> &'static str {
        STORE
    }
    async fn commit(&mut self, round: &Round) -> Result<(), Problem> {
        let appends = round.batches.iter().map(|batch| {
            self.0
                .append(&batch.stream, batch.expected, batch.records.clone())
        });
        try_join_all(appends).await?;
        Ok(())
    }
}

/// Commits the same events with each engine in turn, `rounds` times after the warm-up. The order changes
/// each round: a sync also waits for what the engine before it has left to the file system. Returns the
/// times of each engine.
async fn interleave(
    engines: &mut [Box<dyn Engine>],
    rounds: usize,
    mut next: impl FnMut() -> Round + Send,
) -> Result<Vec<Times>, Problem> {
    let mut times = vec![Times::default(); engines.len()];
    let mut order: Vec<usize> = (0..engines.len()).collect();
    let mut shuffle = ChaCha8Rng::seed_from_u64(ORDER_SEED);
    for number in 0..rounds + WARM_UP_ROUNDS {
        let round = next();
        order.sort_by_cached_key(|_| shuffle.next_u32());
        for &place in &order {
            let Some((engine, times)) = engines.get_mut(place).zip(times.get_mut(place)) else {
                continue;
            };
            let began = processor_nanos();
            let watch = Stopwatch::start();
            engine.commit(&round).await?;
            if number >= WARM_UP_ROUNDS {
                times.add(watch.nanos());
                times.add_processor(processor_nanos().saturating_sub(began));
            }
        }
    }
    Ok(times)
}

/// The median times of one commit, by the name of the engine.
struct Medians(Vec<(&'static str, f64)>);

impl Medians {
    /// Returns microseconds; 0 for an unknown name.
    fn of(&self, name: &str) -> f64 {
        let found = self.0.iter().find(|(engine, _)| *engine == name);
        found.map_or(0.0, |(_, p50_us)| *p50_us)
    }
}

/// Measures commits of one size and shows a row for each engine.
async fn one_size(
    report: &mut Report,
    title: &str,
    engines: &mut [Box<dyn Engine>],
    payload: &mut Payload,
    size: usize,
    rounds: usize,
) -> Result<Medians, Problem> {
    let times = interleave(engines, rounds, || Round {
        batches: payload.commit(size),
        count: size,
    })
    .await?;
    let section = format!("{title}, {size} events a commit");
    for (engine, times) in engines.iter().zip(&times) {
        report.row(&section, engine.name(), times, size);
    }
    let names = engines.iter().map(|engine| engine.name());
    let medians = times.iter().map(Times::p50_us);
    Ok(Medians(names.zip(medians).collect()))
}
