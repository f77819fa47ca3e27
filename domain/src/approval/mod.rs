//! The approval aggregate: somebody asks for an act that needs a second person, another decides, and the act
//! is done once.
//!
//! Promises: it is for exactly the act and the target that were asked for; nobody approves an own request; it
//! ends at its deadline; it is used once, by whoever asked, and only while who approved it still holds the
//! right: what it showed is shown again for some minutes, by the same rule. Whether an act needs one at all,
//! and who holds the right, is asked by whoever does the act.

mod act;
mod again;
pub mod command;
mod decide;
pub mod event;
mod refusal;
mod state;

#[cfg(test)]
mod golden;
#[cfg(test)]
mod tests;

pub use act::{Act, Asked};
pub use again::stands_again;
pub use command::{ApprovalCommand, ApproverNow, CredentialSources, Requesting};
pub use event::ApprovalEvent;
pub use refusal::ApprovalRefusal;
pub use state::{ApprovalState, DecidedApproval, RequestedApproval, Standing};

use crate::decider::{Context, Decider, Scope};
use crate::time::Timestamp;
use values::ids::ApprovalId;

/// Longest reason kept: it is stored for ever and must hold nothing personal.
pub const REASON_BYTES_MAX: usize = 512;

/// How long values that an approval showed are shown again to whoever repeats the request: a client whose
/// reply was lost tries again within minutes.
pub const SHOWN_AGAIN_MS: u64 = 300_000;

/// The approval's decider.
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

    /// The campaign and the person whom the act is about.
    fn scope(_: &ApprovalId, state: &ApprovalState, _: &ApprovalEvent) -> Scope {
        let asked = state.requested().map(|requested| &requested.asked);
        Scope {
            campaign: asked.and_then(|asked| asked.campaign.clone()),
            customer: asked.and_then(|asked| asked.customer.clone()),
        }
    }
}
