//! Refusals of a holiday command. No event is stored.

use crate::problem::DomainRefusal;
use crate::working_calendar::CalendarFault;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HolidayRefusal {
    #[error("a reason of 1 to {bytes_max} bytes is required")]
    Reason { bytes_max: usize },
    #[error("{0}")]
    Calendar(CalendarFault),
    #[error("the request is for {asked}, but the file is for {found}")]
    AnotherYear { asked: String, found: String },
}

impl DomainRefusal for HolidayRefusal {}
