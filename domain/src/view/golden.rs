//! Golden tests: the stored form of every view event equals its golden file.

use super::event::ViewEvent;
use super::tests::facts;
use crate::record::golden_support::{at, check};

#[test]
fn every_kind_is_written_and_read_as_its_golden_file_says() {
    let by = Some("wang".to_owned());
    let events = [
        ViewEvent::RebuildBegun {
            version: 3,
            begun_at: at(),
            by: by.clone(),
        },
        ViewEvent::Switched {
            facts: facts(at(), "b"),
            accepted_differences: Some("the old rows lost a day".to_owned()),
            by: by.clone(),
        },
        ViewEvent::RebuildCanceled { begun_at: at(), by },
    ];
    for event in events {
        check("view", event);
    }
}
