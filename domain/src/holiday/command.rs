//! The command of a holiday calendar: import a year from a file.

use crate::working_calendar::{CalendarYear, CalendarYearId};

#[derive(Debug, Clone, PartialEq, Eq, derive::CommandName)]
#[command(aggregate = "holiday")]
pub enum HolidayCommand {
    /// Imports a calendar year. If it equals the current one, no event is stored. `id` is the id of the
    /// entity, which the state does not have.
    Import {
        id: CalendarYearId,
        calendar: Box<CalendarYear>,
        reason: String,
    },
}
