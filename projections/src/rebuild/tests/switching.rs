//! Tests of switches: of every view, with differing rows, with readers, and after a lost response.

use super::{PAIR, made_ready, pair, places, story_of};
use crate::checkpoint::read_checkpoints;
use crate::context::ProjectionContext;
use crate::database::{Dialect, ReadDb, TxWork, each_row, read_as};
use crate::error::ProjectionError;
use crate::live::Projections;
use crate::rebuild::{RebuildError, RebuildState, Rebuilds};
use crate::testing::TestHistory;
use crate::value::{Row, Val};
use crate::views;
use domain::ports::tasks::Tasks;
use domain::stored_event::Position;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

#[tokio::test]
async fn every_view_is_rebuilt_beside_its_live_rows_and_switched_to_twice() {
    let mut story = story_of(12);
    // The distance is large enough for views that take snapshots to take some.
    for event in &mut story.events {
        event.position = Position(event.position.0 * 1_000);
    }
    let head = story.events.last().map(|event| event.position).unwrap();
    for on in places(&story).await {
        let views = views::all();
        on.caught_up(&views).await;
        let rebuilds = on.rebuilds(&views);
        for view in &views {
            for generation in 1..=2 {
                let ready = made_ready(&rebuilds, view.name()).await;
                let found = (ready.state, ready.generation, ready.position);
                assert_eq!(found, (RebuildState::Ready, generation, head), "{}", view.name());
                let comparison = ready.comparison.unwrap();
                assert!(comparison.agrees(), "{comparison:?}");
                let switched = rebuilds.switch(view.name(), None).await.unwrap();
                assert_eq!(switched.position, head);
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

/// A database that breaks the connection once, after a commit and before its response.
struct CommitCuttingDb {
    db: Arc<dyn ReadDb>,
    cut: AtomicBool,
}

#[async_trait::async_trait]
impl ReadDb for CommitCuttingDb {
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
async fn a_switch_with_an_unacknowledged_commit_is_a_switch() {
    let story = story_of(10);
    for on in places(&story).await {
        let views = [pair(1).0];
        on.caught_up(&views).await;
        let cut = Arc::new(CommitCuttingDb {
            db: Arc::clone(&on.grounds.db),
            cut: AtomicBool::new(false),
        });
        let grounds = ProjectionContext {
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

/// Waits until the only rebuild is ready.
async fn until_ready(live: &Projections) {
    while live.rebuilds().await.unwrap()[0].state != RebuildState::Ready {
        tokio::task::yield_now().await;
    }
}

/// Returns the second column of a row, and the third or 0.
fn counts(row: Vec<Val>) -> (u64, u64) {
    let mut row = Row::new(row);
    row.val().unwrap();
    (row.count().unwrap(), row.count().unwrap_or(0))
}

/// Returns both sums and the number of their events, in one snapshot. The checkpoint is read first: after a
/// switch in between, the rows would be others than its own.
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
    for on in places(&TestHistory::new()).await {
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
