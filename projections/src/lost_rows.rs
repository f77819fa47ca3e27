//! Protects readers from views that lost their rows because this build makes them differently. Until the rows
//! are as complete as before, a query of them gets an error with the progress, and no row. Queries of other
//! views are not affected.
//!
//! The view that a query reads is found by the table names in it, so that no route needs to know.

use crate::database::{Dialect, ReadDb, Table, TxWork};
use crate::error::ProjectionError;
use crate::progress::Progress;
use crate::shadow::replace_identifiers;
use crate::sql_views::{SQL_SCHEMA, SQL_VIEWS};
use crate::tx::{RowCallback, Tx};
use crate::value::Val;
use crate::view::View;
use async_trait::async_trait;
use domain::stored_event::Position;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// The table that records how far the rows of a view went before they were dropped.
const TABLE: &str = "create table if not exists remaking (view text primary key, until bigint not null)";

/// Creates the table if it does not exist.
pub(crate) fn prepare(tx: &mut dyn Tx) -> Result<(), ProjectionError> {
    tx.exec(TABLE, &[]).map(drop)
}

/// Records that the rows of a view were dropped that were complete up to `until`. A higher position that
/// was recorded before stays.
pub(crate) fn begin(tx: &mut dyn Tx, view: &str, until: Position) -> Result<(), ProjectionError> {
    let before = read(tx)?.remove(view).unwrap_or_default();
    tx.exec(
        "insert into remaking (view, until) values ($1, $2)
         on conflict (view) do update set until = excluded.until",
        &[Val::text(view), Val::position(until.max(before))],
    )
    .map(drop)
}

/// Reads for each recorded view the position that its rows had reached when they were dropped.
pub(crate) fn read(tx: &mut dyn Tx) -> Result<BTreeMap<String, Position>, ProjectionError> {
    let rows = tx.query("select view, until from remaking order by view", &[])?;
    rows.into_iter()
        .map(|mut row| Ok((row.text()?, row.position()?)))
        .collect()
}

/// Which views are being rebuilt because this build dropped their rows.
pub(crate) struct LostRows {
    progress: Arc<Progress>,
    /// The position that each of these views must reach again.
    until: BTreeMap<&'static str, Position>,
    /// The view of each table.
    tables: BTreeMap<&'static str, &'static str>,
    is_over: AtomicBool,
}

impl LostRows {
    pub(crate) fn new(
        views: &[Arc<dyn View>],
        stored: &BTreeMap<String, Position>,
        progress: Arc<Progress>,
    ) -> Self {
        let remade = views.iter().filter_map(|view| {
            let until = stored.get(view.name())?;
            Some((view.name(), *until))
        });
        let tables = views
            .iter()
            .flat_map(|view| view.tables().iter().map(|table| (table.name, view.name())));
        Self {
            progress,
            until: remade.collect(),
            tables: tables.collect(),
            is_over: AtomicBool::new(false),
        }
    }

    /// Returns true if all views have reached their former positions. Rows are never dropped while a
    /// process uses them, so this stays true.
    fn is_over(&self) -> bool {
        if self.is_over.load(Ordering::Acquire) {
            return true;
        }
        let checkpoints = self.progress.checkpoints();
        let is_over = checkpoints.iter().all(|row| {
            self.until
                .get(row.view.as_str())
                .is_none_or(|until| row.position >= *until)
        });
        self.is_over.store(is_over, Ordering::Release);
        is_over
    }

    /// Returns the error `Remade` if the view has not reached its former position.
    fn refuse(&self, view: &str) -> Result<(), ProjectionError> {
        let Some(until) = self.until.get(view).copied() else {
            return Ok(());
        };
        let checkpoints = self.progress.checkpoints();
        let reached = checkpoints.iter().find(|row| row.view == view);
        let reached = reached.map_or(Position(0), |row| row.position);
        if reached >= until {
            return Ok(());
        }
        Err(ProjectionError::Remade {
            view: view.to_owned(),
            reached,
            until,
        })
    }

