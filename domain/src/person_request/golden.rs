//! Golden tests: the stored form of every person request event equals its golden file.

use super::event::PersonRequestEvent;
use super::wish::{AnswerKind, Wish};
use crate::case::Deadline;
use crate::record::golden_support::{check, customer};
use values::ids::{CommandId, EventId};

#[test]
fn every_kind_is_written_and_read_as_its_golden_file_says() {
    let received_at = "2026-03-02T10:00:00+08:00".parse().unwrap();
    let received = PersonRequestEvent::Received {
        wish: Wish::Delete,
        customer: customer(),
        channel: Some("hotline".to_owned()),
        note: Some("by telephone, checked by the last four digits".to_owned()),
        received_at,
        deadline: Deadline::after(received_at, Wish::Delete.deadline()),
    };
    let answered = PersonRequestEvent::Answered {
        answer: AnswerKind::Done,
        note: "erased, and told so by letter".to_owned(),
        done_by: Some(EventId::derive(CommandId::derive_from_text("erase"), 0)),
    };
    for event in [received, answered] {
        check("person_request", event);
    }
}
