//! Golden tests: the stored form of every saved report event equals its golden file.

use super::event::{SavedReportEvent, SentFigure};
use super::tests::{plan, sending};
use crate::record::golden_support::{campaign, check};

#[test]
fn every_kind_is_written_and_read_as_its_golden_file_says() {
    check(
        "saved_report",
        SavedReportEvent::Saved {
            plan: Box::new(plan()),
            owner: Some("wang".parse().unwrap()),
        },
    );
    let mut sent = sending(Some("2026-03-02T01:00:00Z"));
    sent.figures.push(SentFigure {
        metric: "answer_ratio_per_call".to_owned(),
        version: 1,
        label_zh: "接通率".to_owned(),
        label_en: "answer ratio".to_owned(),
        campaign: Some(campaign()),
        value: Some("42.1 %".to_owned()),
        numerator_count: 421,
        denominator_count: Some(1_000),
    });
    let sending = Box::new(sent);
    check("saved_report", SavedReportEvent::Sent { sending });
    check(
        "saved_report",
        SavedReportEvent::TakenOver {
            owner: Some("wang".parse().unwrap()),
            reason: "li left the company".to_owned(),
        },
    );
    check("saved_report", SavedReportEvent::Removed {});
}
