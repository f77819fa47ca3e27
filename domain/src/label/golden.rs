//! Golden tests: the stored form of every label event equals its golden file.

use super::event::{LabelEvent, LabelWhy, SettledBy};
use super::tests::{says, turn};
use crate::record::golden_support::{at, campaign, check, customer};

#[test]
fn every_kind_is_written_and_read_as_its_golden_file_says() {
    let mut of = turn();
    (of.campaign, of.customer) = (campaign(), customer());
    let by = || "wang".to_owned();
    let events = [
        LabelEvent::Requested {
            turn: of.clone(),
            why: LabelWhy::Misheard,
            by: by(),
        },
        LabelEvent::Opened {
            turn: of.clone(),
            by: by(),
            until: at(),
        },
        LabelEvent::Added {
            turn: of.clone(),
            by: by(),
            says: says("ask_fee"),
        },
        LabelEvent::Settled {
            turn: of,
            says: says("ask_fee"),
            settled_by: SettledBy::Agreed,
            people: 2,
        },
    ];
    for event in events {
        check("label", event);
    }
}
