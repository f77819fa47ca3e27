//! Tests which server errors let a view wait and which park it, so that a repeating error is not tried for
//! ever.

use super::PostgresReadDb;
use crate::database::{ReadDb, Tx};
use crate::error::ProjectionError;
use crate::runner::InlineRunner;
use crate::sqlite::SqliteReadDb;
use crate::testing::{TestClock, TestHistory, TestLog, TestTasks, postgres_url};
use crate::view::{HandledKinds, View, ViewDefinition, ViewEvent};
use crate::views;
use domain::ports::clock::Clock;
use domain::ports::tasks::Tasks;
use domain::stored_event::Position;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

/// A view that runs a statement at the first event, a limited number of times.
struct StatementView {
    sql: String,
    times: AtomicU32,
}

impl View for StatementView {
    fn definition(&self) -> ViewDefinition {
        ViewDefinition {
            name: "sayer",
            version: 1,
            tables: &[],
            handles: HandledKinds::All,
        }
    }
    fn apply(&self, tx: &mut dyn Tx, event: &ViewEvent) -> Result<(), ProjectionError> {
        let left = self.times.load(Ordering::SeqCst);
        if event.position == Position(1) && left > 0 {
            self.times.store(left - 1, Ordering::SeqCst);
            tx.exec(&self.sql, &[])?;
        }
        Ok(())
    }
}

/// Starts all views together with the one that runs `sql`.
async fn saying(db: &Arc<dyn ReadDb>, sql: &str, times: u32) -> InlineRunner {
    let mut all = views::all();
    all.push(Arc::new(StatementView {
        sql: sql.to_owned(),
        times: AtomicU32::new(times),
    }));
    InlineRunner::begin(Arc::clone(db), all).await.unwrap()
}

fn story() -> TestHistory {
    let mut story = TestHistory::new();
    story.created("T").whole_call("T", 1);
    story
}

/// Returns the position that this view is parked before, and why; all other views must be at the end.
fn parked(runner: &InlineRunner, story: &TestHistory) -> Option<(Position, String)> {
    let (mine, others): (Vec<_>, Vec<_>) = runner
        .progress()
        .checkpoints()
        .into_iter()
        .partition(|row| row.view == "sayer");
    assert!(
        others
            .iter()
            .all(|row| row.position == story.head() && row.parked.is_none())
    );
    mine.into_iter().next().unwrap().parked
}

#[tokio::test]
async fn a_table_that_does_not_exist_parks_the_view_that_names_it_on_both_databases() {
    let story = story();
    let tasks = TestTasks::default();
    let clock: Arc<dyn Clock> = TestClock::new();
    let mut databases: Vec<Arc<dyn ReadDb>> = vec![Arc::new(SqliteReadDb::open_inline().unwrap())];
    if let Some(url) = postgres_url() {
        let opened = PostgresReadDb::open(&url, &clock, &tasks).await.unwrap();
        databases.push(Arc::new(opened));
    }
    for db in &databases {
        let mut runner = saying(db, "update cal_history set attempt = 1", u32::MAX).await;
        runner.catch_up(&TestLog::of(&story.events)).await.unwrap();
        let (position, why) = parked(&runner, &story).expect("it is parked");
        assert_eq!(position, Position(1));
        assert!(why.contains("cal_history"), "{why}");
    }
    drop(databases);
    tasks.stop().await;
}

#[tokio::test]
async fn what_passes_is_tried_again_and_what_repeats_parks_the_view() {
    let Some(url) = postgres_url() else { return };
    let (story, tasks) = (story(), TestTasks::default());
    let clock: Arc<dyn Clock> = TestClock::new();
    let db: Arc<dyn ReadDb> = Arc::new(PostgresReadDb::open(&url, &clock, &tasks).await.unwrap());
    let log = TestLog::of(&story.events);
    // A lost connection, a deadlock, a full disk, a lock, a canceled statement, a restart, an I/O error.
    for code in [
        "08006", "40P01", "53100", "55P03", "57014", "57000", "57P01", "58030",
    ] {
        let mut runner = saying(&db, &raised(code), 2).await;
        for _ in 0..2 {
            let tried = runner.catch_up(&log).await;
            assert!(
                matches!(tried, Err(ProjectionError::Unavailable(_))),
                "{code}: {tried:?}"
            );
        }
        assert_eq!(runner.catch_up(&log).await, Ok(story.head()), "{code}");
        assert_eq!(parked(&runner, &story), None, "{code}");
        reset_checkpoint(&url);
    }
    // A number too large, a violated constraint, a missing privilege, an unknown column, an unknown function,
    // a bug of the server.
    for code in ["22003", "23505", "42501", "42703", "42883", "XX000"] {
        let mut runner = saying(&db, &raised(code), u32::MAX).await;
        assert_eq!(runner.catch_up(&log).await, Ok(story.head()), "{code}");
        let (position, why) = parked(&runner, &story).expect(code);
        assert_eq!(position, Position(1));
        assert!(why.contains(code), "{why}");
    }
    drop(db);
    tasks.stop().await;
}

fn raised(code: &str) -> String {
    format!("do $$ begin raise exception 'made up' using errcode = '{code}'; end $$")
}

/// Resets the view's checkpoint, so that the next runner's view has seen nothing.
fn reset_checkpoint(url: &str) {
    crate::testing::run_sql(
        url,
        "update ledgerline_views.checkpoint set position = 0 where view = 'sayer'",
    );
}
