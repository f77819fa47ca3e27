//! Flows that send mail to an address written into them (decision 0205): the approval they need, and the
//! consequence without it.

use domain::flow::{FlowDefinition, PublishedFlow};
use domain::four_eyes::{ApprovalExemption, FourEyes};
use domain::problem::Problem;

/// Returns true if a flow version may send mail to an address written into it: a second user approved the
/// version, or the owner of the data directory published it.
pub(super) fn may_write_to_fixed(four_eyes: Option<&FourEyes>) -> bool {
    match four_eyes {
        Some(FourEyes::Approved { .. }) => true,
        Some(FourEyes::Nobody { nobody }) => *nobody == ApprovalExemption::Directory,
        None => false,
    }
}

/// Returns true if this flow version sends no messages at all, because one goes to a fixed address and the
/// approval for that is missing.
pub fn holds_messages_back(published: &PublishedFlow, flow: &FlowDefinition) -> bool {
    flow.has_fixed_address() && !may_write_to_fixed(published.four_eyes.as_deref())
}

/// Returns the refusal of a flow that sends customers' values to a fixed address.
pub(crate) fn fixed_address() -> Problem {
    Problem::refused(
        "fixed-address",
        "a message of the flow goes to a fixed mail address: name the column with the customer's address, \
         or publish the flow alone with the approval of a second user who has customers:reveal",
    )
}
