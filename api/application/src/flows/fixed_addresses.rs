//! Flows with mail to an address that is written into them (decision 0205): which approval they need, and
//! what becomes of one without it.

use domain::flow::{FlowDefinition, PublishedFlow};
use domain::four_eyes::{FourEyes, NobodyBecause};
use domain::problem::Problem;

/// Whether a version with this approval may send mail to a fixed address: a second person approved it, or the
/// owner of the directory published it.
pub(super) fn may_write_to_fixed(four_eyes: Option<&FourEyes>) -> bool {
    match four_eyes {
        Some(FourEyes::Approved { .. }) => true,
        Some(FourEyes::Nobody { nobody }) => *nobody == NobodyBecause::Directory,
        None => false,
    }
}

/// Whether this version sends no messages: one of them goes to a fixed address without the approval
/// that this needs.
pub fn holds_messages_back(published: &PublishedFlow, flow: &FlowDefinition) -> bool {
    flow.has_fixed_address() && !may_write_to_fixed(published.four_eyes.as_deref())
}

/// Refuses a flow that sends persons' values to an address written into it.
pub(crate) fn fixed_address() -> Problem {
    Problem::refused(
        "fixed-address",
        "a message of the flow goes to a fixed mail address: name the column with the customer's address, \
         or publish the flow alone with the approval of a second user who has customers:reveal",
    )
}
