//! External stores beside ours: a round is a slice of each, both on a new log, and every second round begins
//! with the peer. The median of the rounds' ratios counts.

mod script;

use crate::append::producers::{Case, StoreProducers, measure_slice};
use crate::bench_installation::BenchInstallation;
use crate::figures::{Report, Row, Target, median};
use crate::stopwatch::float;
use application::notice::notice;
use domain::ports::tasks::Tasks;
use domain::problem::Problem;
use host::store_spec::StoreSpec;
use script::PeerResult;
use std::sync::Arc;
use store::yardstick::{drop_database, fresh_database};
use tokio::runtime::Runtime;

/// Peers that store their events in PostgreSQL.
const ON_POSTGRES: [&str; 4] = ["message-db", "eventsourcing-postgres", "emmett", "postgres-es"];

/// Peers that store their events in a file.
const ON_FILES: [&str; 2] = ["eventsourcing-sqlite", "umadb"];

/// The compared cases: first one event per commit by number of producers, then one producer by events of a
/// commit.
const CASES: [Case; 5] = [
    case(1, 1, 300),
    case(32, 1, 60),
    case(256, 1, 15),
    case(1, 16, 60),
    case(1, 256, 20),
];

const fn case(producers: usize, batch: usize, commits: usize) -> Case {
    Case {
        producers,
        batch,
        commits,
    }
}

/// The commits of each producer before the watch starts, as in the peers' programs.
const WARM_UP_COMMITS: usize = 20;

const ROUNDS_COUNT: usize = 7;

/// The name of the database in which our log is created for a round.
const OUR_DATABASE: &str = "peer_ledgerline";

/// The databases that the peers' programs create.
const THEIR_DATABASES: [&str; 4] = [
    "peer_message_db",
    "peer_eventsourcing",
    "peer_emmett",
    "peer_postgres_es",
];

/// Returns the peers that `--peers` names: `all`, `none` or names with commas.
pub(super) fn parse_peers(list: Option<&str>, with_postgres: bool) -> Vec<String> {
    let all = || {
        let files = ON_FILES.iter();
        let servers = ON_POSTGRES.iter().filter(|_| with_postgres);
        servers.chain(files).map(|&name| name.to_owned()).collect()
    };
    match list {
        None | Some("none") => Vec::new(),
        Some("all") => all(),
        Some(names) => names.split(',').map(|name| name.trim().to_owned()).collect(),
    }
}

/// The place where new logs are created.
pub(super) struct PeerBenchContext<'a> {
    /// The server on which our databases and the peers' are created; without one our log is in a directory.
    pub server: Option<&'a str>,
    pub tasks: &'a dyn Tasks,
    pub runtime: Arc<Runtime>,
}

/// The results of our store and of a peer in one round of one case.
struct RoundResults {
    ours: Rate,
    peer: PeerResult,
}

/// The result of our store.
#[derive(Debug, Clone, Copy)]
struct Rate {
    per_second: f64,
    p50_us: f64,
    p99_us: f64,
}

/// Why there are no figures.
enum RunFailure {
    /// The peer cannot run here, or failed.
    Peer(String),
    Ours(Problem),
}

/// Compares our store with each peer.
pub(super) async fn run(
    report: &mut Report,
    peers: &[String],
    place: &PeerBenchContext<'_>,
) -> Result<(), Problem> {
    for peer in peers {
        notice(&format!("{peer}: {ROUNDS_COUNT} rounds of both"));
        match rounds(peer, place).await {
            Ok(cases) => cases.iter().for_each(|pairs| compare(report, pairs)),
            Err(RunFailure::Peer(why)) => report.skipped(format!("peer {peer}: {why}")),
            Err(RunFailure::Ours(failure)) => return Err(failure),
        }
    }
    if let (Some(server), false) = (place.server, peers.is_empty()) {
        for name in THEIR_DATABASES.into_iter().chain([OUR_DATABASE]) {
            if let Err(error) = drop_database(server, name, place.tasks).await {
                notice(&format!("the database {name} is left: {error}"));
            }
        }
    }
    Ok(())
}

/// Runs the rounds of one peer. Returns for each of its cases the results of all rounds, ours and the
/// peer's.
async fn rounds(peer: &str, place: &PeerBenchContext<'_>) -> Result<Vec<Vec<RoundResults>>, RunFailure> {
    let of_peer = || async { script::run(peer, place.server).await.map_err(RunFailure::Peer) };
    let of_ours = || async { ours(place).await.map_err(RunFailure::Ours) };
    // The first run prepares the peer; its figures do not count.
    let mut cases: Vec<Vec<RoundResults>> = of_peer().await?.iter().map(|_| Vec::new()).collect();
    for round in 0..ROUNDS_COUNT {
        let (lines, rates) = if round % 2 == 0 {
            let rates = of_ours().await?;
            (of_peer().await?, rates)
        } else {
            (of_peer().await?, of_ours().await?)
        };
        for (pairs, line) in cases.iter_mut().zip(lines) {
            let own = |case: &Case| (case.producers, case.batch) == (line.asked, line.batch);
            if let Some((_, ours)) = rates.iter().find(|(case, _)| own(case)) {
                pairs.push(RoundResults {
                    ours: *ours,
                    peer: line,
                });
            }
        }
    }
    Ok(cases)
}

