//! Decides the command of a holiday calendar: the correct year, a valid calendar, and a reason.

use super::command::HolidayCommand;
use super::event::HolidayEvent;
use super::refusal::HolidayRefusal;
use super::state::HolidayState;

/// Longest reason of an imported calendar, in bytes; a longer one is refused. It is stored permanently and
/// must not contain personal data.
const REASON_BYTES_MAX: usize = 512;

pub(super) fn decide(
    state: &HolidayState,
    command: HolidayCommand,
) -> Result<Vec<HolidayEvent>, HolidayRefusal> {
    let HolidayCommand::Import { id, calendar, reason } = command;
    if reason.trim().is_empty() || reason.len() > REASON_BYTES_MAX {
        return Err(HolidayRefusal::Reason {
            bytes_max: REASON_BYTES_MAX,
        });
    }
    calendar.check().map_err(HolidayRefusal::Calendar)?;
    if calendar.id() != id {
        return Err(HolidayRefusal::AnotherYear {
            asked: id.to_string(),
            found: calendar.id().to_string(),
        });
    }
    if state.calendar() == Some(&*calendar) {
        return Ok(Vec::new());
    }
    Ok(vec![HolidayEvent::Imported { calendar, reason }])
}
