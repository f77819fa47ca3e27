//! The flow aggregate: published versions of the graph that a robot follows, and the pure execution of one
//! call.
//!
//! Guarantees: a published version is complete and never changes; its hash covers its canonical JSON; every
//! published flow starts with the recording notice and reaches an end. A run depends only on the definition,
//! the variables and the callee's inputs.

pub mod command;
pub mod event;

mod advice;
mod check;
mod check_dialogue;
mod coverage_targets;
mod decide;
mod dialogue;
#[cfg(test)]
mod dialogue_tests;
mod edges;
mod fault;
mod finding;
mod graph;
#[cfg(test)]
mod key_rule_tests;
#[cfg(test)]
mod known_tests;
#[cfg(test)]
mod landed_tests;
mod messages;
mod node_media;
mod nodes;
mod notes;
mod offers;
#[cfg(test)]
mod offers_tests;
mod opt_out_keys;
mod recordings;
mod refusal;
#[cfg(test)]
mod schema_tests;
mod selector;
mod shorthand;
#[cfg(test)]
mod spoken_tests;
mod state;
mod step;
#[cfg(test)]
mod step_tests;
mod template;
#[cfg(test)]
mod tests;
mod text;
mod variable;
mod variants;
#[cfg(test)]
mod version_tests;

pub use advice::{Advice, CHARACTER_MS, DECISION_BY_MS, IDENTIFIED_BY_MS, OpeningTimings, VALUE_BY_MS};
pub use check::{FLOW_NODES_MAX, FLOW_VARIABLES_MAX, NODE_NAME_CHARS_MAX, TEXT_CHARS_MAX, VISITS_MAX};
pub use decide::{DEFINITION_BYTES_MAX, REASON_BYTES_MAX, VERSIONS_MAX};
pub use dialogue::{
    AFFIRM, ANSWERS_MAX, Answer, DENY, DIGRESSIONS_MAX, Dialogue, FlowGroup, GLOBAL_INTENTS_MAX,
    GlobalIntent, Slot, SlotKind,
};
pub use edges::FlowEdge;
pub use fault::DefinitionFault;
pub use graph::{FLOW_FILE_BYTES_MAX, FlowDefinition, Notices, ReadFault, ValueFault};
pub use messages::{ATTACHMENTS_MAX, FLOW_MESSAGES_MAX, MessageTemplate, MessageTiming, address_column};
pub use node_media::SHOWS_MAX;
pub use nodes::*;
pub use notes::NOTED_TAGS_MAX;
pub use offers::{OFFER_SCORE_MAX, OFFER_SCORES_MAX, OFFERS_MAX, Offer, OfferRule, OfferScore, Offers};
pub use recordings::RecordableText;
pub use refusal::FlowRefusal;
pub use selector::{FlowSelector, InvalidFlowName};
pub use shorthand::PRESETS;
pub use state::{FlowState, PublishedFlow};
pub use step::{
    ActNodeAction, FlowAction, FlowInput, FlowPrompt, FlowRun, Interruption, NoticeKind, STEPS_MAX,
    UnderstandingResult,
};
pub use template::{
    AI_NOTICE, CALLBACK_PROMISE, GOODBYE, MENU, OPTED_OUT, RECORDING_NOTICE, from_script,
    from_script_without_type_ahead,
};
pub use text::{FillFault, TextFault, VARIABLE_NAME_MAX, fill_strict, is_variable_name, variables_of};
pub use values::canonical::{canonical_json, content_hash};
pub use values::text_attachment::{AttachmentKind, TextAttachment};
pub use variable::{VALUE_CHARS_MAX, Variable, VariableKind};
pub use variants::{ARMS_MAX, Arm, VariantMetric, Variants};

use crate::decider::{Context, Decider, Scope};
use crate::time::Timestamp;
use command::FlowCommand;
use event::FlowEvent;
use values::ids::FlowId;

/// The decider of the flow aggregate.
pub struct Flow;

impl Decider for Flow {
    type Id = FlowId;
    type Command = FlowCommand;
    type Event = FlowEvent;
    type State = FlowState;
    type Refusal = FlowRefusal;

    const AGGREGATE: &'static str = "flow";

    fn command_kind(command: &FlowCommand) -> &'static str {
        command.kind()
    }

    fn decide(state: &FlowState, command: FlowCommand, _: Context) -> Result<Vec<FlowEvent>, FlowRefusal> {
        decide::decide(state, command)
    }

    fn evolve(state: &mut FlowState, event: &FlowEvent, _: Timestamp) {
        state.apply(event);
    }

    fn scope(_: &FlowId, _: &FlowState, _: &FlowEvent) -> Scope {
        Scope::default()
    }
}
