//! The embedded store: a plain file, bare SQLite, the store itself, and the store behind entities.

use crate::append::actors::{ActorEngine, ActorRawFileEngine};
use crate::append::peers;
use crate::append::producers::{self, Producers};
use crate::append::{Engine, OurStore, Round, SIZES, STORE, one_size};
use crate::bench_installation::BenchInstallation;
use crate::figures::{Report, Target};
use crate::payload::{Payload, bytes_of};
use async_trait::async_trait;
use domain::problem::Problem;
use host::store_spec::StoreSpec;
use std::path::Path;
use std::sync::Arc;
use store::yardstick::{BareSqlite, RawFile};
use tokio::runtime::Runtime;

/// The name of the plain file in the report.
const RAW: &str = "raw file, write + fdatasync";
const BARE: &str = "bare SQLite";
const RAW_OF_ACTORS: &str = "raw file, the entities' bytes";
const ACTORS: &str = "our entities (decide, seal, append)";

/// Targets: events per second through entities over the plain file, at least, by events of a commit (issue
/// 3, figures to reach).
const ACTORS_OVER_RAW: [(usize, f64); 4] = [(1, 0.40), (16, 0.40), (256, 0.12), (4_096, 0.07)];

/// Target: a commit of the store over one of bare SQLite with one producer, at most.
const OVER_BARE_MAX: f64 = 1.3;

/// Target: events per second with 256 producers over those with one, at least.
const GROUP_COMMIT_MIN: f64 = 20.0;

pub(super) async fn run(report: &mut Report, peers: &[String], runtime: Arc<Runtime>) -> Result<(), Problem> {
    let directory = tempfile::tempdir()?;
    let direct = Arc::new(open(directory.path(), "direct", 0, &runtime).await?);
    let largest = SIZES.iter().map(|(size, _)| *size).max().unwrap_or(1);
    let hosted = Arc::new(open(directory.path(), "hosted", largest, &runtime).await?);
    report.fact("entity_record_bytes", hosted.record_bytes());
    let mut engines = engines(directory.path(), &direct, &hosted)?;
    let mut payload = Payload::new(1);
    for (size, rounds) in SIZES {
        let medians = one_size(report, "append", &mut engines, &mut payload, size, rounds).await?;
        let p50 = |name: &str| medians.of(name);
        ratios(report, size, p50);
        report.fact(
            &format!("commits of the last {size} events through entities"),
            hosted.commits_of_last(size).await?,
        );
    }
    drop(engines);
    let mut ours = producers::StoreProducers::new(Arc::clone(&direct), 2);
    group_commit(report, "our store", &mut ours).await?;
    group_commit(
        report,
        "our entities",
        &mut producers::EntityProducers(Arc::clone(&hosted)),
    )
    .await?;
    let place = peers::PeerBenchContext {
        server: None,
        tasks: direct.tasks(),
        runtime,
    };
    peers::run(report, peers, &place).await?;
    direct.close().await;
    hosted.close().await;
    Ok(())
}

async fn open(
    directory: &Path,
    name: &str,
    customers_count: usize,
    runtime: &Arc<Runtime>,
) -> Result<BenchInstallation, Problem> {
    let own = directory.join(name);
    let log = StoreSpec::Sqlite(own.clone());
    BenchInstallation::open(&own, log, customers_count, Arc::clone(runtime)).await
}

fn ratios(report: &mut Report, size: usize, p50: impl Fn(&str) -> f64) {
    let target = ACTORS_OVER_RAW.iter().find(|(events, _)| *events == size);
    report.ratio(
        format!("{size}: raw / entities"),
        p50(RAW_OF_ACTORS),
        p50(ACTORS),
        target.map(|(_, least)| Target::AtLeast(*least)),
    );
    report.ratio(
        format!("{size}:   component: raw / our store"),
        p50(RAW),
        p50(STORE),
        None,
    );
    report.ratio(
        format!("{size}:   component: our store / entities"),
        p50(STORE),
        p50(ACTORS),
        None,
    );
    report.ratio(format!("{size}: raw / bare SQLite"), p50(RAW), p50(BARE), None);
    let target = (size == 1).then_some(Target::AtMost(OVER_BARE_MAX));
    report.ratio(
        format!("{size}: our store / bare SQLite, p50"),
        p50(STORE),
        p50(BARE),
        target,
    );
}

async fn group_commit(report: &mut Report, name: &str, producers: &mut dyn Producers) -> Result<(), Problem> {
    let rates = producers::measure(report, name, producers).await?;
    report.ratio(
        format!("group commit, {name}: events/s with 256 producers / 1"),
        rates.of(256),
        rates.of(1),
        Some(Target::AtLeast(GROUP_COMMIT_MIN)),
    );
    Ok(())
}

fn engines(
    directory: &Path,
    direct: &BenchInstallation,
    hosted: &Arc<BenchInstallation>,
) -> Result<Vec<Box<dyn Engine>>, Problem> {
    let raw = RawFile::create(&directory.join("raw"))?;
    let bare = BareSqlite::create(&directory.join("bare.db"))?;
    let raw_of_actors = RawFile::create(&directory.join("raw-entities"))?;
    Ok(vec![
        Box::new(RawFileEngine(raw)),
        Box::new(SqliteEngine(bare)),
        Box::new(OurStore(Arc::clone(direct.store()))),
        Box::new(ActorRawFileEngine::new(
            RAW_OF_ACTORS,
            raw_of_actors,
            hosted.record_bytes(),
        )),
        Box::new(ActorEngine {
            name: ACTORS,
            workshop: Arc::clone(hosted),
        }),
    ])
}

struct RawFileEngine(RawFile);

#[async_trait]
impl Engine for RawFileEngine {
    fn name(&self) -> &'static str {
        RAW
    }
    async fn commit(&mut self, round: &Round) -> Result<(), Problem> {
        Ok(self.0.commit(bytes_of(&round.batches))?)
    }
}

struct SqliteEngine(BareSqlite);

#[async_trait]
impl Engine for SqliteEngine {
    fn name(&self) -> &'static str {
        BARE
    }
    async fn commit(&mut self, round: &Round) -> Result<(), Problem> {
        Ok(self.0.commit(&round.batches)?)
    }
}
