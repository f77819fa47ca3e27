//! The events of a holiday calendar. Stored kinds and versions never change; new ones are added. The envelope
//! names the actor.

use crate::decider::{EventData, UnreadableEvent, read_current};
use crate::personal::Personal;
use crate::working_calendar::CalendarYear;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(tag = "kind", content = "data")]
pub enum HolidayEvent {
    /// A calendar year was imported and applies from now on.
    #[serde(rename = "holiday.imported")]
    Imported {
        calendar: Box<CalendarYear>,
        reason: String,
    },
}

/// Event kinds as stored, one per variant. They never change.
impl HolidayEvent {
    pub const IMPORTED: &'static str = "holiday.imported";
}

impl EventData for HolidayEvent {
    fn kind(&self) -> &'static str {
        match self {
            Self::Imported { .. } => Self::IMPORTED,
        }
    }

    fn version(&self) -> u16 {
        1
    }

    fn personal(&mut self) -> Vec<(String, &mut Personal<String>)> {
        Vec::new()
    }

    fn read(kind: &str, version: u16, data: &RawValue) -> Result<Self, UnreadableEvent> {
        read_current(kind, version, data)
    }
}
