//! Proof that views can be rebuilt under load, with their rows in SQLite and in PostgreSQL: no reader
//! misses rows, or sees old and new rows together.
//!
//! A writer appends 1,000 events per second. Meanwhile each view is rebuilt and switched to its new rows
//! again and again, and readers query without a pause. Two tables of a test view contain the same sum: if
//! the sums differ, a reader saw an old and a new table together; if a count decreases, rows were
//! missing. At the end the rows must equal a replay of the log.

mod pair;

use super::{Form, Proof};
use crate::direct_log::open;
use crate::postgres::PostgresServer;
use crate::program::instant;
use domain::ids::CommandId;
use domain::ports::clock::Clock;
use domain::ports::event_store::EventStore;
use domain::ports::tasks::Tasks;
use domain::stored_event::{Position, StreamVersion};
use host::clock::SystemClock;
use pair::{PairSnapshot, PairView};
use projections::{
    PostgresReadDb, ProjectionContext, Projections, ReadDb, RebuildState, SqliteReadDb, View, ViewCheck,
    verify_views, views::audit_trail::AuditTrail,
};
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use store::contract::{SuiteTasks, start};
use store::test_records::{make_record, stream};
use tempfile::TempDir;

/// The events of one append.
const BATCH_EVENTS: u64 = 20;

/// Milliseconds between two appends: 1,000 events per second.
const APPEND_EVERY_MS: u64 = 20;

/// Milliseconds between two checks of a rebuild.
const LOOK_EVERY_MS: u64 = 5;

/// The number of readers, which query without a pause.
const READERS: usize = 2;

/// The longest time of one read while rows are switched; judged in the long form.
const READ_WITHIN: Duration = Duration::from_secs(2);

struct RunSize {
    events_before: u64,
    load: Duration,
    read_within: Option<Duration>,
}

