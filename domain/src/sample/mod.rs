//! The sample aggregate: calls drawn for an audit, the finding of each, and the sign-off.
//!
//! Guarantees: a draw is one event with all of its parameters (seed, population, log position), so that any
//! reader can repeat it, and it never changes. A finding answers the whole checklist; the last one of a call
//! counts. A sign-off needs a finding for every call and closes the sample.

mod checklist;
pub mod command;
mod decide;
pub mod event;
mod refusal;
mod state;

#[cfg(test)]
mod tests;

pub use checklist::{CHECKLIST, CheckItem};
pub use command::SampleCommand;
pub use decide::{BY_BYTES_MAX, REMARK_BYTES_MAX, SAMPLE_CALLS_MAX, SEED_BYTES_MAX, STRATA_MAX};
pub use event::{Answer, DrawFacts, DrawnSample, Finding, SampleEvent, StratificationKey, Stratum};
pub use refusal::SampleRefusal;
pub use state::SampleState;

use crate::decider::{Context, Decider, Scope};
use crate::time::Timestamp;
use values::ids::SampleId;

/// The decider of the sample aggregate.
#[derive(Debug)]
pub struct Sample;

impl Decider for Sample {
    type Id = SampleId;
    type Command = SampleCommand;
    type Event = SampleEvent;
    type State = SampleState;
    type Refusal = SampleRefusal;

    const AGGREGATE: &'static str = "sample";

    fn command_kind(command: &SampleCommand) -> &'static str {
        command.kind()
    }

    fn decide(
        state: &SampleState,
        command: SampleCommand,
        _: Context,
    ) -> Result<Vec<SampleEvent>, SampleRefusal> {
        decide::decide(state, command)
    }

    fn evolve(state: &mut SampleState, event: &SampleEvent, at: Timestamp) {
        state.apply(event, at);
    }

    /// Returns the campaign that the sample was drawn from, if it was limited to one; no customer.
    fn scope(_: &SampleId, state: &SampleState, _: &SampleEvent) -> Scope {
        Scope {
            campaign: state.drawn().and_then(|drawn| drawn.facts.campaign.clone()),
            customer: None,
        }
    }
}
