//! Approvals (双人复核): acts that need the agreement of a second person.
//!
//! As soon as two active users hold the permission for an act, it needs the approval of another person.
//! Before that, and with the directory's own key, it is done at once, and its event states that it was not
//! approved.

mod credentials;
mod gate;
mod holders;
mod responses;
mod rollback;
mod version;

pub(crate) use gate::placeholder_four_eyes;
pub use gate::{ProposedAct, check_continued_act, four_eyes, four_eyes_on, was_given_for};
pub(crate) use holders::another_holds;
pub(crate) use responses::waiting_on_campaigns;
pub use responses::{ApprovalChanged, ApprovalList, ApprovalResponse, approval, approvals, approve, reject};
pub use rollback::RollbackRequest;
pub(crate) use version::PendingVersion;
