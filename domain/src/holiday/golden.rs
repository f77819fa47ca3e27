//! Golden tests: the stored form of every holiday event equals its golden file.

use super::event::HolidayEvent;
use crate::record::golden_support::check;
use crate::working_calendar::bundled_calendars;

#[test]
fn every_kind_is_written_and_read_as_its_golden_file_says() {
    check(
        "holiday",
        HolidayEvent::Imported {
            calendar: Box::new(bundled_calendars()[0].clone()),
            reason: "the notice is out".to_owned(),
        },
    );
}
