//! The events of a holiday calendar. Stored kinds and versions never change; new ones are added. The envelope
//! names the actor.

use crate::working_calendar::CalendarYear;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema, derive::EventData)]
#[serde(tag = "kind", content = "data")]
pub enum HolidayEvent {
    /// A calendar year was imported and applies from now on.
    #[serde(rename = "holiday.imported")]
    #[open(calendar, reason)]
    Imported {
        calendar: Box<CalendarYear>,
        reason: String,
    },
}
