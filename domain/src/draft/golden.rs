//! Golden tests: the stored form of every draft event equals its golden file.

use super::event::DraftEvent;
use crate::personal::Personal;
use crate::record::golden_support::check;

#[test]
fn every_kind_is_written_and_read_as_its_golden_file_says() {
    check(
        "draft",
        DraftEvent::Saved {
            title: Personal::open("三月提醒".to_owned()),
            body: Personal::open(r#"{"step":2}"#.to_owned()),
        },
    );
    check("draft", DraftEvent::Removed {});
}
