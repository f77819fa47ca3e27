//! The label aggregate: a turn of a recorded conversation, for users to label its meaning. One stream per
//! turn, named by its place, never by its words.
//!
//! Guarantees: a user labels a turn once. While a turn is locked for a user, other users cannot open it, by
//! the log's time. It is settled once: by one user, by two who agree, or by a third. The stream has no words
//! of the turn; permitted readers get them from the conversation's own stream, under the customer's key.

pub mod command;
mod decide;
pub mod event;
mod refusal;
mod state;
mod turn_id;

#[cfg(test)]
mod tests;

pub use command::{LabelCommand, PEOPLE_MAX};
pub use decide::{INTENT_BYTES_MAX, OPEN_MS, THIRD};
pub use event::{LabelEvent, LabelValue, LabelWhy, LabeledTurn, Meaning, Sentiment, SettledBy};
pub use refusal::LabelRefusal;
pub use state::LabelState;
pub use turn_id::{TurnId, TurnParent};

use crate::decider::{Context, Decider, Scope};
use crate::time::Timestamp;

/// The decider of the label aggregate.
#[derive(Debug)]
pub struct Label;

impl Decider for Label {
    type Id = TurnId;
    type Command = LabelCommand;
    type Event = LabelEvent;
    type State = LabelState;
    type Refusal = LabelRefusal;

    const AGGREGATE: &'static str = "label";

    fn command_kind(command: &LabelCommand) -> &'static str {
        command.kind()
    }

    fn decide(
        state: &LabelState,
        command: LabelCommand,
        context: Context,
    ) -> Result<Vec<LabelEvent>, LabelRefusal> {
        decide::decide(state, command, context.now)
    }

    fn evolve(state: &mut LabelState, event: &LabelEvent, _: Timestamp) {
        state.apply(event);
    }

    fn is_underway(_: &LabelState) -> bool {
        false
    }

    /// Returns the campaign and customer of the turn.
    fn scope(_: &TurnId, _: &LabelState, event: &LabelEvent) -> Scope {
        let turn = event.turn();
        Scope {
            campaign: Some(turn.campaign.clone()),
            customer: Some(turn.customer.clone()),
        }
    }
}
