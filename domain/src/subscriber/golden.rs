//! Golden tests: the stored form of every subscriber event equals its golden file.

use super::event::{SubscriberEvent, SubscriberFilter};
use crate::record::golden_support::{campaign, check, customer};
use crate::stored_event::Position;

#[test]
fn every_kind_is_written_and_read_as_its_golden_file_says() {
    let added = SubscriberEvent::Added {
        follows: SubscriberFilter {
            kinds: vec!["call.".to_owned(), "number.opted_out".to_owned()],
            streams: vec!["call-".to_owned()],
            campaign: Some(campaign()),
            customer: Some(customer()),
        },
        after: Position(0),
    };
    let reached = SubscriberEvent::Reached {
        position: Position(142),
    };
    let reset = SubscriberEvent::Reset {
        before: Position(142),
        after: Position(17),
        reason: Some("the warehouse was restored".to_owned()),
    };
    let removed = SubscriberEvent::Removed {
        reason: Some("moved to a webhook".to_owned()),
    };
    for event in [added, reached, reset, removed] {
        check("subscriber", event);
    }
}
