//! Folds compared with replays, and the ways in which a fold ends.

use super::*;
use crate::database::{each_row, read_as};
use crate::testing::{TestHistory, TestLog, call, campaign, ten, varied};
use crate::value::Val;
use crate::views::campaign_board::{self, CampaignBoard};
use crate::views::metric_board::MetricBoard;
use domain::campaign::event::CampaignEvent;
use domain::disposition::{Disposition, Outcome};
use domain::stored_event::StoredEvent;

/// A story of three campaigns with interleaved calls, some of them corrected.
fn story() -> TestHistory {
    let mut story = TestHistory::new();
    for name in ["T", "U", "V"] {
        story.created(name).campaign(name, CampaignEvent::Started {});
    }
    for of in 1..=12 {
        let name = ["T", "U", "V"][of as usize % 3];
        story.whole_call(name, of).enrolled("T", of + 20);
    }
    let id = call("T", 6, 1);
    let success = (Disposition::Answered, Some(Outcome::Success));
    story.corrected(id, success, (Disposition::Machine, None));
    story
}

fn of_campaign(name: &str, until: Position) -> EventSpan {
    let filter = EventFilter {
        campaign: Some(campaign(name)),
        ..EventFilter::default()
    };
    EventSpan::until(filter, until)
}

fn views() -> Vec<Arc<dyn View>> {
    vec![Arc::new(CampaignBoard), Arc::new(MetricBoard)]
}

async fn folded(log: &TestLog, span: &EventSpan) -> Result<FoldedRows, FoldError> {
    fold(log, span, views(), &|| true).await
}

/// Returns every row of a campaign, from the tables that queries read.
async fn rows(db: &dyn ReadDb, name: &'static str) -> Vec<Vec<Val>> {
    rows_of(db, name, |_| true).await
}

/// Returns the rows as `rows` does, without those that state where each call counts, which are in no
/// snapshot.
async fn figures(db: &dyn ReadDb, name: &'static str) -> Vec<Vec<Val>> {
    rows_of(db, name, |table| table != "campaign_board_call").await
}

async fn rows_of(db: &dyn ReadDb, name: &'static str, wanted: fn(&str) -> bool) -> Vec<Vec<Val>> {
    let mut all = Vec::new();
    let metrics = MetricBoard.definition().tables.iter();
    let asked = metrics.filter(|table| ["metric_board", "metric_board_first"].contains(&table.name));
    // Snapshots are taken of live rows, never of folded ones.
    let board = CampaignBoard.definition().tables.iter();
    let board = board.filter(|table| !table.name.starts_with("campaign_board_cop"));
    for table in board.chain(asked).filter(|table| wanted(table.name)) {
        let columns = read_as(db, |tx| tx.columns(table.name)).await.unwrap();
        let at = columns.iter().position(|column| column == "campaign").unwrap();
        let mut rows = read_as(db, move |tx| {
            let mut rows = Vec::new();
            each_row(tx, table, &mut |row| {
                rows.push(row);
                Ok(())
            })?;
            Ok(rows)
        })
        .await
        .unwrap();
        rows.retain(|row| row[at] == Val::text(name));
        if table.name == "metric_board_first" {
            // The last column is the position of the last event of all campaigns.
            rows.iter_mut().for_each(|row| drop(row.pop()));
        }
        all.extend(rows);
    }
    all
}

async fn replay(events: &[StoredEvent]) -> Arc<dyn ReadDb> {
    let db: Arc<dyn ReadDb> = Arc::new(SqliteReadDb::open_inline().unwrap());
    let mut runner = InlineRunner::begin(Arc::clone(&db), views()).await.unwrap();
    runner.apply_page(events).await.unwrap();
    db
}