    fn refuse_table(&self, table: &str) -> Result<(), ProjectionError> {
        self.tables.get(table).map_or(Ok(()), |view| self.refuse(view))
    }

    /// Returns the error `Remade` if the statement names a table of a view that is still being rebuilt, or
    /// reads a documented SQL view of it.
    fn refuse_statement(&self, sql: &str) -> Result<(), ProjectionError> {
        let mut named = BTreeSet::new();
        let mut before = String::new();
        replace_identifiers(sql, |word| {
            named.extend(self.tables.get(word).copied());
            let reads = ["from", "join", SQL_SCHEMA]
                .iter()
                .any(|opening| before.eq_ignore_ascii_case(opening));
            if reads {
                named.extend(self.documented(word));
            }
            before.clear();
            before.push_str(word);
            None
        });
        named.into_iter().try_for_each(|view| self.refuse(view))
    }

    /// Returns the view from which a documented SQL view reads its rows.
    fn documented(&self, name: &str) -> Option<&'static str> {
        let known = SQL_VIEWS
            .iter()
            .find(|view| view.name.eq_ignore_ascii_case(name))?;
        self.tables.get(known.table?).copied()
    }

    /// Returns the error `Remade` if an analyst's query names a documented SQL view of a view that is still
    /// being rebuilt.
    pub(crate) fn refuse_question(&self, sql: &str) -> Result<(), ProjectionError> {
        if self.is_over() {
            return Ok(());
        }
        let mut named = BTreeSet::new();
        replace_identifiers(sql, |word| {
            named.extend(self.documented(word));
            None
        });
        named.into_iter().try_for_each(|view| self.refuse(view))
    }
}

/// The read database for readers: fails with `Remade` for rows of views that are still being rebuilt.
pub(crate) struct ReadersDb {
    pub(crate) inner: Arc<dyn ReadDb>,
    pub(crate) lost_rows: Arc<LostRows>,
}

#[async_trait]
impl ReadDb for ReadersDb {
    fn dialect(&self) -> Dialect {
        self.inner.dialect()
    }

    async fn transaction(&self, work: TxWork) -> Result<(), ProjectionError> {
        self.inner.transaction(work).await
    }

    async fn read(&self, work: TxWork) -> Result<(), ProjectionError> {
        if self.lost_rows.is_over() {
            return self.inner.read(work).await;
        }
        let lost_rows = Arc::clone(&self.lost_rows);
        let guarded: TxWork = Box::new(move |inner| {
            let lost_rows = lost_rows.as_ref();
            work(&mut ReadersTx { inner, lost_rows })
        });
        self.inner.read(guarded).await
    }
}

struct ReadersTx<'a> {
    inner: &'a mut dyn Tx,
    lost_rows: &'a LostRows,
}

