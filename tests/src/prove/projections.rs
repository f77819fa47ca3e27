//! Proof that views killed at random moments equal a clean replay, on both databases.
//!
//! A process that applies a long log to all views is killed (SIGKILL) and restarted again and again; then
//! every table of every view is compared, by digest, with one built in one go.

use super::{Form, Proof};
use crate::direct_log::{open, open_rows};
use crate::passing_time::HUNG_AFTER;
use crate::postgres::PostgresServer;
use crate::program::{Program, command, instant, ledgerline};
use ::projections::ViewCheck;
use ::projections::synthetic::SyntheticLog;
use domain::stored_event::Position;
use serde_json::{Value, json};
use std::path::Path;
use std::time::Duration;

/// The events in one page that is loaded into the log.
const PAGE_EVENTS: usize = 4_096;

/// The longest time until the last process reaches the end of a long log.
const DONE_WITHIN: Duration = Duration::from_secs(3_600);

struct RunSize {
    events: usize,
    kills: u32,
    /// The most batches that a process finishes before it is killed.
    batches_max: u64,
    /// The longest time after that until the kill, which comes in the middle of a batch.
    into_ms_max: u64,
}

pub(crate) fn prove(form: Form) -> Proof {
    let length = match form {
        Form::Short => RunSize {
            events: 20_000,
            kills: 4,
            batches_max: 1,
            into_ms_max: 150,
        },
        Form::Long => RunSize {
            events: 1_000_000,
            kills: 40,
            batches_max: 10,
            into_ms_max: 400,
        },
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime can be made");
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let log = folder.path().join("log");
    runtime.block_on(fill(&log, length.events));
    let rows = tempfile::tempdir().expect("a temporary folder can be made");
    let rows_in = format!("sqlite:{}", rows.path().display());
    let sqlite = killed(&log, &rows_in, &length).then_checked(&runtime, &log, &rows_in);
    let server = PostgresServer::start();
    let postgres = server.map(|server| {
        let url = server.url();
        killed(&log, &url, &length).then_checked(&runtime, &log, &url)
    });
    let skipped = json!({"skipped": "it is not installed (apt-get install postgresql)"});
    Proof {
        holds: sqlite.holds() && postgres.as_ref().is_none_or(KillResults::holds),
        line: json!({"proof": "projections", "events": length.events, "sqlite": sqlite.line(),
            "postgres": postgres.map_or(skipped, |found| found.line())}),
    }
}

async fn fill(log: &Path, events: usize) {
    let store = open(&format!("sqlite:{}", log.display())).await;
    let mut synthetic = SyntheticLog::default();
    let mut left = events;
    while left > 0 {
        let page = synthetic
            .page(left.min(PAGE_EVENTS))
            .expect("events can be made up");
        left -= page.len();
        store.load(page).await.expect("they follow on the log's end");
    }
}

#[derive(Default)]
struct KillResults {
    kills: u32,
    /// The kills after which the views were neither at the beginning nor at the end.
    kills_midway: u32,
    seconds: u64,
    tables: usize,
    rows: u64,
    wrong: Vec<String>,
}

/// Returns a pseudo-random number below a bound, the same in every run.
fn drawn(kill: u32, below: u64) -> u64 {
    let mixed = u64::from(kill)
        .wrapping_add(1)
        .wrapping_mul(6_364_136_223_846_793_005)
        .wrapping_add(1_442_695_040_888_963_407);
    (mixed >> 33) % below
}

fn start(log: &Path, rows: &str) -> Program {
    let beside = ledgerline();
    let mut program = command(beside.with_file_name("project_until_killed"));
    program.arg(format!("sqlite:{}", log.display())).arg(rows);
    Program::start(program)
}

fn position(line: &str) -> u64 {
    let last = line.split(' ').next_back().unwrap_or_default();
    last.parse().unwrap_or(0)
}

fn killed(log: &Path, rows: &str, length: &RunSize) -> KillResults {
    let begun = instant();
    let mut found = KillResults::default();
    for kill in 0..length.kills {
        let mut program = start(log, rows);
        let Some(from) = program.line(HUNG_AFTER, |line| line.starts_with("from ")) else {
            found.wrong.push(format!("process {kill} did not start"));
            return found;
        };
        for _ in 0..drawn(kill, length.batches_max + 1) {
            program.line(HUNG_AFTER, |line| line.starts_with("at ") || line == "done");
        }
        // The kill comes at a moment drawn at random, or when it is done.
        let moment = Duration::from_millis(drawn(kill + 1_000, length.into_ms_max));
        program.line(moment, |line| line == "done");
        let is_done = program.seen().iter().any(|line| line == "done");
        program.kill();
        found.kills += 1;
        found.kills_midway += u32::from(!is_done && position(&from) < length.events as u64);
    }
    let mut program = start(log, rows);
    if program.line(DONE_WITHIN, |line| line == "done").is_none() {
        found
            .wrong
            .push("the last process did not reach the end".to_owned());
    }
    found.seconds = instant().duration_since(begun).as_secs();
    found
}

impl KillResults {
    /// Compares the views with a replay in memory.
    fn then_checked(mut self, runtime: &tokio::runtime::Runtime, log: &Path, rows: &str) -> Self {
        let (checks, head) = runtime.block_on(checked(log, rows));
        for check in &checks {
            self.tables += check.tables.len();
            self.rows += check.tables.iter().map(|table| table.live.rows).sum::<u64>();
            if !check.holds() {
                self.wrong.push(format!("{} differs from its replay", check.view));
            }
            if check.position != head {
                self.wrong
                    .push(format!("{} stopped at {}", check.view, check.position));
            }
        }
        self
    }

    fn holds(&self) -> bool {
        self.wrong.is_empty() && self.kills_midway > 0 && self.rows > 0
    }

    fn line(&self) -> Value {
        json!({"kills": self.kills, "kills_midway": self.kills_midway, "tables_equal": self.tables,
            "rows": self.rows, "seconds_until_done": self.seconds, "wrong": self.wrong})
    }
}

async fn checked(log: &Path, rows: &str) -> (Vec<ViewCheck>, Position) {
    let store = open(&format!("sqlite:{}", log.display())).await;
    let (db, _tasks) = open_rows(rows).await;
    let head = store.head().await.expect("the log can be read");
    let checks = ::projections::verify(store.as_ref(), db).await;
    (checks.expect("the rows can be compared"), head)
}
