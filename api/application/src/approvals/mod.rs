//! Four eyes: acts that a second person approves, whoever asks.
//!
//! From the moment that two enabled users hold an act's right it needs another person's approval. Until then,
//! and by the directory's own key, it is done at once, and its event says that nobody approved.

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
