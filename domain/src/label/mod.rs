//! The label aggregate: one turn of a recorded conversation that people say the meaning of; one stream per
//! turn, which is named by its place and never by its words.
//!
//! Promises: nobody labels a turn twice; while somebody has it open nobody else is handed it, for as long as
//! the log's time says; it is settled once, by one person, by two who agree, or by a third. No word of the
//! turn stands here: who may read it opens it in the conversation's own stream, under the person's key.

pub mod command;
mod decide;
pub mod event;
mod refusal;
mod state;
mod turn_id;

#[cfg(test)]
mod golden;
#[cfg(test)]
mod tests;

pub use command::{LabelCommand, PEOPLE_MAX};
pub use decide::{INTENT_BYTES_MAX, OPEN_MS, THIRD};
pub use event::{LabelEvent, LabelSays, LabelWhy, LabelledTurn, Meaning, Sentiment, SettledBy};
pub use refusal::LabelRefusal;
pub use state::LabelState;
pub use turn_id::{TurnId, TurnOf};

use crate::decider::{Context, Decider, Scope};
use crate::time::Timestamp;

/// The label's decider.
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

    /// The campaign and the person of the turn.
    fn scope(_: &TurnId, _: &LabelState, event: &LabelEvent) -> Scope {
        let turn = event.turn();
        Scope {
            campaign: Some(turn.campaign.clone()),
            customer: Some(turn.customer.clone()),
        }
    }
}
