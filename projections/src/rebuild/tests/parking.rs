//! Tests of an event that a view cannot apply, in live and in new rows, and of the reported lag of views.

use super::{calls, made_ready, pair, places, story_of};
use crate::context::ProjectionContext;
use crate::live::Projections;
use crate::rebuild::{RebuildState, Rebuilds};
use crate::runner::InlineRunner;
use crate::status::{ViewState, statuses};
use crate::testing::{TestLog, ten};
use crate::view::View;
use crate::views;
use domain::ports::tasks::Tasks;
use domain::stored_event::Position;
use std::sync::Arc;
use std::sync::atomic::Ordering;

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

        // A rebuild meets the same event: it fails, and the live rows stay.
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

/// A feeder that parked a view must not continue rows that another process has moved past the event.
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
            ProjectionContext {
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
async fn lag_is_reported_in_events_and_as_the_age_of_the_oldest_that_is_missing() {
    let mut story = story_of(2);
    for on in places(&story).await {
        on.caught_up(&[pair(1).0]).await;
        let seen_count = story.events.len();
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
        on.log.extend(&story.events[seen_count..]);
        let behind = &statuses(store, on.db(), now).await.unwrap()[0];
        assert_eq!(behind.lag_events, (story.events.len() - seen_count) as u64);
        assert_eq!(
            behind.lag_ms,
            u64::try_from((now.micros() - first_missing.micros()) / 1_000).unwrap()
        );
        assert_eq!(behind.head, story.head());
        story.events.truncate(seen_count);
        on.tasks.stop().await;
    }
    assert!(story.at > ten());
}