/// Folds each campaign up to a number of events and compares its rows with a replay. Returns the number of
/// rows.
async fn compare(story: &TestHistory, until: usize) -> usize {
    let log = TestLog::of(&story.events);
    let replay = replay(&story.events[..until]).await;
    let mut compared = 0;
    for name in ["T", "U", "V"] {
        let span = of_campaign(name, story.events[until - 1].position);
        let folded = folded(&log, &span).await.unwrap();
        let one = rows(folded.db.as_ref(), name).await;
        assert_eq!(one, rows(replay.as_ref(), name).await, "{name} as of {until}");
        compared += one.len();
    }
    compared
}

#[tokio::test]
async fn whatever_follows_whatever_sums_in_memory_make_the_rows_that_events_one_by_one_make() {
    let mut compared = 0;
    for seed in 1..=3 {
        let story = varied(1_500, seed);
        for until in [200, 700, story.events.len()] {
            compared += compare(&story, until).await;
        }
    }
    assert!(compared > 1_000, "{compared}");
}

#[tokio::test]
async fn a_campaign_folded_from_its_own_events_is_row_for_row_a_replay_of_the_whole_log() {
    let story = story();
    for until in 1..=story.events.len() {
        compare(&story, until).await;
    }
}

/// Folds a campaign with the board starting from its last snapshot, and compares its rows with those of all
/// events. Returns the snapshot's position and the number of rows compared.
async fn compare_beside(
    log: &TestLog,
    live: &dyn ReadDb,
    span: &EventSpan,
    name: &'static str,
) -> (Position, usize) {
    let copy = campaign_board::read_last_snapshot(live, &campaign(name), span.until).await;
    let Some(copy) = copy.unwrap() else {
        return (Position(0), 0);
    };
    let upto = copy.upto;
    let board: Arc<dyn View> = Arc::new(CampaignBoard);
    let copied = SnapshotViews {
        views: vec![board],
        upto,
        begun: copy.rows,
    };
    let beside = fold_with_snapshot(log, span, copied, vec![Arc::new(MetricBoard)], &|| true)
        .await
        .unwrap();
    let whole = folded(log, span).await.unwrap();
    assert!(beside.events <= whole.events);
    let [beside_rows, whole_rows] = [&beside, &whole].map(|folded| figures(folded.db.as_ref(), name));
    let (beside_rows, whole_rows) = (beside_rows.await, whole_rows.await);
    assert_eq!(beside_rows, whole_rows, "{name} as of {} from {upto}", span.until);
    (upto, whole_rows.len())
}

#[tokio::test]
async fn the_board_from_its_copy_beside_metrics_from_the_first_event_are_all_events_folded() {
    let (mut copies, mut compared) = (BTreeSet::new(), 0);
    for seed in 1..=3 {
        let mut story = varied(1_500, seed);
        for event in &mut story.events {
            event.position = Position(event.position.0 * 130);
        }
        let log = TestLog::of(&story.events);
        let (live, _runner) = story.shown_by(CampaignBoard).await;
        for event in story.events.iter().step_by(151) {
            for name in ["T", "U", "V"] {
                let span = of_campaign(name, event.position);
                let (upto, rows) = compare_beside(&log, live.as_ref(), &span, name).await;
                copies.insert((seed, upto));
                compared += rows;
            }
        }
    }
    assert!(copies.len() >= 9 && compared > 1_000, "{copies:?}, {compared}");
}

