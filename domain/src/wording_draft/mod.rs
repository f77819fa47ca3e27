//! The wording draft aggregate: another wording for one answer of a knowledge base, written by a model and
//! adopted or rejected by a user.
//!
//! Guarantees: the prompt is stored before it is sent, and a model is asked once. A text counts only if it
//! keeps the placeholders and has no other figures than the current answer and its facts. A requester cannot
//! adopt the own draft unless no other user holds the permission, and the event then says so. Adoption
//! publishes no version; the knowledge base does. A draft contains no personal data.

mod answer_parser;
pub mod command;
mod decide;
pub mod event;
mod refusal;
mod state;
mod task;

#[cfg(test)]
mod reading_tests;
#[cfg(test)]
mod tests;

pub use answer_parser::{DraftChecks, DraftFailure, FailedDraft, TEXT_CHARS_MAX, read};
pub use command::{DraftAdoption, DraftGenerationRequest, DraftPrompt, WordingDraftCommand};
pub use event::{DraftCost, WordingDraftEvent};
pub use refusal::WordingDraftRefusal;
pub use state::{
    AdoptedDraft, DraftOutcome, DraftReview, DraftStatus, RejectedDraft, RequestedDraft, WordingDraftState,
};
pub use task::{DraftTask, EntryKind};

use crate::decider::{Context, Decider, Scope};
use crate::time::Timestamp;
use values::ids::WordingDraftId;

/// Longest instruction, in bytes: a few sentences. It is stored forever and is masked.
pub const INSTRUCTION_BYTES_MAX: usize = 1_000;
/// Longest reason, in bytes. It is stored forever and must not contain personal data.
pub const REASON_BYTES_MAX: usize = 512;
/// Longest prompt, in bytes: orders, an answer of 500 characters and its facts. A record holds 64 KB.
pub const PROMPT_BYTES_MAX: usize = 32 * 1_024;
/// Milliseconds after which a missing answer counts as lost. A model has 20 s, and the append needs time too.
pub const LOST_AFTER_MS: u64 = 60_000;

/// The decider of the wording draft aggregate.
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

    /// Returns an empty scope: a draft belongs to no customer and no campaign.
    fn scope(_: &WordingDraftId, _: &WordingDraftState, _: &WordingDraftEvent) -> Scope {
        Scope::default()
    }
}
