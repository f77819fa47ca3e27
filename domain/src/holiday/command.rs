//! The command of a holiday calendar: import a year from a file.

use crate::working_calendar::{CalendarYear, CalendarYearId};

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HolidayCommand {
    /// Imports a calendar year. If it equals the current one, no event is stored. `id` is the id of the
    /// entity, which the state does not have.
    Import {
        id: CalendarYearId,
        calendar: Box<CalendarYear>,
        reason: String,
    },
}

impl HolidayCommand {
    /// Returns the command's name, for logs.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Import { .. } => "holiday.import",
        }
    }
}
