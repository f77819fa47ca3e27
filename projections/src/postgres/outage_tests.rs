//! Tests of a PostgreSQL server that cuts connections, loses rows, was not prepared or cannot be reached.

use super::PostgresReadDb;
use super::tests::{TestDatabase, all_rows, inline_db, story};
use crate::error::ProjectionError;
use crate::runner::InlineRunner;
use crate::testing::{TestClock, TestLog, TestTasks, postgres_url, run_sql};
use crate::tx::Tx;
use crate::view::{HandledKinds, View, ViewDefinition, ViewEvent};
use crate::views;
use domain::ports::clock::Clock;
use domain::ports::tasks::Tasks;
use domain::stored_event::Position;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Ends every connection to the database except the one that runs this.
const CUT: &str = "select pg_terminate_backend(pid) from pg_stat_activity
                   where datname = current_database() and pid <> pg_backend_pid()";

/// A view that cuts its own connection within a batch, once before each hundredth event.
struct ConnectionCutter {
    url: String,
    next: AtomicU64,
}

impl View for ConnectionCutter {
    fn definition(&self) -> ViewDefinition {
        ViewDefinition {
            name: "cutter",
            version: 1,
            tables: &[],
            handles: HandledKinds::All,
        }
    }
    fn apply(&self, tx: &mut dyn Tx, event: &ViewEvent) -> Result<(), ProjectionError> {
        let next = self.next.load(Ordering::SeqCst);
        if event.position.0 >= next {
            self.next.store(next + 100, Ordering::SeqCst);
            run_sql(&self.url, CUT);
            tx.query("select count(*) from checkpoint", &[])?;
        }
        Ok(())
    }
}

#[tokio::test]
async fn a_cut_in_the_middle_loses_nothing_and_is_caught_up() {
    let Some(opened) = TestDatabase::new().await else {
        return;
    };
    let story = story();
    let mut all = views::all();
    all.insert(
        1,
        Arc::new(ConnectionCutter {
            url: opened.url.clone(),
            next: AtomicU64::new(1),
        }),
    );
    let mut runner = InlineRunner::begin(Arc::clone(&opened.db), all).await.unwrap();
    let mut refused = 0;
    for page in story.events.chunks(150) {
        // A refused page is applied again, as the log would deliver it again.
        while let Err(why) = runner.apply_page(page).await {
            assert!(matches!(why, ProjectionError::Unavailable(_)), "{why}");
            refused += 1;
            assert!(refused < 100, "it comes back");
        }
    }
    assert!(refused >= story.events.len() / 100, "{refused} cuts were felt");
    let beside = inline_db();
    let mut replay = InlineRunner::begin(Arc::clone(&beside), views::all())
        .await
        .unwrap();
    replay.catch_up(&TestLog::of(&story.events)).await.unwrap();
    // Between two units of work, a cut causes no error.
    run_sql(&opened.url, CUT);
    assert_eq!(
        all_rows(opened.db.as_ref()).await,
        all_rows(beside.as_ref()).await
    );
    opened.close().await;
}

#[tokio::test]
async fn rows_that_went_back_or_are_gone_are_made_again() {
    let Some(opened) = TestDatabase::new().await else {
        return;
    };
    let story = story();
    let log = TestLog::of(&story.events);
    let mut runner = InlineRunner::begin(Arc::clone(&opened.db), views::all())
        .await
        .unwrap();
    let beside = inline_db();
    let mut replay = InlineRunner::begin(Arc::clone(&beside), views::all())
        .await
        .unwrap();
    replay.catch_up(&log).await.unwrap();
    let emptied: Vec<String> = views::all()
        .iter()
        .flat_map(|view| view.tables())
        .map(|table| format!("delete from ledgerline_views.{};", table.name))
        .collect();
    // First as after a crash that lost every commit, then as after a manual cleanup.
    let went_back = format!(
        "{} update ledgerline_views.checkpoint set position = 0",
        emptied.concat()
    );
    for loss in [went_back.as_str(), "drop schema ledgerline_views cascade"] {
        runner.apply_page(&story.events[..200]).await.unwrap();
        run_sql(&opened.url, loss);
        let missed = runner.apply_page(&story.events[200..300]).await;
        assert!(
            matches!(missed, Err(ProjectionError::Unavailable(_))),
            "{missed:?}"
        );
        assert_eq!(runner.after(), Some(Position(0)), "{loss}");
        assert_eq!(runner.catch_up(&log).await, Ok(story.head()));
        assert_eq!(
            all_rows(opened.db.as_ref()).await,
            all_rows(beside.as_ref()).await
        );
        let asked = opened
            .db
            .query("select call from ledgerline_sql.calls", Vec::new());
        assert!(!asked.await.unwrap().is_empty(), "analysts ask again: {loss}");
    }
    opened.close().await;
}

#[tokio::test]
async fn an_unprepared_database_and_one_that_is_away_say_so() {
    let Some(url) = postgres_url() else { return };
    let clock: Arc<dyn Clock> = TestClock::new();
    let tasks = TestTasks::default();
    let Err(ProjectionError::Unavailable(why)) = PostgresReadDb::open_read_only(&url, &clock, &tasks).await
    else {
        panic!("it opened");
    };
    assert!(why.contains("no views have been made"), "{why}");
    let away = format!("{url}_absent?password=s3cret");
    let Err(ProjectionError::Unavailable(why)) = PostgresReadDb::open(&away, &clock, &tasks).await else {
        panic!("it opened");
    };
    assert!(
        why.contains("cannot be reached") && !why.contains("s3cret"),
        "{why}"
    );
    tasks.stop().await;
}
