//! The complaint aggregate: a complaint about calls, with its deadline, its owner and its outcome.
//!
//! Guarantees: the source, the deadline and its legal basis are fixed when the complaint is opened. It is
//! resolved once, with an outcome. The users who opened, took and resolved it are recorded. A complaint never
//! changes a number or a customer: a suppression is a command of that entity, caused by the complaint.

pub mod command;
mod decide;
pub mod event;
mod refusal;
mod source;
mod state;

#[cfg(test)]
mod tests;

pub use command::{ComplaintCommand, NewComplaint};
pub use event::ComplaintEvent;
pub use refusal::ComplaintRefusal;
pub use source::{ComplaintOutcome, ComplaintSource};
pub use state::{ComplaintState, OpenedComplaint, ResolvedComplaint};

use crate::decider::{Context, Decider, Scope};
use crate::time::Timestamp;
use values::ids::ComplaintId;

/// The decider of the complaint aggregate.
#[derive(Debug)]
pub struct Complaint;

impl Decider for Complaint {
    type Id = ComplaintId;
    type Command = ComplaintCommand;
    type Event = ComplaintEvent;
    type State = ComplaintState;
    type Refusal = ComplaintRefusal;

    const AGGREGATE: &'static str = "complaint";

    fn command_kind(command: &ComplaintCommand) -> &'static str {
        command.kind()
    }

    fn decide(
        state: &ComplaintState,
        command: ComplaintCommand,
        context: Context,
    ) -> Result<Vec<ComplaintEvent>, ComplaintRefusal> {
        decide::decide(state, command, context.now)
    }

    fn evolve(state: &mut ComplaintState, event: &ComplaintEvent, at: Timestamp) {
        state.apply(event, at);
    }

    /// Returns the campaign and customer of the complaint, if it names them.
    fn scope(_: &ComplaintId, state: &ComplaintState, event: &ComplaintEvent) -> Scope {
        let about = match event {
            ComplaintEvent::Opened { about, .. } => Some(about),
            ComplaintEvent::Assigned { .. } | ComplaintEvent::Resolved { .. } => {
                state.opened().map(|opened| &opened.about)
            }
        };
        Scope {
            campaign: about.and_then(|about| about.campaign.clone()),
            customer: about.and_then(|about| about.customer.clone()),
        }
    }
}
