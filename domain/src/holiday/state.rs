//! The state of a calendar year, folded from its events: the imported calendar, if there is one.

use super::event::HolidayEvent;
use crate::working_calendar::CalendarYear;

/// The state of one calendar year of one country.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct HolidayState {
    calendar: Option<Box<CalendarYear>>,
}

impl HolidayState {
    /// Returns the imported calendar; `None` without one: then the bundled calendar applies.
    pub fn calendar(&self) -> Option<&CalendarYear> {
        self.calendar.as_deref()
    }

    pub(super) fn apply(&mut self, event: &HolidayEvent) {
        match event {
            HolidayEvent::Imported { calendar, .. } => self.calendar = Some(calendar.clone()),
        }
    }
}
