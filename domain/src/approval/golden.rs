//! Golden tests: the stored form of every approval event equals its golden file.

use super::act::{Act, ApprovalSubject};
use super::event::ApprovalEvent;
use crate::record::golden_support::{campaign, check, customer};

#[test]
fn every_kind_is_written_and_read_as_its_golden_file_says() {
    let asked = ApprovalSubject {
        campaign: Some(campaign()),
        ..ApprovalSubject::of_person(Act::AnswerDeletion, customer())
    };
    let requested = ApprovalEvent::Requested {
        asked: asked.with("request", Some("00000000-0000-5000-8000-000000000001")),
        reason: "the person asked by letter".to_owned(),
        requested_by: "li".parse().unwrap(),
        expires_at: "2026-03-05T10:00:00+08:00".parse().unwrap(),
    };
    let approved = ApprovalEvent::Approved {
        approved_by: "wang".parse().unwrap(),
        reason: Some("the letter is signed".to_owned()),
    };
    let rejected = ApprovalEvent::Rejected {
        rejected_by: Some("wang".parse().unwrap()),
        reason: "a complaint is open".to_owned(),
    };
    for event in [requested, approved, rejected, ApprovalEvent::Used {}] {
        check("approval", event);
    }
}
