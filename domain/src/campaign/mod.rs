//! The campaign aggregate: a plan that calls customers for one purpose; its lists, batches, pauses and end.
//!
//! Guarantees: dials are granted only while it runs, in batches of at most a second and within its
//! concurrency limit, and never while its window is closed for every customer, which it records once. It
//! completes only when no list is open and as many enrolments are settled as its lists counted. A later list
//! reopens it, paused if it was paused.

mod anonymization;
mod anonymized_counts;
pub mod command;
pub mod event;

#[cfg(test)]
mod approval_tests;
mod best_times_update;
mod decide;
mod gates;
#[cfg(test)]
mod gates_tests;
mod list_opening;
mod list_undo;
mod offers_evolution;
mod pacing;
#[cfg(test)]
mod pacing_tests;
mod plan_change;
mod preview_offers;
#[cfg(test)]
mod preview_offers_tests;
mod query_import;
mod query_mark;
mod quotas;
#[cfg(test)]
mod quotas_tests;
mod refusal;
mod scheduling;
#[cfg(test)]
mod scheduling_tests;
mod segment_freeze;
mod stage_promotion;
mod state;
mod status;
mod targets;
mod terms;
#[cfg(test)]
mod test_support;
#[cfg(test)]
mod tests;

pub use anonymization::ANONYMIZATION_REASON_BYTES_MAX;
pub use best_times_update::LEARN_EVERY_MS;
pub use decide::{BATCH_DIALS_MAX, LISTS_MAX};
pub use gates::{BATCH_VALID_MS, Gates, StageWaitReason};
pub use list_undo::{LISTS_UNDONE_MAX, UNDO_REASON_BYTES_MAX};
pub use plan_change::PLAN_CHANGE_REASON_BYTES_MAX;
pub use query_import::QUERIES_MAX;
pub use query_mark::QueryMark;
pub use refusal::CampaignRefusal;
pub use stage_promotion::PROMOTION_REASON_BYTES_MAX;
pub use state::{Anonymization, CampaignState, CreatedCampaign};
pub use status::CampaignStatus;
pub use targets::TARGETS_MAX;
pub use terms::{CallingTerms, PlanChange};

use crate::decider::{Context, Decider, Scope};
use crate::time::Timestamp;
use command::CampaignCommand;
use event::CampaignEvent;
use values::ids::CampaignId;

/// The decider of the campaign aggregate.
pub struct Campaign;

impl Decider for Campaign {
    type Id = CampaignId;
    type Command = CampaignCommand;
    type Event = CampaignEvent;
    type State = CampaignState;
    type Refusal = CampaignRefusal;

    const AGGREGATE: &'static str = "campaign";

    fn command_kind(command: &CampaignCommand) -> &'static str {
        command.kind()
    }

    fn decide(
        state: &CampaignState,
        command: CampaignCommand,
        context: Context,
    ) -> Result<Vec<CampaignEvent>, CampaignRefusal> {
        decide::decide(state, command, context)
    }

    fn evolve(state: &mut CampaignState, event: &CampaignEvent, at: Timestamp) {
        state.apply(event, at);
    }

    fn scope(id: &CampaignId, _: &CampaignState, _: &CampaignEvent) -> Scope {
        Scope {
            campaign: Some(id.clone()),
            customer: None,
        }
    }
}
