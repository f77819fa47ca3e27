//! Other people's stores: each run by its own script as a program of its own, between two slices of ours.

use super::producers::{Case, OfStore, slice};
use crate::cli::bench::figures::{Report, Row, Target};
use crate::cli::bench::stopwatch::float;
use crate::cli::failure::Failure;
use domain::ports::event_store::EventStore;
use serde::Deserialize;
use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;

/// The script that sets a peer up and runs it, from the root of the source tree.
const SCRIPT: &str = "bench/peers/run.sh";

/// Exit code of the script for a peer that cannot run here.
const CANNOT: i32 = 3;

/// Peers that keep their events in PostgreSQL.
const ON_POSTGRES: [&str; 4] = ["message-db", "eventsourcing-postgres", "emmett", "postgres-es"];

/// Peers that keep their events in a file.
const ON_FILES: [&str; 2] = ["eventsourcing-sqlite", "umadb"];

/// One event a commit by number of producers, then one producer by events of a commit.
const CASES: [Case; 5] = [
    case(1, 1, 60),
    case(32, 1, 30),
    case(256, 1, 15),
    case(1, 16, 40),
    case(1, 256, 15),
];

const fn case(producers: usize, batch: usize, commits: usize) -> Case {
    Case {
        producers,
        batch,
        commits,
    }
}

/// Salt of the streams that are compared with peers.
const SALT: u64 = 3;

/// What a peer's script prints for one case.
#[derive(Debug, Deserialize)]
struct Line {
    peer: String,
    /// How many there really were: a pool of connections bounds some.
    producers: usize,
    /// How many producers were asked for.
    asked: usize,
    batch: usize,
    per_second: f64,
    p50_us: f64,
    p99_us: f64,
}

/// The peers that `--peers` names: `all`, `none` or names with commas.
pub(super) fn chosen(list: Option<&str>, with_postgres: bool) -> Vec<String> {
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

/// Our store against each peer; `url` is the server on which peers make databases of their own.
pub(super) async fn run(
    report: &mut Report,
    peers: &[String],
    store: &Arc<dyn EventStore>,
    url: Option<&str>,
) -> Result<(), Failure> {
    let mut producers = OfStore::new(Arc::clone(store), SALT);
    for peer in peers {
        let before = ours(&mut producers).await?;
        let ran = run_one(peer, url).await;
        let after = ours(&mut producers).await?;
        let lines = match ran {
            Ok(lines) => lines,
            Err(why) => {
                report.skipped(format!("peer {peer}: {why}"));
                continue;
            }
        };
        for line in &lines {
            let rate = |rates: &[(Case, f64)]| {
                let of = rates
                    .iter()
                    .find(|(case, _)| (case.producers, case.batch) == (line.asked, line.batch));
                of.map_or(f64::NAN, |(_, rate)| *rate)
            };
            compare(
                report,
                line,
                f64::midpoint(rate(&before), rate(&after)),
                url.is_some(),
            );
        }
    }
    Ok(())
}

/// Events per second of ours in each case.
async fn ours(producers: &mut OfStore) -> Result<Vec<(Case, f64)>, Failure> {
    let mut rates = Vec::with_capacity(CASES.len());
    for case in CASES {
        let nanos = slice(producers, case).await?;
        rates.push((case, float(case.events() as u64) * 1e9 / float(nanos.max(1))));
    }
    Ok(rates)
}

fn compare(report: &mut Report, line: &Line, ours: f64, on_postgres: bool) {
    let size = format!("{} producers, {} a commit", line.asked, line.batch);
    let of_pool = if line.producers < line.asked {
        format!(" ({} connections)", line.producers)
    } else {
        String::new()
    };
    report.outside_row(Row {
        section: "peers".to_owned(),
        engine: format!("{}{of_pool}: {size}", line.peer),
        p50_us: line.p50_us,
        p99_us: line.p99_us,
        per_second: line.per_second,
        processor_us: 0.0,
    });
    let target = on_postgres.then(|| target(line));
    report.ratio(
        format!("our store / {}: {size}{of_pool}", line.peer),
        ours,
        line.per_second,
        target,
    );
}

/// Ahead of every peer; ten times message-db where all write to one category (issue 3, figures to reach).
fn target(line: &Line) -> Target {
    if line.peer == "message-db, one category" && line.asked == 32 {
        return Target::AtLeast(10.0);
    }
    Target::AtLeast(1.0)
}

/// Runs the script to its end; the error says why there are no figures.
async fn run_one(peer: &str, url: Option<&str>) -> Result<Vec<Line>, String> {
    if !Path::new(SCRIPT).exists() {
        return Err(format!(
            "{SCRIPT} is not here: run from the root of the source tree"
        ));
    }
    let scratch = tempfile::tempdir().map_err(|error| error.to_string())?;
    let cases = CASES.map(|case| format!("{}:{}:{}", case.producers, case.batch, case.commits));
    let mut command = tokio::process::Command::new("bash");
    command
        .args([SCRIPT, peer])
        .env("PEER_CASES", cases.join(" "))
        .env("PEER_DIR", scratch.path())
        .stdin(Stdio::null())
        .kill_on_drop(true);
    if let Some(url) = url {
        command.env("PEER_URL", url);
    }
    let output = command.output().await.map_err(|error| error.to_string())?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        let last = said.lines().rev().find(|line| !line.trim().is_empty());
        let last = last.unwrap_or("it said nothing").to_owned();
        return Err(match output.status.code() {
            Some(CANNOT) => last,
            _ => format!("it failed: {last}"),
        });
    }
    let text = String::from_utf8_lossy(&output.stdout);
    let lines = text.lines().filter(|line| line.starts_with('{'));
    let lines: Result<Vec<Line>, _> = lines.map(serde_json::from_str).collect();
    lines.map_err(|error| format!("its figures cannot be read: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_peers_are_those_that_the_store_allows() {
        assert_eq!(chosen(Some("all"), false), ON_FILES);
        assert_eq!(
            chosen(Some("all"), true).len(),
            ON_FILES.len() + ON_POSTGRES.len()
        );
        assert_eq!(chosen(Some("umadb, emmett"), false), ["umadb", "emmett"]);
        assert!(chosen(None, true).is_empty());
    }

    #[test]
    fn a_peer_that_does_not_exist_says_why_it_has_no_figures() {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        assert!(runtime.block_on(run_one("nobody", None)).is_err());
    }
}
