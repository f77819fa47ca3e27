//! The approval aggregate: a user requests an act that needs a second person, another user decides, and the
//! act is carried out once.
//!
//! Guarantees: an approval is valid for exactly the act and target that were requested. A requester cannot
//! approve the own request. It expires at its deadline. Only the requester can use it, once, and only while
//! the approver still has the permission; values that it showed can be read again for some minutes under the
//! same rule. The caller of this aggregate checks whether an act needs approval and who holds the permission.

mod act;
pub mod command;
mod decide;
pub mod event;
mod refusal;
mod repeated_use;
mod state;

#[cfg(test)]
mod tests;

pub use act::{Act, ApprovalSubject};
pub use command::{ApprovalCommand, ApprovalRequest, ApproverStatus, CredentialSources};
pub use event::ApprovalEvent;
pub use refusal::ApprovalRefusal;
pub use repeated_use::check_repeated_use;
pub use state::{ApprovalState, ApprovalStatus, DecidedApproval, RequestedApproval};

use crate::decider::{Context, Decider, Scope};
use crate::time::Timestamp;
use values::ids::ApprovalId;

/// Longest reason, in bytes. It is stored forever and must not contain personal data.
pub const REASON_BYTES_MAX: usize = 512;

/// Time in milliseconds for which a repeated request shows the approved values again. A client that lost the
/// response retries within minutes.
pub const SHOWN_AGAIN_MS: u64 = 300_000;

/// The decider of the approval aggregate.
#[derive(Debug)]
pub struct Approval;

impl Decider for Approval {
    type Id = ApprovalId;
    type Command = ApprovalCommand;
    type Event = ApprovalEvent;
    type State = ApprovalState;
    type Refusal = ApprovalRefusal;

    const AGGREGATE: &'static str = "approval";

    fn command_kind(command: &ApprovalCommand) -> &'static str {
        command.kind()
    }

    fn decide(
        state: &ApprovalState,
        command: ApprovalCommand,
        context: Context,
    ) -> Result<Vec<ApprovalEvent>, ApprovalRefusal> {
        decide::decide(state, command, context.now)
    }

    fn evolve(state: &mut ApprovalState, event: &ApprovalEvent, at: Timestamp) {
        state.apply(event, at);
    }

    /// Returns the campaign and the customer of the act.
    fn scope(_: &ApprovalId, state: &ApprovalState, _: &ApprovalEvent) -> Scope {
        let asked = state.requested().map(|requested| &requested.asked);
        Scope {
            campaign: asked.and_then(|asked| asked.campaign.clone()),
            customer: asked.and_then(|asked| asked.customer.clone()),
        }
    }
}