/// Measures our store in each case, on one log for all of them; each producer has one stream, as in a peer.
async fn ours(place: &PeerBenchContext<'_>) -> Result<Vec<(Case, Rate)>, Problem> {
    let directory = tempfile::tempdir()?;
    let own = directory.path().join("data");
    let log = match place.server {
        Some(server) => StoreSpec::Postgres(fresh_database(server, OUR_DATABASE, place.tasks).await?),
        None => StoreSpec::Sqlite(own.clone()),
    };
    let workshop = Arc::new(BenchInstallation::open(&own, log, 0, Arc::clone(&place.runtime)).await?);
    let mut rates = Vec::with_capacity(CASES.len());
    for (case, salt) in CASES.into_iter().zip(1..) {
        let mut producers = StoreProducers::of_one_stream_each(Arc::clone(&workshop), salt, case.producers);
        let warm_up = Case {
            commits: WARM_UP_COMMITS,
            ..case
        };
        measure_slice(&mut producers, warm_up).await?;
        let nanos = measure_slice(&mut producers, case).await?;
        let rate = Rate {
            per_second: float(case.events() as u64) * 1e9 / float(nanos.max(1)),
            p50_us: producers.waits().p50_us(),
            p99_us: producers.waits().p99_us(),
        };
        rates.push((case, rate));
    }
    workshop.close().await;
    Ok(rates)
}

/// Adds the medians of one case's rounds to the report, ours and the peer's, and their ratio with its
/// target.
fn compare(report: &mut Report, pairs: &[RoundResults]) {
    let Some(RoundResults { peer, .. }) = pairs.first() else {
        return;
    };
    let size = format!("{} producers, {} a commit", peer.asked, peer.batch);
    let of_pool = if peer.producers < peer.asked {
        format!(" ({} connections)", peer.producers)
    } else {
        String::new()
    };
    let middle = |of: fn(&RoundResults) -> f64| median(pairs.iter().map(of));
    let row = |engine: String, figures: [f64; 3]| {
        let [p50_us, p99_us, per_second] = figures;
        Row {
            section: format!("medians of {ROUNDS_COUNT} rounds, {size}"),
            engine,
            p50_us,
            p99_us,
            per_second,
            processor_us: 0.0,
        }
    };
    report.outside_row(row(
        format!("{}{of_pool}", peer.peer),
        [
            middle(|pair| pair.peer.p50_us),
            middle(|pair| pair.peer.p99_us),
            middle(|pair| pair.peer.per_second),
        ],
    ));
    report.outside_row(row(
        format!("our store beside {}", peer.peer),
        [
            middle(|pair| pair.ours.p50_us),
            middle(|pair| pair.ours.p99_us),
            middle(|pair| pair.ours.per_second),
        ],
    ));
    report.rounds(
        format!("our store / {}: {size}{of_pool}", peer.peer),
        pairs
            .iter()
            .map(|pair| pair.ours.per_second / pair.peer.per_second),
        target(peer),
    );
}

/// Returns the target of our store's rate over the peer's: faster than every peer at every number of
/// producers, ten times message-db where all write to one category (issue 3, figures to reach). `None` for
/// larger commits.
fn target(line: &PeerResult) -> Option<Target> {
    let least = match (line.batch, line.asked) {
        (1, 32) if line.peer == "message-db, one category" => 10.0,
        (1, _) => 1.0,
        _ => return None,
    };
    Some(Target::AtLeast(least))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_peers_are_those_that_the_store_allows() {
        assert_eq!(parse_peers(Some("all"), false), ON_FILES);
        assert_eq!(
            parse_peers(Some("all"), true).len(),
            ON_FILES.len() + ON_POSTGRES.len()
        );
        assert_eq!(parse_peers(Some("umadb, emmett"), false), ["umadb", "emmett"]);
        assert!(parse_peers(None, true).is_empty());
    }

    #[test]
    fn a_case_is_judged_by_the_median_of_its_rounds() {
        let pair = |ours: f64| RoundResults {
            ours: Rate {
                per_second: ours,
                p50_us: 0.0,
                p99_us: 0.0,
            },
            peer: PeerResult {
                peer: "another".to_owned(),
                producers: 1,
                asked: 1,
                batch: 1,
                per_second: 100.0,
                p50_us: 10_000.0,
                p99_us: 10_000.0,
            },
        };
        let mut report = Report::default();
        compare(&mut report, &[pair(90.0), pair(300.0), pair(120.0)]);
        let value = report.value_of("our store / another: 1 producers, 1 a commit");
        assert!((value - 1.2).abs() < 1e-9, "{value}");
    }
}
