//! The PostgreSQL store: binary COPY and an INSERT of arrays into the same table, then producers and peers.

use crate::append::peers;
use crate::append::producers::{self, StoreProducers};
use crate::append::{Engine, OurStore, Round, SIZES, STORE, one_size};
use crate::bench_installation::BenchInstallation;
use crate::figures::{Report, Target};
use crate::payload::Payload;
use async_trait::async_trait;
use domain::problem::Problem;
use host::store_spec::StoreSpec;
use std::sync::Arc;
use store::yardstick::{BarePostgres, Method};
use tokio::runtime::Runtime;

/// The name of the bare COPY in the report.
const COPY: &str = "binary COPY into the same table";
const PREPARED_COPY: &str = "binary COPY, parsed once";
const INSERT: &str = "INSERT of arrays into the same table";

/// Targets: events per second of the store over COPY, at least, by events of a commit (issue 3, figures to
/// reach).
const STORE_OVER_COPY: [(usize, f64); 4] = [(1, 0.9), (16, 0.9), (256, 0.8), (4_096, 0.6)];

pub(super) async fn run(
    report: &mut Report,
    url: &str,
    peers: &[String],
    runtime: Arc<Runtime>,
) -> Result<(), Problem> {
    let directory = tempfile::tempdir()?;
    let log = StoreSpec::Postgres(url.to_owned());
    let workshop =
        BenchInstallation::open(&directory.path().join("data"), log, 0, Arc::clone(&runtime)).await?;
    let workshop = Arc::new(workshop);
    workshop.require_empty_log().await?;
    let tasks = workshop.tasks();
    let mut engines: Vec<Box<dyn Engine>> = vec![
        Box::new(PostgresEngine(
            COPY,
            BarePostgres::connect(url, Method::Copy, tasks).await?,
        )),
        Box::new(PostgresEngine(
            PREPARED_COPY,
            BarePostgres::connect(url, Method::PreparedCopy, tasks).await?,
        )),
        Box::new(PostgresEngine(
            INSERT,
            BarePostgres::connect(url, Method::Insert, tasks).await?,
        )),
        Box::new(OurStore(Arc::clone(workshop.store()))),
    ];
    sizes(report, &mut engines).await?;
    drop(engines);
    let mut producers = StoreProducers::new(Arc::clone(&workshop), 2);
    producers::measure(report, "our store on PostgreSQL", &mut producers).await?;
    drop(producers);
    let place = peers::PeerBenchContext {
        server: Some(url),
        tasks,
        runtime,
    };
    peers::run(report, peers, &place).await?;
    workshop.close().await;
    Ok(())
}

async fn sizes(report: &mut Report, engines: &mut [Box<dyn Engine>]) -> Result<(), Problem> {
    let mut payload = Payload::new(1);
    for (size, rounds) in SIZES {
        let medians = one_size(
            report,
            "append on PostgreSQL",
            engines,
            &mut payload,
            size,
            rounds,
        )
        .await?;
        let p50 = |name: &str| medians.of(name);
        let target = STORE_OVER_COPY.iter().find(|(events, _)| *events == size);
        report.ratio(
            format!("PostgreSQL, {size}: COPY / our store"),
            p50(COPY),
            p50(STORE),
            target.map(|(_, least)| Target::AtLeast(*least)),
        );
        report.ratio(
            format!("PostgreSQL, {size}: COPY parsed once / our store"),
            p50(PREPARED_COPY),
            p50(STORE),
            None,
        );
        report.ratio(
            format!("PostgreSQL, {size}: INSERT of arrays / our store"),
            p50(INSERT),
            p50(STORE),
            None,
        );
    }
    Ok(())
}

struct PostgresEngine(&'static str, BarePostgres);

#[async_trait]
impl Engine for PostgresEngine {
    fn name(&self) -> &'static str {
        self.0
    }
    async fn commit(&mut self, round: &Round) -> Result<(), Problem> {
        Ok(self.1.commit(&round.batches).await?)
    }
}