#[tokio::test]
async fn beside_a_copy_the_bound_is_of_all_events_and_what_was_true_then_asks_no_copy() {
    let mut story = varied(1_500, 7);
    for event in &mut story.events {
        event.position = Position(event.position.0 * 130);
    }
    let log = TestLog::of(&story.events);
    let (live, _runner) = story.shown_by(CampaignBoard).await;
    let whole = of_campaign("T", story.events.last().unwrap().position);
    let beside = async |span: &EventSpan, others: Vec<Arc<dyn View>>| {
        let copy = campaign_board::read_last_snapshot(live.as_ref(), &campaign("T"), span.until).await;
        let copy = copy.unwrap().unwrap();
        let copied = SnapshotViews {
            views: vec![Arc::new(CampaignBoard)],
            upto: copy.upto,
            begun: copy.rows,
        };
        fold_with_snapshot(&log, span, copied, others, &|| true).await
    };
    let metrics = || -> Vec<Arc<dyn View>> { vec![Arc::new(MetricBoard)] };
    let events = beside(&whole, metrics()).await.unwrap().events;
    let of = |events_max| EventSpan {
        events_max,
        ..whole.clone()
    };
    assert_eq!(beside(&of(events), metrics()).await.unwrap().events, events);
    let events_max = events - 1;
    let refused = beside(&of(events_max), metrics()).await.err();
    assert_eq!(refused, Some(FoldError::TooManyEvents { events_max }));
    let alone = beside(&whole, Vec::new()).await.unwrap();
    assert!(
        alone.events * 2 < events,
        "{} of {events}: no view, no events",
        alone.events
    );
    let then = EventSpan {
        valid_at: Some(story.events[700].envelope().unwrap().at),
        ..whole.clone()
    };
    let (from_copy, all) = (
        beside(&then, metrics()).await.unwrap(),
        folded(&log, &then).await.unwrap(),
    );
    assert_eq!(from_copy.events, all.events);
    assert_eq!(
        rows(from_copy.db.as_ref(), "T").await,
        rows(all.db.as_ref(), "T").await
    );
}

#[tokio::test]
async fn as_of_an_instant_of_truth_only_what_had_happened_counts_and_corrections_count_from_the_end() {
    let story = story();
    let log = TestLog::of(&story.events);
    let head = story.head();
    let ended = story.events.iter().find(|event| {
        let envelope = event.envelope().unwrap();
        envelope.kind == "call.ended" && envelope.stream.id() == call("T", 6, 1).to_string()
    });
    let ended_at = ended.unwrap().envelope().unwrap().at;
    for (valid_at, machines) in [(ended_at, 1), (ended_at.minus_ms(1), 0)] {
        let span = EventSpan {
            valid_at: Some(valid_at),
            ..of_campaign("T", head)
        };
        let folded = folded(&log, &span).await.unwrap();
        let id = campaign("T");
        let report = campaign_board::report(folded.db.as_ref(), &id).await;
        let report = report.unwrap().unwrap();
        let machine = report.dispositions.iter().find(|one| one.code == "machine");
        assert_eq!(machine.map_or(0, |one| one.count), machines, "{valid_at}");
    }
    let span = EventSpan {
        valid_at: Some(ten().minus_ms(1)),
        ..of_campaign("T", head)
    };
    assert_eq!(folded(&log, &span).await.unwrap().events, 0);
}

#[tokio::test]
async fn the_last_permitted_number_of_events_is_folded_and_one_more_is_refused() {
    let story = story();
    let log = TestLog::of(&story.events);
    let whole = of_campaign("T", story.head());
    let events = folded(&log, &whole).await.unwrap().events;
    let of = |events_max| EventSpan {
        events_max,
        ..whole.clone()
    };
    assert_eq!(folded(&log, &of(events)).await.unwrap().events, events);
    let refused = folded(&log, &of(events - 1)).await.err();
    assert_eq!(
        refused,
        Some(FoldError::TooManyEvents {
            events_max: events - 1
        })
    );
    let stopped = fold(&log, &whole, vec![Arc::new(CampaignBoard)], &|| false).await;
    assert_eq!(stopped.err(), Some(FoldError::Stopped { events }));
}

#[tokio::test]
async fn an_event_that_a_view_cannot_take_is_an_error_and_no_half_of_a_figure() {
    let mut story = story();
    let bad = String::from_utf8(story.events[0].record.to_vec()).unwrap();
    story.events[0].record = bad.replace("\"preset\"", "\"presets\"").into_bytes().into();
    let log = TestLog::of(&story.events);
    let failed = folded(&log, &of_campaign("T", story.head())).await.err();
    let parked = matches!(&failed, Some(FoldError::Rows(ProjectionError::Parked { .. })));
    assert!(parked, "{failed:?}");
}
