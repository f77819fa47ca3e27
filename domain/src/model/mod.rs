//! The model aggregate: what an intent model was learned from, and its published versions.
//!
//! Promises: a version is one content for ever, named by its digest, and no number is given twice; from the
//! first version on behind which another person stood, every further one asks for somebody; the way back is
//! a further version with an earlier content. The bytes are kept beside the log, and are checked against the
//! digest whenever they are read. One stream per name.

pub mod command;
mod decide;
pub mod event;
mod named;
mod refusal;
mod state;

#[cfg(test)]
mod golden;
#[cfg(test)]
mod tests;

pub use command::ModelCommand;
pub use decide::{DRAFTS_MAX, MODEL_FILE_BYTES_MAX, VERSIONS_MAX};
pub use event::{Artefact, ModelEvent, Training};
pub use named::{InvalidModelName, ModelNamed, ModelRef};
pub use refusal::ModelRefusal;
pub use state::{ModelState, PublishedModel};

use crate::decider::{Context, Decider, Scope};
use crate::time::Timestamp;
use values::ids::ModelId;

/// The model's decider.
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
