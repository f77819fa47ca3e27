//! What the events of a year of holidays add up to: its calendar, where one was imported.

use super::event::HolidayEvent;
use crate::working_calendar::CalendarYear;

/// State of one year of one country.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct HolidayState {
    calendar: Option<Box<CalendarYear>>,
}

impl HolidayState {
    /// The imported calendar; what ships counts where there is none.
    pub fn calendar(&self) -> Option<&CalendarYear> {
        self.calendar.as_deref()
    }

    pub(super) fn apply(&mut self, event: &HolidayEvent) {
        match event {
            HolidayEvent::Imported { calendar, .. } => self.calendar = Some(calendar.clone()),
        }
    }
}