/// Runs the proof with SQLite and, if it is installed, with PostgreSQL. `form` sets the number of events
/// and the duration; only the long form limits the time of a read.
pub(crate) fn prove(form: Form) -> Proof {
    let length = match form {
        Form::Short => RunSize {
            events_before: 5_000,
            load: Duration::from_millis(1_500),
            read_within: None,
        },
        Form::Long => RunSize {
            events_before: 200_000,
            load: Duration::from_secs(30),
            read_within: Some(READ_WITHIN),
        },
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime can be made");
    let server = PostgresServer::start();
    let sqlite = runtime.block_on(under_load(None, &length));
    let postgres = server.map(|server| runtime.block_on(under_load(Some(&server.url()), &length)));
    let skipped = json!({"skipped": "it is not installed (apt-get install postgresql)"});
    Proof {
        holds: sqlite.holds() && postgres.as_ref().is_none_or(RebuildResults::holds),
        line: json!({"proof": "rebuild", "sqlite": sqlite.line(),
            "postgres": postgres.map_or(skipped, |found| found.line())}),
    }
}

#[derive(Default)]
struct RebuildResults {
    events: u64,
    switches: u64,
    reads: u64,
    slowest_read: Duration,
    wrong: Vec<String>,
}

impl RebuildResults {
    fn holds(&self) -> bool {
        self.wrong.is_empty() && self.switches >= 2 && self.reads > 0
    }

    fn line(&self) -> Value {
        json!({"events": self.events, "switches": self.switches, "reads": self.reads,
            "slowest_read_ms": u64::try_from(self.slowest_read.as_millis()).unwrap_or(u64::MAX),
            "wrong": self.wrong})
    }
}

/// The log, its read database and the views.
struct RebuildSetup {
    grounds: ProjectionContext,
    views: Vec<Arc<dyn View>>,
    live: Arc<Projections>,
    tasks: SuiteTasks,
    _folder: TempDir,
}

async fn place(postgres: Option<&str>) -> RebuildSetup {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let store = open(&format!("sqlite:{}", folder.path().display())).await;
    let (clock, tasks): (Arc<dyn Clock>, _) = (Arc::new(SystemClock::default()), SuiteTasks::default());
    let db: Arc<dyn ReadDb> = match postgres {
        None => Arc::new(SqliteReadDb::open(folder.path(), &tasks).expect("rows can be opened")),
        Some(url) => {
            let opened = PostgresReadDb::open(url, &clock, &tasks).await;
            Arc::new(opened.expect("rows can be opened"))
        }
    };
    let views: Vec<Arc<dyn View>> = vec![Arc::new(PairView), Arc::new(AuditTrail)];
    let grounds = ProjectionContext { store, db, clock };
    let live = Projections::start_views(grounds.clone(), views.clone(), &tasks).await;
    RebuildSetup {
        live: live.expect("views start"),
        grounds,
        views,
        tasks,
        _folder: folder,
    }
}

/// Appends one batch. Returns the log's head.
async fn append(store: &dyn EventStore, before: u64) -> u64 {
    let stream = stream("load");
    let command = CommandId::derive_from_text(&format!("load/{before}"));
    let batch = (1..=BATCH_EVENTS)
        .zip(0..)
        .map(|(step, index)| make_record(&stream, before + step, command, index, "fits"));
    let done = store
        .append(&stream, StreamVersion(before), batch.collect())
        .await;
    done.expect("only this task writes").0
}

async fn under_load(postgres: Option<&str>, length: &RunSize) -> RebuildResults {
    let on = place(postgres).await;
    let mut head = 0;
    while head < length.events_before {
        head = append(on.grounds.store.as_ref(), head).await;
    }
    let progress = on.live.progress();
    progress
        .wait_for(None, Position(head))
        .await
        .expect("views follow");
    let over = Arc::new(AtomicBool::new(false));
    let readers: Vec<_> = (0..READERS)
        .map(|_| start(read_on(Arc::clone(&on.grounds.db), Arc::clone(&over))))
        .collect();
    let writer = start(append_on(on.grounds.clone(), head, Arc::clone(&over)));
    let mut found = RebuildResults::default();
    let until = instant() + length.load;
    while instant() < until {
        for view in &on.views {
            match rebuilt(&on, view.name()).await {
                Ok(()) => found.switches += 1,
                Err(why) => found.wrong.push(why),
            }
        }
    }
    over.store(true, Ordering::SeqCst);
    found.events = writer.await.expect("the writer ends");
    for reader in readers {
        let (reads, slowest, wrong) = reader.await.expect("a reader ends");
        found.reads += reads;
        found.slowest_read = found.slowest_read.max(slowest);
        found.wrong.extend(wrong);
    }
    if length.read_within.is_some_and(|most| found.slowest_read > most) {
        found.wrong.push(format!("a read took {:?}", found.slowest_read));
    }
    let last = Position(found.events);
    progress.wait_for(None, last).await.expect("views follow");
    found.wrong.extend(differing(&on).await);
    drop(on.live);
    on.tasks.stop().await;
    found
}

/// Rebuilds one view and switches to the new rows.
async fn rebuilt(on: &RebuildSetup, view: &str) -> Result<(), String> {
    let said = |error: projections::RebuildError| format!("{view}: {error}");
    on.live.rebuild(view, false).await.map_err(said)?;
    let clock = &on.grounds.clock;
    loop {
        let kept = on.live.rebuilds().await.map_err(|error| error.to_string())?;
        let mine = kept.into_iter().find(|kept| kept.view == view);
        match mine.map(|kept| (kept.state, kept.why)) {
            Some((RebuildState::Ready, _)) => break,
            Some((RebuildState::Feeding, _)) => {}
            other => return Err(format!("{view}: {other:?}")),
        }
        clock.wait_until(clock.now().plus_ms(LOOK_EVERY_MS)).await;
    }
    on.live.switch(view, None).await.map(drop).map_err(said)
}

async fn append_on(grounds: ProjectionContext, mut head: u64, over: Arc<AtomicBool>) -> u64 {
    let mut next = grounds.clock.now();
    while !over.load(Ordering::SeqCst) {
        head = append(grounds.store.as_ref(), head).await;
        next = next.plus_ms(APPEND_EVERY_MS);
        grounds.clock.wait_until(next).await;
    }
    head
}

/// Reads until `over` is set. Returns the number of reads, the slowest one, and what was wrong.
async fn read_on(db: Arc<dyn ReadDb>, over: Arc<AtomicBool>) -> (u64, Duration, Vec<String>) {
    let (mut reads, mut slowest, mut wrong) = (0, Duration::ZERO, Vec::new());
    let mut before = PairSnapshot::default();
    while !over.load(Ordering::SeqCst) {
        let began = instant();
        match pair::read_snapshot(db.as_ref()).await {
            Ok(seen) => {
                wrong.extend(seen.wrong_after(&before));
                before = seen;
            }
            Err(error) => wrong.push(error.to_string()),
        }
        reads += 1;
        slowest = slowest.max(instant() - began);
    }
    (reads, slowest, wrong)
}

async fn differing(on: &RebuildSetup) -> Vec<String> {
    let store = on.grounds.store.as_ref();
    let db = Arc::clone(&on.grounds.db);
    match verify_views(store, db, on.views.clone(), &mut |_, _| {}).await {
        Ok(checks) => checks
            .iter()
            .filter(|check| !ViewCheck::holds(check))
            .map(|check| format!("{} differs from a replay", check.view))
            .collect(),
        Err(error) => vec![error.to_string()],
    }
}
