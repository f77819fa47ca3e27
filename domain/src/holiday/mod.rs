//! The holiday aggregate: the imported public holidays of one year and country, which replace the bundled
//! ones.
//!
//! Guarantees: a calendar is checked as a whole before it applies. A later import replaces it from then on,
//! and the calendar of any earlier time can be read. One stream per year and country; the envelope names the
//! actor.

mod command;
mod decide;
pub mod event;
mod refusal;
mod state;

#[cfg(test)]
mod tests;

pub use command::HolidayCommand;
pub use event::HolidayEvent;
pub use refusal::HolidayRefusal;
pub use state::HolidayState;

use crate::decider::{Context, Decider, Scope};
use crate::time::Timestamp;
use crate::working_calendar::CalendarYearId;

/// The decider of the holiday aggregate.
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

    /// Returns an empty scope: a calendar concerns no customer.
    fn scope(_: &CalendarYearId, _: &HolidayState, _: &HolidayEvent) -> Scope {
        Scope::default()
    }
}
