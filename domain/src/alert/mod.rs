//! The alert aggregate: one monitored condition of one subject, from raised to cleared.
//!
//! Guarantees: a lasting condition is raised once and cleared once. Acknowledgements are recorded with their
//! user. An alert without acknowledgement is escalated once. A mute has a reason and an end; a muted alert is
//! still raised, and its event has the mute. One stream per rule and subject.

pub mod command;
mod decide;
pub mod event;
mod limits;
mod refusal;
mod state;

#[cfg(test)]
mod tests;

pub use command::AlertCommand;
pub use decide::{ESCALATE_AFTER_MS, MUTE_MS_MAX, NOTE_BYTES_MAX, USER_BYTES_MAX};
pub use event::{AlertEvent, AlertFigure, AlertRule, Severity};
pub use limits::{ABANDONED_PER_MILLE_MAX, AlertLimits, CALLER_NUMBER_DAYS};
pub use refusal::AlertRefusal;
pub use state::{AlertState, RaisedAlert};

use crate::decider::{Context, Decider, Scope};
use crate::time::Timestamp;
use values::ids::AlertId;

/// The decider of the alert aggregate.
#[derive(Debug)]
pub struct Alert;

impl Decider for Alert {
    type Id = AlertId;
    type Command = AlertCommand;
    type Event = AlertEvent;
    type State = AlertState;
    type Refusal = AlertRefusal;

    const AGGREGATE: &'static str = "alert";

    fn command_kind(command: &AlertCommand) -> &'static str {
        command.kind()
    }

    fn decide(
        state: &AlertState,
        command: AlertCommand,
        context: Context,
    ) -> Result<Vec<AlertEvent>, AlertRefusal> {
        decide::decide(state, command, context.now)
    }

    fn evolve(state: &mut AlertState, event: &AlertEvent, at: Timestamp) {
        state.apply(event, at);
    }

    /// Returns the campaign of the alert, if it concerns one.
    fn scope(_: &AlertId, state: &AlertState, event: &AlertEvent) -> Scope {
        let campaign = if let AlertEvent::Raised { campaign, .. } = event {
            campaign.clone()
        } else {
            state.standing().and_then(|standing| standing.campaign.clone())
        };
        Scope {
            campaign,
            customer: None,
        }
    }
}
