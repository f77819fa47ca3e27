//! Shadow rebuilds on both databases: a view to rebuild, and the databases. The tests are in the other files
//! of this folder.

use super::{Rebuild, Rebuilds, verify_views};
use crate::context::ProjectionContext;
use crate::database::{ReadDb, Table, Tx};
use crate::error::ProjectionError;
use crate::postgres::PostgresReadDb;
use crate::runner::InlineRunner;
use crate::shadow::next_name;
use crate::sqlite::SqliteReadDb;
use crate::testing::{TestClock, TestHistory, TestLog, TestTasks, postgres_url};
use crate::value::Val;
use crate::view::{HandledKinds, View, ViewDefinition, ViewEvent};
use domain::ports::clock::Clock;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

mod beginning;
mod parking;
mod switching;

/// A view with two tables that have the same sums after every event. It cannot apply `call.ended` while it is
/// poisoned.
struct Pair {
    version: u32,
    poisoned: Arc<AtomicBool>,
}

const PAIR: &[Table] = &[
    Table {
        name: "pair_one",
        ddl: &[
            "create table pair_one (position bigint primary key, amount bigint not null) partition by hash (position)",
            "create index pair_one_amount on pair_one (amount)",
        ],
        key_columns: 1,
    },
    Table {
        name: "pair_sum",
        ddl: &[
            "create table pair_sum (id bigint primary key, amount bigint not null, events bigint not null)",
        ],
        key_columns: 1,
    },
];

impl View for Pair {
    fn definition(&self) -> ViewDefinition {
        ViewDefinition {
            name: "pair",
            version: self.version,
            tables: PAIR,
            handles: HandledKinds::All,
        }
    }
    fn apply(&self, tx: &mut dyn Tx, event: &ViewEvent) -> Result<(), ProjectionError> {
        if event.envelope.kind == "call.ended" && self.poisoned.load(Ordering::SeqCst) {
            return Err(ProjectionError::Fault("cannot take it".to_owned()));
        }
        let amount = event.position.0 % 7;
        // One table is written by whole rows, the other by a statement.
        let row = vec![Val::position(event.position), Val::count(amount)];
        tx.append_rows(&PAIR[0], &[row])?;
        tx.exec(
            "insert into pair_sum (id, amount, events) values (1, $1, 1) on conflict (id) do update
             set amount = pair_sum.amount + excluded.amount, events = pair_sum.events + 1",
            &[Val::count(amount)],
        )?;
        Ok(())
    }
}

fn pair(version: u32) -> (Arc<dyn View>, Arc<AtomicBool>) {
    let poisoned = Arc::new(AtomicBool::new(false));
    let view = Pair {
        version,
        poisoned: Arc::clone(&poisoned),
    };
    (Arc::new(view), poisoned)
}

fn calls(story: &mut TestHistory, customers: std::ops::Range<u32>) {
    for customer in customers {
        story.whole_call("T", customer);
    }
}

fn story_of(customers: u32) -> TestHistory {
    let mut story = TestHistory::new();
    story.created("T");
    calls(&mut story, 0..customers);
    story
}

/// A log, a clock and one of the available databases.
struct RebuildFixture {
    grounds: ProjectionContext,
    log: TestLog,
    tasks: TestTasks,
    _dir: tempfile::TempDir,
}

async fn places(story: &TestHistory) -> Vec<RebuildFixture> {
    let mut places = Vec::new();
    for url in [None, postgres_url()] {
        if url.is_none() && !places.is_empty() {
            break;
        }
        let (dir, tasks) = (tempfile::tempdir().unwrap(), TestTasks::default());
        let clock: Arc<dyn Clock> = TestClock::new();
        let db: Arc<dyn ReadDb> = match url {
            None => Arc::new(SqliteReadDb::open(dir.path(), &tasks).unwrap()),
            Some(url) => Arc::new(PostgresReadDb::open(&url, &clock, &tasks).await.unwrap()),
        };
        let log = TestLog::of(&story.events);
        let store = Arc::new(log.clone());
        places.push(RebuildFixture {
            grounds: ProjectionContext { store, db, clock },
            log,
            tasks,
            _dir: dir,
        });
    }
    places
}

impl RebuildFixture {
    fn db(&self) -> &dyn ReadDb {
        self.grounds.db.as_ref()
    }

    async fn caught_up(&self, views: &[Arc<dyn View>]) {
        let db = Arc::clone(&self.grounds.db);
        let mut runner = InlineRunner::begin(db, views.to_vec()).await.unwrap();
        runner.catch_up(&self.log).await.unwrap();
    }

    fn rebuilds(&self, views: &[Arc<dyn View>]) -> Rebuilds {
        Rebuilds::of(self.grounds.clone(), views.to_vec())
    }

    async fn all_agree(&self, views: &[Arc<dyn View>]) {
        let db = Arc::clone(&self.grounds.db);
        let checks = verify_views(&self.log, db, views.to_vec(), &mut |_, _| {}).await;
        let checks = checks.unwrap();
        assert!(checks.iter().all(super::ViewCheck::holds), "{checks:?}");
    }

    async fn has_no_next_rows(&self, view: &dyn View) {
        for table in view.tables() {
            assert!(!self.exists(&next_name(table.name)).await, "{}", table.name);
        }
    }

    async fn exists(&self, table: &str) -> bool {
        self.db()
            .query(&format!("select * from {table} limit 1"), Vec::new())
            .await
            .is_ok()
    }
}

async fn made_ready(rebuilds: &Rebuilds, view: &str) -> Rebuild {
    rebuilds.begin(view, false).await.unwrap();
    rebuilds.feed(view, &mut |_, _| {}).await.unwrap()
}
