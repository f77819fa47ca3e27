//! The holiday aggregate: the public holidays of one year and country, as they were imported, in the place of
//! what ships with the program.
//!
//! Promises: what counts was read whole and checked; a later import counts from then on, and what counted at
//! any time can be read back. One stream a year and country; who imported it stands in the envelope.

mod command;
mod decide;
pub mod event;
mod refusal;
mod state;

#[cfg(test)]
mod golden;
#[cfg(test)]
mod tests;

pub use command::HolidayCommand;
pub use event::HolidayEvent;
pub use refusal::HolidayRefusal;
pub use state::HolidayState;

use crate::decider::{Context, Decider, Scope};
use crate::time::Timestamp;
use crate::working_calendar::CalendarYearId;

/// The holidays' decider.
#[derive(Debug)]
pub struct Holiday;

impl Decider for Holiday {
    type Id = CalendarYearId;
    type Command = HolidayCommand;
    type Event = HolidayEvent;
    type State = HolidayState;
    type Refusal = HolidayRefusal;

    const AGGREGATE: &'static str = "holiday";

    fn command_kind(command: &HolidayCommand) -> &'static str {
        command.kind()
    }

    fn decide(
        state: &HolidayState,
        command: HolidayCommand,
        _: Context,
    ) -> Result<Vec<HolidayEvent>, HolidayRefusal> {
        decide::decide(state, command)
    }

    fn evolve(state: &mut HolidayState, event: &HolidayEvent, _: Timestamp) {
        state.apply(event);
    }

    fn is_underway(_: &HolidayState) -> bool {
        false
    }

    /// About nobody.
    fn scope(_: &CalendarYearId, _: &HolidayState, _: &HolidayEvent) -> Scope {
        Scope::default()
    }
}
