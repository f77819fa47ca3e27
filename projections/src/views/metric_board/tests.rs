//! The board beside the log: golden figures at every version, and every figure against its drill-down.

use super::{By, Figure, KINDS, MetricBoard, VERSION, figures};
use crate::database::ReadDb;
use crate::metrics::{Drill, DrillError, ITEMS_MAX, Metric, Part, Scope, catalog, drill_down};
use crate::runner::InlineRunner;
use crate::testing::{TestLog, both_databases};
use domain::stored_event::{Envelope, Position, StoredEvent};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::sync::Arc;

const LOG: &str = include_str!("../../../../fixtures/metrics/log.jsonl");
const EXPECTED: &str = include_str!("../../../../fixtures/metrics/expected.json");
const FILE: &str = include_str!("../../metrics/metrics.yaml");

fn golden() -> Vec<StoredEvent> {
    let read = |(index, line): (usize, &str)| {
        let envelope: Envelope = serde_json::from_str(line).unwrap();
        StoredEvent {
            position: Position(index as u64 + 1),
            recorded_at: envelope.at,
            record: line.as_bytes().into(),
        }
    };
    LOG.lines().enumerate().map(read).collect()
}

async fn board(events: &[StoredEvent]) -> Arc<dyn ReadDb> {
    let db = both_databases().await;
    let mut runner = InlineRunner::begin(Arc::clone(&db), vec![Arc::new(MetricBoard)])
        .await
        .unwrap();
    runner.apply_page(events).await.unwrap();
    let parked = runner.progress().checkpoints();
    assert!(parked.iter().all(|row| row.parked.is_none()), "{parked:?}");
    db
}

fn metric(name: &str, version: u32) -> &'static Metric {
    catalog().unwrap().metric(name, Some(version)).unwrap()
}

async fn asked(db: &dyn ReadDb, metric: &Metric, scope: &Scope, by: Option<By>) -> Vec<Figure> {
    let (figures, _) = figures(db, (catalog().unwrap(), metric), scope, by)
        .await
        .unwrap();
    figures
}

fn hour(text: &str) -> Scope {
    let from = format!("2026-03-02T{text}:00:00+08:00").parse().unwrap();
    Scope {
        from: Some(from),
        to: Some(from.plus_ms(3_600_000)),
        campaign: None,
    }
}

fn parts(figure: &Figure) -> Vec<i64> {
    [Some(figure.numerator), figure.denominator]
        .into_iter()
        .flatten()
        .collect()
}

#[tokio::test]
async fn every_metric_of_the_golden_log_is_as_counted_by_hand_at_every_version() {
    let expected: BTreeMap<String, Vec<i64>> = serde_json::from_str(EXPECTED).unwrap();
    let db = board(&golden()).await;
    let mut found = BTreeMap::new();
    for metric in catalog().unwrap().metrics() {
        let figures = asked(db.as_ref(), metric, &Scope::default(), None).await;
        if metric.awaits.is_some() {
            assert!(figures.is_empty(), "{} is faked", metric.name);
            continue;
        }
        let name = format!("{} v{}", metric.name, metric.version);
        found.insert(name, parts(&figures[0]));
    }
    assert_eq!(found, expected);
}

/// One part of a figure, by the log alone.
async fn drilled(log: &TestLog, (metric, part): (&Metric, Part), scope: &Scope) -> i64 {
    let drill = Drill {
        metric,
        part,
        scope: scope.clone(),
        until: Position(999),
        after: Position(0),
        limit: ITEMS_MAX,
    };
    let found = drill_down(catalog().unwrap(), log, &drill, &|| true)
        .await
        .unwrap();
    let counted: i64 = found.items.iter().map(|item| item.count).sum();
    assert_eq!(counted, found.totals.count);
    found.figure
}

#[tokio::test]
async fn every_drill_down_counted_equals_its_metric_whole_and_by_the_hour() {
    let events = golden();
    let db = board(&events).await;
    let log = TestLog::of(&events);
    let campaign = Scope {
        campaign: Some("GOLDEN".parse().unwrap()),
        ..Scope::default()
    };
    let scopes = [Scope::default(), campaign, hour("10"), hour("11"), hour("12")];
    let known = catalog().unwrap().metrics().iter();
    for metric in known.filter(|metric| metric.awaits.is_none()) {
        for scope in &scopes {
            let figure = asked(db.as_ref(), metric, scope, None).await.remove(0);
            let mut found = vec![drilled(&log, (metric, Part::Numerator), scope).await];
            if figure.denominator.is_some() {
                found.push(drilled(&log, (metric, Part::Denominator), scope).await);
            }
            assert_eq!(
                found,
                parts(&figure),
                "{} v{} {scope:?}",
                metric.name,
                metric.version
            );
        }
    }
}

