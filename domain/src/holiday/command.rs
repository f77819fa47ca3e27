//! Requests to a year of holidays: be what this file says from now on.

use crate::working_calendar::{CalendarYear, CalendarYearId};

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HolidayCommand {
    /// So already: no event. `id` is the entity's own, which its state does not know.
    Import {
        id: CalendarYearId,
        calendar: Box<CalendarYear>,
        reason: String,
    },
}

impl HolidayCommand {
    /// Its name, for logs.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Import { .. } => "holiday.import",
        }
    }
}
