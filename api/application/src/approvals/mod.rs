//! Approvals (双人复核): acts that need the agreement of a second person.
//!
//! As soon as two active users hold the permission for an act, it needs the approval of another person.
//! Before that, and with the directory's own key, it is done at once, and its event states that it was not
//! approved.

mod credentials;
mod gate;
mod holders;
mod rollback;
mod shown;
mod version;

pub(crate) use gate::nobody_yet;
pub use gate::{Doing, four_eyes, four_eyes_on, goes_on, was_given_for};
pub(crate) use holders::another_holds;
pub use rollback::RollbackOrder;
pub use shown::{ApprovalChanged, ApprovalList, ApprovalShown, approval, approvals, approve, reject};
pub(crate) use version::VersionActed;
