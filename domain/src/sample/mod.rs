//! The sample aggregate: calls drawn for an audit, what was found in each, and the sign-off.
//!
//! Promises: a draw is one event with everything that fixes it (seed, population, position of the log), so
//! that anybody redoes it; it never changes. A finding answers the whole checklist; the last one of a call
//! counts. Signing off needs a finding for every call, and ends the sample.

mod checklist;
pub mod command;
mod decide;
pub mod event;
mod refusal;
mod state;

#[cfg(test)]
mod golden;
#[cfg(test)]
mod tests;

pub use checklist::{CHECKLIST, CheckItem};
pub use command::SampleCommand;
pub use decide::{BY_BYTES_MAX, REMARK_BYTES_MAX, SAMPLE_CALLS_MAX, SEED_BYTES_MAX, STRATA_MAX};
pub use event::{Answer, DrawFacts, Drawn, Finding, SampleEvent, Stratify, Stratum};
pub use refusal::SampleRefusal;
pub use state::SampleState;

use crate::decider::{Context, Decider, Scope};
use crate::time::Timestamp;
use values::ids::SampleId;

/// The sample's decider.
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

    /// About the campaign it was drawn from, where it was drawn from one; about no person.
    fn scope(_: &SampleId, state: &SampleState, _: &SampleEvent) -> Scope {
        Scope {
            campaign: state.drawn().and_then(|drawn| drawn.facts.campaign.clone()),
            customer: None,
        }
    }
}