impl Tx for ReadersTx<'_> {
    fn exec(&mut self, sql: &str, values: &[Val]) -> Result<u64, ProjectionError> {
        self.inner.exec(sql, values)
    }

    fn each(&mut self, sql: &str, values: &[Val], take: &mut RowCallback<'_>) -> Result<(), ProjectionError> {
        self.lost_rows.refuse_statement(sql)?;
        self.inner.each(sql, values, take)
    }

    fn columns(&mut self, table: &str) -> Result<Vec<String>, ProjectionError> {
        self.inner.columns(table)
    }

    fn rows(&mut self, table: &'static Table, keys: &[Vec<Val>]) -> Result<Vec<Vec<Val>>, ProjectionError> {
        self.lost_rows.refuse_table(table.name)?;
        self.inner.rows(table, keys)
    }

    fn reads_together(&self) -> bool {
        self.inner.reads_together()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::context::ProjectionContext;
    use crate::live::Projections;
    use crate::runner::InlineRunner;
    use crate::sqlite::SqliteReadDb;
    use crate::testing::{TestClock, TestHistory, TestLog, TestTasks};
    use crate::view::{ViewDefinition, ViewEvent};
    use crate::views;
    use domain::ports::tasks::Tasks;

    /// The call history with another version.
    struct UpgradedView(Arc<dyn View>);

    impl View for UpgradedView {
        fn definition(&self) -> ViewDefinition {
            let definition = self.0.definition();
            ViewDefinition {
                version: definition.version + 1,
                ..definition
            }
        }
        fn apply(&self, tx: &mut dyn Tx, event: &ViewEvent) -> Result<(), ProjectionError> {
            self.0.apply(tx, event)
        }
    }

    fn risen() -> Vec<Arc<dyn View>> {
        let all = views::all().into_iter();
        all.map(|view| match view.name() {
            "call_history" => Arc::new(UpgradedView(view)) as Arc<dyn View>,
            _ => view,
        })
        .collect()
    }

    async fn count(db: &dyn ReadDb, of: &str) -> Result<usize, ProjectionError> {
        Ok(db.query(&format!("select 1 from {of}"), vec![]).await?.len())
    }

    #[tokio::test]
    async fn reads_of_a_view_that_is_remade_are_refused_with_its_progress_and_no_others() {
        let mut story = TestHistory::new();
        story.created("T");
        (1..=5).for_each(|of| {
            story.enrolled("T", of).whole_call("T", of);
        });
        let db: Arc<dyn ReadDb> = Arc::new(SqliteReadDb::open_inline().unwrap());
        let log = TestLog::of(&story.events);
        let mut runner = InlineRunner::begin(Arc::clone(&db), views::all()).await.unwrap();
        runner.catch_up(&log).await.unwrap();
        drop(runner);
        // Twice: an interrupted start leaves the next one the same work. No event arrives yet.
        for _ in 0..2 {
            let away = TestLog::of(&story.events);
            away.failures.store(usize::MAX, Ordering::SeqCst);
            let tasks = TestTasks::default();
            let grounds = ProjectionContext {
                store: Arc::new(away),
                db: Arc::clone(&db),
                clock: TestClock::new(),
            };
            let live = Projections::start_views(grounds, risen(), &tasks).await.unwrap();
            let readers = live.db();
            let expected = ProjectionError::Remade {
                view: "call_history".to_owned(),
                reached: Position(0),
                until: story.head(),
            };
            assert_eq!(
                expected.to_string(),
                format!("view call_history is being rebuilt, 0 of {} events", story.head())
            );
            for refused in ["call_history", "calls", "worklist_call, call_history"] {
                assert_eq!(
                    count(readers.as_ref(), refused).await,
                    Err(expected.clone()),
                    "{refused}"
                );
            }
            let question = "select count(*) from campaigns, calls";
            assert_eq!(live.refuse_remade(question), Err(expected));
            assert_eq!(live.refuse_remade("select count(*) from campaigns"), Ok(()));
            for read in ["campaign_board", "campaigns", "(select 'call_history' as calls)"] {
                assert!(count(readers.as_ref(), read).await.unwrap() > 0, "{read}");
            }
            tasks.stop().await;
        }
        let tasks = TestTasks::default();
        let grounds = ProjectionContext {
            store: Arc::new(log),
            db,
            clock: TestClock::new(),
        };
        let live = Projections::start_views(grounds, risen(), &tasks).await.unwrap();
        live.progress()
            .wait_for(Some("call_history"), story.head())
            .await
            .unwrap();
        assert_eq!(count(live.db().as_ref(), "calls").await, Ok(5));
        assert_eq!(live.refuse_remade("select 1 from calls"), Ok(()));
        tasks.stop().await;
    }

    #[tokio::test]
    async fn rows_that_are_made_for_the_first_time_are_read_as_they_come() {
        let db: Arc<dyn ReadDb> = Arc::new(SqliteReadDb::open_inline().unwrap());
        let tasks = TestTasks::default();
        let grounds = ProjectionContext {
            store: Arc::new(TestLog::default()),
            db,
            clock: TestClock::new(),
        };
        let live = Projections::start(grounds, &tasks).await.unwrap();
        assert_eq!(count(live.db().as_ref(), "call_history").await, Ok(0));
        tasks.stop().await;
    }
}
