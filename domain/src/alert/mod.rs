//! The alert aggregate: one thing that may go wrong, from the moment it does until it is over.
//!
//! Promises: what stands is raised once, however often it is seen; what is over is cleared once; whoever
//! saw to it is recorded; what nobody saw to in time is escalated once; a mute has a reason and an end, and
//! hides nothing: a muted alert is raised all the same and says that it was muted. One stream per rule and
//! subject.

pub mod command;
mod decide;
pub mod event;
mod limits;
mod refusal;
mod state;

#[cfg(test)]
mod golden;
#[cfg(test)]
mod tests;

pub use command::AlertCommand;
pub use decide::{ESCALATE_AFTER_MS, MUTE_MS_MAX, NOTE_BYTES_MAX, USER_BYTES_MAX};
pub use event::{AlertEvent, AlertFigure, AlertRule, Severity};
pub use limits::{ABANDONED_PER_MILLE_MAX, AlertLimits, CALLER_NUMBER_DAYS};
pub use refusal::AlertRefusal;
pub use state::{AlertState, Standing};

use crate::decider::{Context, Decider, Scope};
use crate::time::Timestamp;
use values::ids::AlertId;

/// The alert's decider.
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

    /// The campaign it is about, where it is about one.
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
