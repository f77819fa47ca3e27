//! Golden tests: the stored form of every setting event equals its golden file.

use super::event::SettingEvent;
use super::name::SettingName;
use crate::record::golden_support::check;

#[test]
fn every_kind_is_written_and_read_as_its_golden_file_says() {
    check(
        "setting",
        SettingEvent::Changed {
            name: SettingName::AnswerPerMilleMin,
            before: 300,
            after: 250,
            reason: "the holidays".to_owned(),
        },
    );
}
