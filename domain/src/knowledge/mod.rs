//! The knowledge base aggregate: approved answers, objections and product facts, in versions.
//!
//! Guarantees: a version has one content forever, identified by its hash, and a version number is used once.
//! Calls use a version only after its publication. After the first publication with an approval by a second
//! person, every later one needs an approval. The content is stored in the event. Each knowledge base name
//! has one stream.

pub mod command;
mod content;
mod day;
mod decide;
pub mod event;
mod file;
mod placeholder;
mod refusal;
mod selector;
mod state;

#[cfg(test)]
mod schema_tests;
#[cfg(test)]
mod tests;

pub use command::{KnowledgeCommand, VersionChoice};
pub use content::{Fact, KnowledgeContent, KnowledgeEntry, KnownAnswer, Objection, Thresholds};
pub use day::Day;
pub use decide::{CONTENT_BYTES_MAX, VERSIONS_MAX};
pub use event::KnowledgeEvent;
pub use file::{FILE_BYTES_MAX, FileFault, KnowledgeFile, ROW_FAULTS_LISTED_MAX, RowFault};
pub use placeholder::{AnswerText, fill_placeholders, named_facts};
pub use refusal::KnowledgeRefusal;
pub use selector::{InvalidKnowledgeName, KnowledgeRef, KnowledgeSelector};
pub use state::{KnowledgeState, KnowledgeVersion};

use crate::decider::{Context, Decider, Scope};
use crate::time::Timestamp;
use values::ids::KnowledgeId;

/// The decider of the knowledge base aggregate.
#[derive(Debug)]
pub struct Knowledge;

impl Decider for Knowledge {
    type Id = KnowledgeId;
    type Command = KnowledgeCommand;
    type Event = KnowledgeEvent;
    type State = KnowledgeState;
    type Refusal = KnowledgeRefusal;

    const AGGREGATE: &'static str = "knowledge";

    fn command_kind(command: &KnowledgeCommand) -> &'static str {
        command.kind()
    }

    fn decide(
        state: &KnowledgeState,
        command: KnowledgeCommand,
        _: Context,
    ) -> Result<Vec<KnowledgeEvent>, KnowledgeRefusal> {
        decide::decide(state, command)
    }

    fn evolve(state: &mut KnowledgeState, event: &KnowledgeEvent, _: Timestamp) {
        state.apply(event);
    }

    fn scope(_: &KnowledgeId, _: &KnowledgeState, _: &KnowledgeEvent) -> Scope {
        Scope::default()
    }
}
