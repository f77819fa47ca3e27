//! Checks that a report issued before the counting of notices was corrected is still valid: the same log
//! gives the same bytes with the version it was made with.

use crate::compliance_report::figures::{Figures, Format};
use crate::compliance_report::fold::Fold;
use crate::log_walk::LogEnd;
use domain::calendar::PeriodLength;
use domain::event_filter::EventFacts;
use domain::stored_event::{Position, StoredEvent};
use serde_json::Value;

/// Stored events, one per line: position, time, record.
const LOG: &str = include_str!("../../../../fixtures/reports/compliance.v2.log.jsonl");

fn stored(line: &str) -> StoredEvent {
    let line: Value = serde_json::from_str(line).unwrap();
    StoredEvent::new(
        Position(line["position"].as_u64().unwrap()),
        line["record"]["at"].as_str().unwrap().parse().unwrap(),
        line["record"].to_string().into_bytes().into(),
    )
}

/// The figures of that log, byte for byte as signed.
const FIGURES: &str = include_str!("../../../../fixtures/reports/compliance.v2.json");

fn figures(format: Format) -> Figures {
    let mut fold = Fold::of(PeriodLength::Day.of("2026-03-02".parse().unwrap()), format);
    for line in LOG.lines() {
        let stored = stored(line);
        fold.take(&stored, &EventFacts::of(&stored).unwrap()).unwrap();
    }
    fold.finish(LogEnd {
        position: Position(u64::try_from(LOG.lines().count()).unwrap()),
        size: 0,
        root: String::new(),
    })
}

#[test]
fn the_log_of_then_gives_the_figures_of_then_by_the_version_of_then() {
    let made = figures(Format::Second);
    assert_eq!(String::from_utf8(made.bytes()).unwrap(), FIGURES.trim_end());
}

#[test]
fn by_the_version_of_now_the_same_log_has_no_violation() {
    let made = figures(Format::NEWEST);
    assert_eq!((made.format, made.violations.len()), (3, 0));
    assert_eq!(made.notices.ended_during_notice_unknown, Some(1));
}
