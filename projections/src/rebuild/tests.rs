//! Rebuilds beside live rows: switches, restarts, differences, poison and lags, on both databases.

use super::{Rebuild, RebuildError, RebuildState, Rebuilds, verify_views};
use crate::database::{
    Dialect, ReadDb, Table, Tx, TxWork, each_row, read_as, read_checkpoints, remake_tables, transact,
};
use crate::error::ProjectionError;
use crate::live::{Grounds, Projections};
use crate::postgres::PostgresReadDb;
use crate::runner::InlineRunner;
use crate::shadow::next_name;
use crate::sqlite::SqliteReadDb;
use crate::status::{ViewState, statuses};
use crate::testing::{Story, TestClock, TestLog, TestTasks, postgres_url, ten};
use crate::value::{Row, Val};
use crate::view::{Handles, View, ViewEvent};
use crate::views;
use domain::ports::clock::Clock;
use domain::ports::tasks::Tasks;
use domain::stored_event::Position;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Two tables whose sums are the same after every event; cannot take `call.ended` while it is poisoned.
struct Pair {
    version: u32,
    poisoned: Arc<AtomicBool>,
}

const PAIR: &[Table] = &[
    Table {
        name: "pair_one",
        ddl: &[
            "create table pair_one (position bigint primary key, amount bigint not null)",
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
    fn name(&self) -> &'static str {
        "pair"
    }
    fn version(&self) -> u32 {
        self.version
    }
    fn tables(&self) -> &'static [Table] {
        PAIR
    }
    fn handles(&self) -> Handles {
        Handles::All
    }
    fn apply(&self, tx: &mut dyn Tx, event: &ViewEvent) -> Result<(), ProjectionError> {
        if event.envelope.kind == "call.ended" && self.poisoned.load(Ordering::SeqCst) {
            return Err(ProjectionError::Fault("cannot take it".to_owned()));
        }
        let amount = event.position.0 % 7;
        // One table by whole rows, the other by a statement.
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

fn calls(story: &mut Story, customers: std::ops::Range<u32>) {
    for customer in customers {
        story.whole_call("T", customer);
    }
}

fn story_of(customers: u32) -> Story {
    let mut story = Story::new();
    story.created("T");
    calls(&mut story, 0..customers);
    story
}

/// A log, a clock and each of the databases there are here.
struct Place {
    grounds: Grounds,
    log: TestLog,
    tasks: TestTasks,
    _dir: tempfile::TempDir,
}

async fn places(story: &Story) -> Vec<Place> {
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
        places.push(Place {
            grounds: Grounds { store, db, clock },
            log,
            tasks,
            _dir: dir,
        });
    }
    places
}

impl Place {
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

/// Waits for the one rebuild there is.
async fn until_ready(live: &Projections) {
    while live.rebuilds().await.unwrap()[0].state != RebuildState::Ready {
        tokio::task::yield_now().await;
    }
}

async fn made_ready(rebuilds: &Rebuilds, view: &str) -> Rebuild {
    rebuilds.begin(view, false).await.unwrap();
    rebuilds.feed(view, &mut |_, _| {}).await.unwrap()
}

#[tokio::test]
async fn every_view_is_rebuilt_beside_its_live_rows_and_switched_to_twice() {
    let story = story_of(12);
    for on in places(&story).await {
        let views = views::all();
        on.caught_up(&views).await;
        let rebuilds = on.rebuilds(&views);
        for view in &views {
            for generation in 1..=2 {
                let ready = made_ready(&rebuilds, view.name()).await;
                let found = (ready.state, ready.generation, ready.position);
                assert_eq!(
                    found,
                    (RebuildState::Ready, generation, story.head()),
                    "{}",
                    view.name()
                );
                let comparison = ready.comparison.unwrap();
                assert!(comparison.agrees(), "{comparison:?}");
                let switched = rebuilds.switch(view.name(), None).await.unwrap();
                assert_eq!(switched.position, story.head());
                on.has_no_next_rows(view.as_ref()).await;
            }
        }
        on.all_agree(&views).await;
        on.tasks.stop().await;
    }
}

#[tokio::test]
async fn rows_that_were_wrong_are_switched_away_only_with_a_reason() {
    let story = story_of(10);
    for on in places(&story).await {
        let (view, _) = pair(1);
        let views = [view];
        on.caught_up(&views).await;
        let wrong = "update pair_one set amount = 99 where position = 3";
        on.db().exec(wrong, Vec::new()).await.unwrap();
        let rebuilds = on.rebuilds(&views);
        let ready = made_ready(&rebuilds, "pair").await;
        let comparison = ready.comparison.unwrap();
        assert!(!comparison.agrees());
        assert_eq!(comparison.tables[0].differences[0].key, "3");
        assert_eq!(comparison.tables[0].live.rows, comparison.tables[0].replay.rows);
        assert!(comparison.tables[1].agrees());
        for accept in [None, Some(""), Some("  ")] {
            let refused = rebuilds.switch("pair", accept).await;
            assert!(matches!(refused, Err(RebuildError::Refused(_))), "{refused:?}");
        }
        rebuilds.switch("pair", Some("row 3 was wrong")).await.unwrap();
        on.all_agree(&views).await;
        let kept = rebuilds.list().await.unwrap();
        assert_eq!(kept[0].why.as_deref(), Some("row 3 was wrong"));
        on.tasks.stop().await;
    }
}

#[tokio::test]
async fn a_rebuild_goes_on_where_it_was_killed_and_begins_anew_when_told() {
    let story = story_of(125);
    for on in places(&story).await {
        let (view, _) = pair(1);
        let views = [view];
        on.caught_up(&views).await;
        let rebuilds = on.rebuilds(&views);
        rebuilds.begin("pair", false).await.unwrap();
        let one_step = rebuilds.beside("pair").unwrap().step().await.unwrap();
        assert_eq!(one_step, super::beside::Step::Moved);
        // Another process: nothing is left in memory.
        let again = on.rebuilds(&views);
        let going_on = again.begin("pair", false).await.unwrap();
        let reached = Position(super::beside::STEP_EVENTS_MAX as u64);
        assert_eq!((going_on.position, going_on.generation), (reached, 1));
        let behind = again.switch("pair", None).await;
        assert!(
            matches!(behind, Err(RebuildError::Refused(_))),
            "not ready: {behind:?}"
        );
        let anew = again.begin("pair", true).await.unwrap();
        assert_eq!((anew.position, anew.generation), (Position(0), 2));
        assert!(
            again
                .feed("pair", &mut |_, _| {})
                .await
                .unwrap()
                .comparison
                .unwrap()
                .agrees()
        );

        again.cancel("pair").await.unwrap();
        assert!(!on.exists("pair_one__next").await);
        assert!(matches!(
            again.cancel("pair").await,
            Err(RebuildError::Refused(_))
        ));
        assert!(matches!(
            again.switch("pair", None).await,
            Err(RebuildError::Refused(_))
        ));
        assert!(matches!(
            again.begin("other", false).await,
            Err(RebuildError::NoView(_))
        ));
        on.all_agree(&views).await;
        on.tasks.stop().await;
    }
}

#[tokio::test]
async fn a_poisoned_event_parks_one_view_and_after_a_fix_it_catches_up_without_a_restart() {
    let story = story_of(20);
    for on in places(&story).await {
        let (view, poisoned) = pair(1);
        poisoned.store(true, Ordering::SeqCst);
        let others: [Arc<dyn View>; 2] = [
            Arc::new(views::worklist::Worklist),
            Arc::new(views::audit_trail::AuditTrail),
        ];
        let mut views = others.to_vec();
        views.push(view);
        let live = Projections::start_views(on.grounds.clone(), views.clone(), &on.tasks)
            .await
            .unwrap();
        let progress = live.progress();
        progress.wait_for(None, story.head()).await.unwrap();
        let parked = live.statuses().await.unwrap();
        let parked: Vec<_> = parked
            .iter()
            .filter(|one| one.state == ViewState::Parked)
            .collect();
        assert_eq!(parked.len(), 1);
        assert_eq!(parked[0].view, "pair");
        assert!(parked[0].parked.as_ref().unwrap().why.contains("cannot take it"));
        assert!(parked[0].lag_events > 0);

        // A rebuild meets the same event: it fails, the live rows stay.
        live.rebuild("pair", false).await.unwrap();
        poisoned.store(false, Ordering::SeqCst);
        live.retry("pair").unwrap();
        progress.wait_for(None, story.head()).await.unwrap();
        while progress.wait_for(Some("pair"), story.head()).await.is_err() {
            tokio::task::yield_now().await;
        }
        assert!(live.status().iter().all(|row| row.parked.is_none()));
        assert!(live.retry("other").is_err());
        on.all_agree(&views).await;
        on.tasks.stop().await;
    }
}

/// A feeder that parked a view does not follow on rows that another process has moved past the event.
#[tokio::test]
async fn a_parked_view_that_is_switched_elsewhere_misses_no_event() {
    let story = story_of(40);
    let (half, most) = (story.events.len() / 2, story.events.len() * 3 / 4);
    for on in places(&story).await {
        let (view, poisoned) = pair(1);
        poisoned.store(true, Ordering::SeqCst);
        let views: Vec<Arc<dyn View>> = vec![Arc::new(views::worklist::Worklist), view];
        let db = Arc::clone(&on.grounds.db);
        let mut runner = InlineRunner::begin(db, views.clone()).await.unwrap();
        runner.apply_page(&story.events[..most]).await.unwrap();

        let elsewhere = [pair(1).0];
        let rebuilds = Rebuilds::of(
            Grounds {
                store: Arc::new(TestLog::of(&story.events[..half])),
                ..on.grounds.clone()
            },
            elsewhere.to_vec(),
        );
        made_ready(&rebuilds, "pair").await;
        let switched = rebuilds.switch("pair", None).await.unwrap();
        assert_eq!(switched.position, Position(half as u64));
        on.all_agree(&elsewhere).await;

        runner.apply_page(&story.events[most..]).await.unwrap();
        assert_eq!(runner.after(), Some(switched.position), "it reads on from there");
        runner.catch_up(&on.log).await.unwrap();
        let parked = runner.progress().checkpoints().into_iter();
        let parked: Vec<_> = parked.filter_map(|row| row.parked).collect();
        assert_eq!(parked.len(), 1, "the next such event parks it again");
        assert!(parked[0].0 > switched.position);
        on.caught_up(&[Arc::clone(&views[0]), Arc::clone(&elsewhere[0])])
            .await;
        on.all_agree(&elsewhere).await;
        on.tasks.stop().await;
    }
}

/// A database whose connection is cut once, when a commit has been made and not yet been heard of.
struct CutAfterCommit {
    db: Arc<dyn ReadDb>,
    cut: AtomicBool,
}

#[async_trait::async_trait]
impl ReadDb for CutAfterCommit {
    fn dialect(&self) -> Dialect {
        self.db.dialect()
    }
    async fn transaction(&self, work: TxWork) -> Result<(), ProjectionError> {
        self.db.transaction(work).await?;
        match self.cut.swap(false, Ordering::SeqCst) {
            true => Err(ProjectionError::Unavailable("cut".to_owned())),
            false => Ok(()),
        }
    }
    async fn read(&self, work: TxWork) -> Result<(), ProjectionError> {
        self.db.read(work).await
    }
}

#[tokio::test]
async fn a_switch_whose_commit_was_not_heard_of_is_a_switch() {
    let story = story_of(10);
    for on in places(&story).await {
        let views = [pair(1).0];
        on.caught_up(&views).await;
        let cut = Arc::new(CutAfterCommit {
            db: Arc::clone(&on.grounds.db),
            cut: AtomicBool::new(false),
        });
        let grounds = Grounds {
            db: Arc::clone(&cut) as Arc<dyn ReadDb>,
            ..on.grounds.clone()
        };
        let rebuilds = Rebuilds::of(grounds, views.to_vec());
        made_ready(&rebuilds, "pair").await;
        cut.cut.store(true, Ordering::SeqCst);
        let switched = rebuilds.switch("pair", None).await.unwrap();
        assert_eq!(switched.position, story.head());
        assert!(
            rebuilds.switch("pair", None).await.is_err(),
            "there is no next one"
        );
        on.all_agree(&views).await;
        on.tasks.stop().await;
    }
}

#[tokio::test]
async fn next_rows_that_meet_a_poisoned_event_fail_and_leave_the_live_ones() {
    let story = story_of(20);
    for on in places(&story).await {
        let (view, poisoned) = pair(1);
        let views = [view];
        on.caught_up(&views).await;
        poisoned.store(true, Ordering::SeqCst);
        let rebuilds = on.rebuilds(&views);
        let failed = made_ready(&rebuilds, "pair").await;
        assert_eq!(failed.state, RebuildState::Failed);
        assert!(failed.why.unwrap().contains("cannot take it"));
        poisoned.store(false, Ordering::SeqCst);
        on.all_agree(&views).await;
        let ready = made_ready(&rebuilds, "pair").await;
        assert_eq!((ready.state, ready.generation), (RebuildState::Ready, 1));
        on.tasks.stop().await;
    }
}

#[tokio::test]
async fn next_rows_that_live_ones_which_began_anew_have_not_met_wait_for_them() {
    let story = story_of(125);
    for on in places(&story).await {
        let views = [pair(1).0];
        on.caught_up(&views).await;
        let rebuilds = on.rebuilds(&views);
        rebuilds.begin("pair", false).await.unwrap();
        let beside = rebuilds.beside("pair").unwrap();
        assert_eq!(beside.step().await.unwrap(), super::beside::Step::Moved);
        transact(on.db(), |tx| remake_tables(tx, pair(1).0.as_ref()))
            .await
            .unwrap();
        assert_eq!(beside.step().await.unwrap(), super::beside::Step::Level);
        let waiting = rebuilds.feed("pair", &mut |_, _| {}).await.unwrap();
        assert_eq!(waiting.state, RebuildState::Feeding);
        on.caught_up(&views).await;
        let ready = made_ready(&rebuilds, "pair").await;
        assert!(ready.comparison.unwrap().agrees());
        rebuilds.switch("pair", None).await.unwrap();
        on.all_agree(&views).await;
        on.tasks.stop().await;
    }
}

#[tokio::test]
async fn next_rows_of_another_version_are_dropped_at_the_start() {
    let story = story_of(10);
    for on in places(&story).await {
        let old = [pair(1).0];
        on.caught_up(&old).await;
        made_ready(&on.rebuilds(&old), "pair").await;
        let new = vec![pair(2).0];
        let live = Projections::start_views(on.grounds.clone(), new.clone(), &on.tasks)
            .await
            .unwrap();
        live.progress()
            .wait_for(Some("pair"), story.head())
            .await
            .unwrap();
        while live.rebuilds().await.unwrap()[0].state != RebuildState::Canceled {
            tokio::task::yield_now().await;
        }
        on.all_agree(&new).await;
        on.tasks.stop().await;
    }
}

#[tokio::test]
async fn lag_is_told_in_events_and_as_the_age_of_the_oldest_that_is_missing() {
    let mut story = story_of(2);
    for on in places(&story).await {
        on.caught_up(&[pair(1).0]).await;
        let told = story.events.len();
        let now = story.at.plus_ms(60_000);
        let store = on.grounds.store.as_ref();
        let level = &statuses(store, on.db(), now).await.unwrap()[0];
        assert_eq!(
            (level.lag_events, level.lag_ms, level.state),
            (0, 0, ViewState::Live)
        );
        assert_eq!(
            level.recorded_at,
            story.events.last().map(|event| event.recorded_at)
        );
        let first_missing = story.at;
        calls(&mut story, 900..903);
        on.log.extend(&story.events[told..]);
        let behind = &statuses(store, on.db(), now).await.unwrap()[0];
        assert_eq!(behind.lag_events, (story.events.len() - told) as u64);
        assert_eq!(
            behind.lag_ms,
            u64::try_from((now.micros() - first_missing.micros()) / 1_000).unwrap()
        );
        assert_eq!(behind.head, story.head());
        story.events.truncate(told);
        on.tasks.stop().await;
    }
    assert!(story.at > ten());
}

/// The second column of a row, and the third where there is one.
fn counts(row: Vec<Val>) -> (u64, u64) {
    let mut row = Row::new(row);
    row.val().unwrap();
    (row.count().unwrap(), row.count().unwrap_or(0))
}

/// Both sums, and how many events they are over, in one snapshot.
/// The checkpoint is read first: a switch in between would give other rows than it speaks of.
async fn sums(db: &dyn ReadDb) -> (u64, u64, u64, u64, Position) {
    read_as(db, |tx| {
        let stored = read_checkpoints(tx)?;
        let position = stored.iter().find(|row| row.view == "pair").unwrap().position;
        let (mut one, mut rows, mut sum, mut events) = (0, 0, 0, 0);
        each_row(tx, &PAIR[0], &mut |row| {
            (one, rows) = (one + counts(row).0, rows + 1);
            Ok(())
        })?;
        each_row(tx, &PAIR[1], &mut |row| {
            (sum, events) = counts(row);
            Ok(())
        })?;
        Ok((one, sum, rows, events, position))
    })
    .await
    .unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn readers_see_no_gap_and_no_mixture_while_rows_are_switched_under_load() {
    let story = story_of(120);
    let head = story.head();
    for on in places(&Story::new()).await {
        let (view, _) = pair(1);
        let live = Projections::start_views(on.grounds.clone(), vec![view], &on.tasks)
            .await
            .unwrap();
        let writing = async {
            for page in story.events.chunks(40) {
                on.log.extend(page);
                let last = page.last().unwrap().position;
                live.progress()
                    .wait_for(Some("pair"), Position(last.0.saturating_sub(200)))
                    .await
                    .unwrap();
            }
        };
        let switching = async {
            let mut switches = 0;
            while live.position() < Some(head) || switches == 0 {
                live.rebuild("pair", false).await.unwrap();
                until_ready(&live).await;
                live.switch("pair", None).await.unwrap();
                switches += 1;
            }
            switches
        };
        let reading = async {
            let mut seen = 0;
            while seen < head.0 {
                let (one, sum, rows, events, position) = sums(on.db()).await;
                assert_eq!((one, rows), (sum, events), "a mixture");
                assert_eq!(
                    Position(events),
                    position,
                    "rows of another moment than their checkpoint"
                );
                assert!(events >= seen, "{events} after {seen}: a gap");
                seen = events;
            }
        };
        let ((), switches, ()) = tokio::join!(writing, switching, reading);
        assert!(switches > 0);
        live.progress().wait_for(Some("pair"), head).await.unwrap();
        on.all_agree(&[pair(1).0]).await;
        on.tasks.stop().await;
    }
}