#[tokio::test]
async fn a_correction_moves_a_call_in_the_hour_of_its_dial_and_is_listed_as_a_move() {
    let events = golden();
    let db = board(&events).await;
    let people = metric("answer_ratio_per_call", 2);
    let ten = asked(db.as_ref(), people, &hour("10"), None).await.remove(0);
    assert_eq!(parts(&ten), [2, 6]);
    let first = LOG
        .lines()
        .position(|line| line.contains("call.corrected"))
        .unwrap();
    let before = board(&events[..first]).await;
    let then = asked(before.as_ref(), people, &hour("10"), None).await.remove(0);
    assert_eq!(then.numerator, 3, "before anybody corrected call B");

    let log = TestLog::of(&events);
    let drill = Drill {
        metric: people,
        part: Part::Numerator,
        scope: hour("10"),
        until: Position(999),
        after: Position(0),
        limit: 2,
    };
    let page = drill_down(catalog().unwrap(), &log, &drill, &|| true)
        .await
        .unwrap();
    assert_eq!(
        (page.items.len(), page.totals.items, page.totals.count),
        (2, 4, 2)
    );
    let next = Drill {
        after: page.next.unwrap(),
        ..drill
    };
    let rest = drill_down(catalog().unwrap(), &log, &next, &|| true)
        .await
        .unwrap();
    assert_eq!(rest.items[1].kind, "call.corrected");
    assert_eq!((rest.items[1].count, rest.next), (-1, None));
    let stopped = drill_down(catalog().unwrap(), &log, &next, &|| false).await;
    assert!(matches!(stopped, Err(DrillError::Stopped { events }) if events > 0));
}

#[tokio::test]
async fn figures_are_split_by_hour_day_trunk_flow_version_and_campaign() {
    let db = board(&golden()).await;
    let rows = [
        (
            By::Hour,
            vec![
                ("2026-03-02T02:00:00.000000Z", "10:00", 6),
                ("2026-03-02T03:00:00.000000Z", "11:00", 8),
            ],
        ),
        (By::Day, vec![("2026-03-02", "2026-03-02", 14)]),
        (By::Trunk, vec![("first", "first", 10), ("second", "second", 4)]),
        (By::FlowVersion, vec![("1", "v1", 12), ("2", "v2", 2)]),
        (By::Campaign, vec![("GOLDEN", "GOLDEN", 14)]),
    ];
    for (by, expected) in rows {
        let found = asked(
            db.as_ref(),
            metric("dialed_calls", 1),
            &Scope::default(),
            Some(by),
        )
        .await;
        let found: Vec<_> = found
            .iter()
            .map(|one| {
                (
                    one.key.as_deref().unwrap(),
                    one.label.as_deref().unwrap(),
                    one.numerator,
                )
            })
            .collect();
        assert_eq!(found, expected, "{by:?}");
    }
    // Customer 4 was dialed in both hours: once in each, once in the whole.
    let hours = asked(
        db.as_ref(),
        metric("attempts_per_customer", 1),
        &Scope::default(),
        Some(By::Hour),
    )
    .await;
    let customers: Vec<_> = hours.iter().map(|one| one.denominator.unwrap()).collect();
    assert_eq!(customers, [6, 7]);
}

#[tokio::test]
async fn nothing_dialed_is_no_figure_and_not_zero() {
    let db = board(&golden()).await;
    let empty = asked(db.as_ref(), metric("answer_ratio_per_call", 1), &hour("12"), None).await;
    assert_eq!((empty[0].value, empty[0].denominator), (None, Some(0)));
}

#[tokio::test]
async fn seen_twice_or_in_pieces_the_rows_are_the_same() {
    let events = golden();
    let whole = board(&events).await;
    let db = both_databases().await;
    for page in events.chunks(7) {
        let mut runner = InlineRunner::begin(Arc::clone(&db), vec![Arc::new(MetricBoard)])
            .await
            .unwrap();
        runner.apply_page(page).await.unwrap();
        runner.apply_page(page).await.unwrap();
    }
    let tables = [super::SUMS, super::SUBJECTS];
    let rows = crate::testing::rows_of(db.as_ref(), &tables).await;
    assert_eq!(rows, crate::testing::rows_of(whole.as_ref(), &tables).await);
    assert!(rows.len() > 60, "{}", rows.len());
}

#[test]
fn the_kinds_of_the_view_are_those_of_the_file() {
    let kinds: Vec<&str> = catalog().unwrap().kinds().collect();
    assert_eq!(kinds, KINDS);
}

#[test]
fn a_change_of_terms_raises_the_version_of_the_view() {
    let terms = FILE.split("\nmetrics:\n").next().unwrap();
    let hash: String = Sha256::digest(terms)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let pinned: (u32, &str) = (2, "105c315fada0fc56");
    assert_eq!(
        (VERSION, hash.get(..16).unwrap()),
        pinned,
        "raise VERSION and pin it with the new hash"
    );
}
