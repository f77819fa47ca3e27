//! The wording draft aggregate: other words for one answer of a knowledge base, written by a model and taken
//! by people or not.
//!
//! Promises: what is sent is on record before it is sent, and a model is asked once; what it wrote counts
//! only where it holds the places and no other figures of what stands there now; nobody adopts a draft that
//! they asked for themselves, unless nobody else could, and then the event says so. Adopting makes no version
//! current: that is the knowledge base's own publication. Nothing personal is in it.

pub mod command;
mod decide;
pub mod event;
mod reading;
mod refusal;
mod state;
mod task;

#[cfg(test)]
mod golden;
#[cfg(test)]
mod reading_tests;
#[cfg(test)]
mod tests;

pub use command::{Adopting, AskingForDraft, DraftedBy, WordingDraftCommand};
pub use event::{DraftCost, WordingDraftEvent};
pub use reading::{DraftFailure, HeldTo, NoDraft, TEXT_CHARS_MAX, read};
pub use refusal::WordingDraftRefusal;
pub use state::{
    AdoptedDraft, AskedDraft, DecidedDraft, DraftOutcome, DraftStanding, RejectedDraft, WordingDraftState,
};
pub use task::{DraftTask, EntryKind};

use crate::decider::{Context, Decider, Scope};
use crate::time::Timestamp;
use values::ids::WordingDraftId;

/// Longest instruction kept: a few sentences. It is stored for ever and is masked.
pub const INSTRUCTION_BYTES_MAX: usize = 1_000;
/// Longest reason kept: it is stored for ever and must hold nothing personal.
pub const REASON_BYTES_MAX: usize = 512;
/// Longest of all that is sent: orders, an answer of 500 characters and its facts. A record holds 64 KB.
pub const PROMPT_BYTES_MAX: usize = 32 * 1_024;
/// From then on what was asked for and is not there will not come: a model has 20 s, and an append its own.
pub const LOST_AFTER_MS: u64 = 60_000;

/// The decider of drafts.
#[derive(Debug)]
pub struct WordingDraft;

impl Decider for WordingDraft {
    type Id = WordingDraftId;
    type Command = WordingDraftCommand;
    type Event = WordingDraftEvent;
    type State = WordingDraftState;
    type Refusal = WordingDraftRefusal;

    const AGGREGATE: &'static str = "wording_draft";
    const SEQUENTIAL: bool = true;

    fn command_kind(command: &WordingDraftCommand) -> &'static str {
        command.kind()
    }

    fn decide(
        state: &WordingDraftState,
        command: WordingDraftCommand,
        _: Context,
    ) -> Result<Vec<WordingDraftEvent>, WordingDraftRefusal> {
        decide::decide(state, command)
    }

    fn evolve(state: &mut WordingDraftState, event: &WordingDraftEvent, at: Timestamp) {
        state.apply(event, at);
    }

    fn is_underway(_: &WordingDraftState) -> bool {
        false
    }

    /// About no customer and no campaign.
    fn scope(_: &WordingDraftId, _: &WordingDraftState, _: &WordingDraftEvent) -> Scope {
        Scope::default()
    }
}
