//! Compares the board with the log: golden figures at every version, and every figure with its drill-down.

use super::{Dimension, Figure, KINDS, MetricBoard, VERSION, figures};
use crate::database::{ReadDb, read_as};
use crate::metrics::{
    CountingUnit, DrillError, DrillRequest, ITEMS_MAX, Metric, MetricPart, Scope, catalog, drill_down,
};
use crate::runner::InlineRunner;
use crate::sqlite::SqliteReadDb;
use crate::testing::{TestHistory, TestLog, both_databases, call, campaign, varied};
use crate::value::{Row, Val};
use domain::calendar::HOUR_MICROS;
use domain::call::event::CallEvent;
use domain::customer::event::CustomerEvent;
use domain::deal::{Currency, Deal, DealCounts, DealKind};
use domain::stored_event::{Envelope, Position, StoredEvent};
use domain::time::Timestamp;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::sync::Arc;

const LOG: &str = include_str!("../../../../fixtures/metrics/log.jsonl");
const EXPECTED: &str = include_str!("../../../../fixtures/metrics/expected.json");
const FILE: &str = include_str!("../../metrics/metrics.yaml");

fn golden() -> Vec<StoredEvent> {
    let read = |(index, line): (usize, &str)| {
        let envelope: Envelope = serde_json::from_str(line).unwrap();
        StoredEvent::new(Position(index as u64 + 1), envelope.at, line.as_bytes().into())
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

pub(super) fn metric(name: &str, version: u32) -> &'static Metric {
    catalog().unwrap().metric(name, Some(version)).unwrap()
}

pub(super) async fn asked(
    db: &dyn ReadDb,
    metric: &Metric,
    scope: &Scope,
    by: Option<Dimension>,
) -> Vec<Figure> {
    let (figures, _) = figures(db, catalog().unwrap(), metric, scope, by).await.unwrap();
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

pub(super) fn parts(figure: &Figure) -> Vec<i64> {
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

/// Returns one part of a figure, computed from the log only.
async fn drilled(log: &TestLog, metric: &Metric, part: MetricPart, scope: &Scope) -> i64 {
    let drill = DrillRequest {
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
            let mut found = vec![drilled(&log, metric, MetricPart::Numerator, scope).await];
            if figure.denominator.is_some() {
                found.push(drilled(&log, metric, MetricPart::Denominator, scope).await);
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
    assert_eq!(then.numerator, 3, "before the correction of call B");

    let log = TestLog::of(&events);
    let drill = DrillRequest {
        metric: people,
        part: MetricPart::Numerator,
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
    let next = DrillRequest {
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
            Dimension::Hour,
            vec![
                ("2026-03-02T02:00:00.000000Z", "10:00", 6),
                ("2026-03-02T03:00:00.000000Z", "11:00", 8),
            ],
        ),
        (Dimension::Day, vec![("2026-03-02", "2026-03-02", 14)]),
        (
            Dimension::Trunk,
            vec![("first", "first", 9), ("second", "second", 5)],
        ),
        (Dimension::FlowVersion, vec![("1", "v1", 12), ("2", "v2", 2)]),
        (Dimension::Campaign, vec![("GOLDEN", "GOLDEN", 14)]),
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
    // Customer 4 was dialed in both hours: once in each, once in the total.
    let hours = asked(
        db.as_ref(),
        metric("attempts_per_customer", 1),
        &Scope::default(),
        Some(Dimension::Hour),
    )
    .await;
    let customers: Vec<_> = hours.iter().map(|one| one.denominator.unwrap()).collect();
    assert_eq!(customers, [6, 7]);
}

#[tokio::test]
async fn a_call_counts_on_the_trunk_of_its_latest_leg_and_a_leg_on_its_own() {
    let mut story = TestHistory::new();
    story.enrolled("T", 1).permitted("T", 1, 1);
    let call = call("T", 1, 1);
    let ringing = |leg| CallEvent::Ringing {
        leg,
        sip_code: 180,
        early_media: false,
    };
    story.dialing(call, 1, "silent").call(call, ringing(1));
    story
        .dialing(call, 2, "good")
        .call(call, ringing(2))
        .answered(call, 2);
    let db = board(&story.events).await;
    let by_trunk = async |name: &str| {
        let metric = metric(name, 1);
        let whole = asked(db.as_ref(), metric, &Scope::default(), None).await;
        let split = asked(db.as_ref(), metric, &Scope::default(), Some(Dimension::Trunk)).await;
        let some = split
            .iter()
            .filter(|one| parts(one).iter().any(|part| *part != 0));
        let some: Vec<_> = some.map(|one| (one.key.clone().unwrap(), parts(one))).collect();
        (parts(&whole[0]), some)
    };
    for name in [
        "dialed_calls",
        "answered_calls",
        "answer_ratio_per_call",
        "attempts_per_customer",
        "post_dial_delay_ms_mean",
    ] {
        let (whole, split) = by_trunk(name).await;
        assert!(whole[0] > 0, "{name}");
        assert_eq!(split, [("good".to_owned(), whole)], "{name}");
    }
    let (_, legs) = by_trunk("dialed_legs").await;
    assert_eq!(
        legs,
        [("good".to_owned(), vec![1]), ("silent".to_owned(), vec![1])]
    );
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
    let tables = [super::SUMS, super::SUBJECTS, super::CUSTOMERS, super::FIRSTS];
    let rows = crate::testing::rows_of(db.as_ref(), &tables).await;
    assert_eq!(rows, crate::testing::rows_of(whole.as_ref(), &tables).await);
    assert!(rows.len() > 60, "{}", rows.len());
}

/// Counts distinct customers from the rows of all calls.
async fn counted_over_calls(
    db: &dyn ReadDb,
    bit: usize,
    scope: &Scope,
    by: Option<Dimension>,
) -> BTreeMap<(i64, String), i64> {
    let (from, to) = scope.hours();
    let campaign = scope
        .campaign
        .as_ref()
        .map_or_else(String::new, ToString::to_string);
    let (number, text) = match by {
        None => ("0".to_owned(), "''".to_owned()),
        Some(by @ (Dimension::Hour | Dimension::Day | Dimension::FlowVersion)) => {
            (by.column(), "''".to_owned())
        }
        Some(by @ (Dimension::Campaign | Dimension::Trunk)) => ("0".to_owned(), by.column()),
    };
    let sql = format!(
        "select cast({number} as bigint), {text}, count(distinct customer) from metric_board_subject
         where terms / {bit} % 2 = 1 and hour_at >= $1 and hour_at < $2 and (campaign = $3 or $3 = '')
         group by 1, 2",
        bit = 1_i64 << bit
    );
    let values = vec![Val::Int(from), Val::Int(to), Val::Text(campaign)];
    let rows = db.query(&sql, values).await.unwrap().into_iter();
    let read = |mut row: Row| {
        let key = (row.int().unwrap(), row.text().unwrap());
        (key, row.int().unwrap())
    };
    rows.map(read).collect()
}

/// Returns a story's events with all distances from the first event multiplied by `times`.
fn stretched(events: &[StoredEvent], times: i64) -> Vec<StoredEvent> {
    let begin = events[0].envelope().unwrap().at.micros();
    let later = |event: &StoredEvent| {
        let mut record: serde_json::Value = serde_json::from_slice(&event.record).unwrap();
        let at = event.envelope().unwrap().at.micros();
        let at = Timestamp::from_micros(begin + (at - begin) * times);
        record["at"] = serde_json::json!(at);
        StoredEvent::new(event.position, at, serde_json::to_vec(&record).unwrap().into())
    };
    events.iter().map(later).collect()
}

/// Returns time ranges with bounds at, before and after the hours in which something counts, and without
/// bounds.
async fn windows(db: &dyn ReadDb) -> Vec<(Option<Timestamp>, Option<Timestamp>)> {
    let sql = "select distinct hour_at from metric_board_subject where hour_at is not null order by 1";
    let hours = db.query(sql, vec![]).await.unwrap().into_iter();
    let hours: Vec<i64> = hours.map(|mut row| row.int().unwrap()).collect();
    assert!(hours.len() > 48, "{hours:?}");
    let at = |micros: i64| Some(Timestamp::from_micros(micros));
    let mut windows = vec![(None, None)];
    for from in hours.iter().step_by(11).copied() {
        let lasting = |hours: i64| at(from + hours * HOUR_MICROS);
        windows.extend([
            (at(from), None),
            (None, at(from)),
            (at(from), lasting(1)),
            (at(from), lasting(7)),
            (at(from), lasting(31)),
        ]);
    }
    windows
}

/// Returns all ways to split a figure, and none.
fn splits() -> impl Iterator<Item = Option<Dimension>> {
    std::iter::once(None).chain(Dimension::ALL.iter().copied().map(Some))
}

/// Compares every split of a term over a scope with a count over all calls. Returns the number of groups.
async fn compare(db: &dyn ReadDb, bit: usize, term: &str, scope: &Scope) -> usize {
    let mut compared = 0;
    for by in splits() {
        let mut expected = counted_over_calls(db, bit, scope, by).await;
        let (asked, of) = (figures::asked_for(term).unwrap(), scope.clone());
        let found = read_as(db, move |tx| figures::by_key(tx, &asked, &of, by));
        let mut found = found.await.unwrap();
        // The total has a row even if there are no customers.
        expected.retain(|_, count| *count != 0);
        found.retain(|_, count| *count != 0);
        compared += found.len();
        assert_eq!(found, expected, "{term} {scope:?} {by:?}");
    }
    compared
}

/// In any order of events and corrections and over any time range, the sums equal a count over all calls.
#[tokio::test]
async fn customers_are_distinct_over_any_hours_whole_and_by_every_column() {
    let db = board(&stretched(&varied(4_000, 11).events, 60)).await;
    let mut compared = 0;
    let terms = catalog().unwrap().terms().iter().enumerate();
    for (bit, term) in terms.filter(|(_, term)| term.once_per == CountingUnit::Customer) {
        for (from, to) in windows(db.as_ref()).await {
            for campaign in [None, Some("T".parse().unwrap())] {
                let scope = Scope { campaign, from, to };
                compared += compare(db.as_ref(), bit, &term.name, &scope).await;
            }
        }
    }
    assert!(compared > 1_000, "{compared}");
}

/// Returns SQLite's query plan.
async fn plan(db: &dyn ReadDb, term: &str, scope: &Scope, by: Option<Dimension>) -> String {
    let asked = figures::asked_for(term).unwrap();
    let (sql, values) = figures::statement(&asked, scope, by);
    let lines = db.query(&format!("explain query plan {sql}"), values).await;
    let lines = lines.unwrap().into_iter();
    let lines: Vec<String> = lines.map(|row| format!("{:?}", row.rest().last())).collect();
    lines.join("; ")
}

/// A scan would grow with the number of calls ever made.
#[tokio::test]
async fn no_figure_reads_rows_of_calls_or_customers_nor_a_whole_table() {
    let db = SqliteReadDb::open_inline().unwrap();
    for sql in super::TABLES.iter().flat_map(|table| table.ddl) {
        db.exec(sql, Vec::new()).await.unwrap();
    }
    let campaign = Scope {
        campaign: Some("T".parse().unwrap()),
        ..Scope::default()
    };
    for scope in [Scope::default(), campaign, hour("10")] {
        for (term, by) in ["dialed_calls", "talk_ms", "dialed_customers"]
            .into_iter()
            .flat_map(|term| splits().map(move |by| (term, by)))
        {
            let plan = plan(&db, term, &scope, by).await;
            assert!(
                plan.contains("SEARCH metric_board") && plan.contains("term=?"),
                "{plan}"
            );
            assert!(!plan.contains("SCAN") && !plan.contains("subject"), "{plan}");
        }
    }
    let ever = plan(&db, "dialed_customers", &Scope::default(), None).await;
    assert!(ever.contains("metric_board_first_ever"), "{ever}");
}

/// Returns the event that opens a complaint, with or without a campaign.
fn complaint(position: u64, campaign: Option<&str>, at: &str) -> StoredEvent {
    let mut line = serde_json::json!({
        "id": format!("00000000-0000-5000-8000-{position:012}"), "kind": "complaint.opened", "version": 1,
        "stream": format!("complaint-00000000-0000-5000-8000-{position:012}"), "stream_version": 1, "at": at,
        "command": "d1120c04-7e1d-5e78-9a3b-d5bb2518f9c0",
        "data": { "source": "own", "what": "called at night", "received_at": at,
            "deadline": { "due_at": at, "days": 15, "source": "x" } },
    });
    if let Some(campaign) = campaign {
        line["campaign"] = campaign.into();
    }
    let line = line.to_string();
    let envelope: Envelope = serde_json::from_str(&line).unwrap();
    StoredEvent::new(Position(position), envelope.at, line.as_bytes().into())
}

#[tokio::test]
async fn complaints_count_each_in_their_own_hour_whether_or_not_they_name_a_campaign() {
    let mut events = golden();
    for campaign in [Some("GOLDEN"), Some("GOLDEN"), None] {
        let position = events.len() as u64 + 1;
        events.push(complaint(position, campaign, "2026-03-02T03:30:00.000000Z"));
    }
    let db = board(&events).await;
    let ratio = metric("complaint_ratio", 1);
    let all = asked(db.as_ref(), ratio, &Scope::default(), None).await;
    assert_eq!(parts(&all[0]), [3, 6]);
    let of = Scope {
        campaign: Some("GOLDEN".parse().unwrap()),
        ..Scope::default()
    };
    assert_eq!(parts(&asked(db.as_ref(), ratio, &of, None).await[0]), [2, 6]);
    let log = TestLog::of(&events);
    let drill = DrillRequest {
        metric: ratio,
        part: MetricPart::Numerator,
        scope: Scope::default(),
        until: Position(events.len() as u64),
        after: Position(0),
        limit: ITEMS_MAX,
    };
    let found = drill_down(catalog().unwrap(), &log, &drill, &|| true)
        .await
        .unwrap();
    assert_eq!((found.figure, found.items.len()), (3, 3));
}

#[test]
fn the_kinds_of_the_view_are_those_of_the_file() {
    let kinds: Vec<&str> = catalog().unwrap().kinds().collect();
    assert_eq!(kinds, KINDS);
}

#[test]
fn a_change_of_terms_raises_the_version_of_the_view() {
    let terms = FILE.split("\nmetrics:\n").next().unwrap();
    let hash = domain::hex::encode(&Sha256::digest(terms));
    let pinned: (u32, &str) = (9, "1f92578390854e87");
    assert_eq!(
        (VERSION, hash.get(..16).unwrap()),
        pinned,
        "raise VERSION and pin it with the new hash"
    );
}

/// Appends a report of a deal with the counts that figures use.
fn deal(story: &mut TestHistory, kind: DealKind, counts: [i64; 4]) {
    let [counted_minor, counted_deals, counted_people, cycle_change_ms] = counts;
    let event = CustomerEvent::DealReported {
        deal: Box::new(Deal {
            reference: "ORDER-17".to_owned(),
            kind,
            amount_minor: 1,
            currency: Currency::CNY,
            happened_at: story.at,
            campaign: campaign("DEALS"),
            call: None,
            cycle_ms: None,
        }),
        change_minor: counted_minor,
        corrects: false,
        counts: Some(DealCounts {
            counted_minor,
            counted_deals,
            counted_people,
            cycle_change_ms,
        }),
    };
    story.customer(1, event);
}

#[tokio::test]
async fn deals_count_as_they_stand_after_corrections_and_each_figure_is_its_drill_down() {
    let mut story = TestHistory::new();
    story.enrolled("DEALS", 1);
    deal(&mut story, DealKind::Signed, [500_000, 1, 1, 86_400_000]);
    deal(&mut story, DealKind::Signed, [-180_000, 0, 0, 0]);
    deal(&mut story, DealKind::Signed, [70_000, 1, 0, 3_600_000]);
    deal(&mut story, DealKind::Signed, [-70_000, -1, 0, -3_600_000]);
    deal(&mut story, DealKind::Repaid, [9, 1, 1, 9]);
    deal(&mut story, DealKind::Appointed, [1, 1, 1, 5]);
    deal(&mut story, DealKind::Kept, [1, 1, 1, 5]);
    let db = board(&story.events).await;
    let log = TestLog::of(&story.events);
    for (name, version, wanted) in [
        ("deal_amount", 1, vec![320_000]),
        ("deal_cycle_ms_mean", 1, vec![86_400_000, 1]),
        ("appointment_ratio", 1, vec![1, 1]),
        ("signing_ratio", 2, vec![1, 0]),
    ] {
        let metric = metric(name, version);
        let all = asked(db.as_ref(), metric, &Scope::default(), None).await;
        assert_eq!(parts(&all[0]), wanted, "{name}");
        let drill = DrillRequest {
            metric,
            part: MetricPart::Numerator,
            scope: Scope::default(),
            until: story.head(),
            after: Position(0),
            limit: ITEMS_MAX,
        };
        let found = drill_down(catalog().unwrap(), &log, &drill, &|| true)
            .await
            .unwrap();
        assert_eq!(found.figure, wanted[0], "{name}");
        let enrolled_in = story.events[0].recorded_at.micros().div_euclid(HOUR_MICROS);
        let counted_in = found.items[0].hour_at.micros().div_euclid(HOUR_MICROS);
        assert_eq!(counted_in, enrolled_in, "{name}");
    }
}
