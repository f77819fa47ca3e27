//! Golden tests: the stored form of every complaint event equals its golden file.

use super::event::ComplaintEvent;
use super::source::{ComplaintOutcome, ComplaintSource};
use crate::case::{CaseAbout, Deadline};
use crate::record::golden_support::{call, campaign, check, customer, number};

#[test]
fn every_kind_is_written_and_read_as_its_golden_file_says() {
    let received_at = "2026-03-02T10:00:00+08:00".parse().unwrap();
    let opened = ComplaintEvent::Opened {
        source: ComplaintSource::FinanceHotline,
        about: CaseAbout {
            customer: Some(customer()),
            number: Some(number()),
            call: Some(call()),
            campaign: Some(campaign()),
        },
        reference: Some("12378-2026-17".to_owned()),
        what: "called although they had opted out".to_owned(),
        received_at,
        deadline: Deadline::after(received_at, ComplaintSource::FinanceHotline.deadline()),
        owner: Some("wang".to_owned()),
    };
    let assigned = ComplaintEvent::Assigned {
        to: "li".to_owned(),
        before: Some("wang".to_owned()),
    };
    let resolved = ComplaintEvent::Resolved {
        outcome: ComplaintOutcome::Unfounded,
        note: "the call came before the opt-out".to_owned(),
    };
    for event in [opened, assigned, resolved] {
        check("complaint", event);
    }
}
