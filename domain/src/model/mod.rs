//! The model aggregate: the training data of an intent model and its published versions.
//!
//! Guarantees: a version has one content forever, identified by its digest, and a version number is used
//! once. After the first version with an approval by a second person, every later one needs an approval. A
//! rollback is a new version with an earlier content. The bytes are stored beside the log and compared with
//! the digest at every read. One stream per name.

pub mod command;
mod decide;
pub mod event;
mod refusal;
mod selector;
mod state;

#[cfg(test)]
mod tests;

pub use command::ModelCommand;
pub use decide::{DRAFTS_MAX, MODEL_FILE_BYTES_MAX, VERSIONS_MAX};
pub use event::{ModelArtifact, ModelEvent, Training};
pub use refusal::ModelRefusal;
pub use selector::{InvalidModelName, ModelRef, ModelSelector};
pub use state::{ModelState, PublishedModel};

use crate::decider::{Context, Decider, Scope};
use crate::time::Timestamp;
use values::ids::ModelId;

/// The decider of the model aggregate.
#[derive(Debug)]
pub struct Model;

impl Decider for Model {
    type Id = ModelId;
    type Command = ModelCommand;
    type Event = ModelEvent;
    type State = ModelState;
    type Refusal = ModelRefusal;

    const AGGREGATE: &'static str = "model";

    fn command_kind(command: &ModelCommand) -> &'static str {
        command.kind()
    }

    fn decide(
        state: &ModelState,
        command: ModelCommand,
        _: Context,
    ) -> Result<Vec<ModelEvent>, ModelRefusal> {
        decide::decide(state, command)
    }

    fn evolve(state: &mut ModelState, event: &ModelEvent, _: Timestamp) {
        state.apply(event);
    }

    fn scope(_: &ModelId, _: &ModelState, _: &ModelEvent) -> Scope {
        Scope::default()
    }
}
