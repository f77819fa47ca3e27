//! Rebuilds that start, resume and end: after a kill, after the live rows started again, and under another
//! version of the view.

use super::{made_ready, pair, places, story_of};
use crate::database::transact;
use crate::live::Projections;
use crate::rebuild::shadow_rebuild::{STEP_EVENTS_MAX, StepResult};
use crate::rebuild::{RebuildError, RebuildState};
use crate::schema::remake_tables;
use domain::ports::tasks::Tasks;
use domain::stored_event::Position;

#[tokio::test]
async fn a_rebuild_goes_on_where_it_was_killed_and_restarts_on_request() {
    let story = story_of(125);
    for on in places(&story).await {
        let (view, _) = pair(1);
        let views = [view];
        on.caught_up(&views).await;
        let rebuilds = on.rebuilds(&views);
        rebuilds.begin("pair", false).await.unwrap();
        let one_step = rebuilds.beside("pair").unwrap().step().await.unwrap();
        assert_eq!(one_step, StepResult::Moved);
        // A new process: nothing is left in memory.
        let again = on.rebuilds(&views);
        let going_on = again.begin("pair", false).await.unwrap();
        let reached = Position(STEP_EVENTS_MAX as u64);
        assert_eq!((going_on.position, going_on.generation), (reached, 1));
        let behind = again.switch("pair", None).await;
        assert!(
            matches!(behind, Err(RebuildError::Refused(_))),
            "not ready: {behind:?}"
        );
        let restarted = again.begin("pair", true).await.unwrap();
        assert_eq!((restarted.position, restarted.generation), (Position(0), 2));
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
async fn next_rows_that_restarted_live_ones_have_not_met_wait_for_them() {
    let story = story_of(125);
    for on in places(&story).await {
        let views = [pair(1).0];
        on.caught_up(&views).await;
        let rebuilds = on.rebuilds(&views);
        rebuilds.begin("pair", false).await.unwrap();
        let beside = rebuilds.beside("pair").unwrap();
        assert_eq!(beside.step().await.unwrap(), StepResult::Moved);
        let dialect = on.db().dialect();
        transact(on.db(), move |tx| remake_tables(tx, dialect, pair(1).0.as_ref()))
            .await
            .unwrap();
        assert_eq!(beside.step().await.unwrap(), StepResult::Level);
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
