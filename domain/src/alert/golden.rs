//! Golden tests: the stored form of every alert event equals its golden file.

use super::event::{AlertEvent, AlertFigure, AlertRule, Severity};
use crate::record::golden_support::{at, campaign, check};

#[test]
fn every_kind_is_written_and_read_as_its_golden_file_says() {
    let figure = |value| AlertFigure {
        value,
        limit: 300,
        unit: "per_mille".to_owned(),
        window_ms: 300_000,
    };
    let events = [
        AlertEvent::Raised {
            rule: AlertRule::AnswerRatioLow,
            subject: campaign().to_string(),
            campaign: Some(campaign()),
            severity: Severity::Warning,
            figure: figure(212),
            detail: "36 of 170 calls".to_owned(),
            muted_until: Some(at()),
        },
        AlertEvent::Cleared {
            figure: figure(345),
            stood_ms: 420_000,
        },
        AlertEvent::Acknowledged {
            by: Some("wang".to_owned()),
            note: "asked the carrier".to_owned(),
        },
        AlertEvent::Escalated { stood_ms: 900_000 },
        AlertEvent::Muted {
            until: at(),
            by: Some("wang".to_owned()),
            reason: "the carrier works on it until ten".to_owned(),
        },
    ];
    for event in events {
        check("alert", event);
    }
}
