//! Tests of the holiday decider: the correct year, a valid calendar, a reason, and the calendar that applies
//! afterwards.

use super::*;
use crate::working_calendar::{CalendarYear, bundled_calendars};

fn import(id: &str, calendar: &CalendarYear, reason: &str) -> HolidayCommand {
    HolidayCommand::Import {
        id: id.parse().unwrap(),
        calendar: Box::new(calendar.clone()),
        reason: reason.to_owned(),
    }
}

fn when(given: &[HolidayEvent], command: HolidayCommand) -> Result<Vec<HolidayEvent>, HolidayRefusal> {
    let now: Timestamp = "2026-03-02T10:00:00Z".parse().unwrap();
    let mut state = HolidayState::default();
    for event in given {
        Holiday::evolve(&mut state, event, now);
    }
    Holiday::decide(&state, command, Context { now })
}

#[test]
fn a_later_import_counts_and_the_same_again_says_nothing() {
    let first = &bundled_calendars()[1];
    let imported = when(&[], import("cn-2027", first, "why")).unwrap();
    assert_eq!(imported.len(), 1);
    assert_eq!(when(&imported, import("cn-2027", first, "again")), Ok(vec![]));
    let mut other = first.clone();
    other.source = "the notice".to_owned();
    assert_eq!(
        when(&imported, import("cn-2027", &other, "why")),
        Ok(vec![HolidayEvent::Imported {
            calendar: Box::new(other),
            reason: "why".to_owned()
        }])
    );
}

#[test]
fn another_year_a_broken_one_and_no_reason_are_refused() {
    let year = &bundled_calendars()[0];
    let refused = |command| when(&[], command).unwrap_err();
    assert!(matches!(
        refused(import("cn-2027", year, "why")),
        HolidayRefusal::AnotherYear { .. }
    ));
    assert!(matches!(
        refused(import("cn-2026", year, " ")),
        HolidayRefusal::Reason { .. }
    ));
    let mut broken = year.clone();
    broken.holidays.clear();
    assert!(matches!(
        refused(import("cn-2026", &broken, "why")),
        HolidayRefusal::Calendar(_)
    ));
}
