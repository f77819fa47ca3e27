//! Why a command to a year of holidays can be refused: a rule said no, nothing was written.

use crate::problem::Explained;
use crate::working_calendar::CalendarFault;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HolidayRefusal {
    #[error("a reason of 1 to {bytes_max} bytes is required")]
    Reason { bytes_max: usize },
    #[error("{0}")]
    Calendar(CalendarFault),
    #[error("this is {asked}, and the file is {found}")]
    AnotherYear { asked: String, found: String },
}

impl Explained for HolidayRefusal {}
