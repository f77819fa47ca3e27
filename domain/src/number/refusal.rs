//! Why a command to a number is turned down. A rule's no to a dial is an event, not one of these.

use crate::ids::CallId;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NumberRefusal {
    /// Asked again while the grant stands: go on with it, or release it.
    #[error("call {call} was granted already")]
    AlreadyGranted { call: CallId },
    /// This call was dialed and closed; a new dial is a new call.
    #[error("call {call} is over")]
    CallOver { call: CallId },
}
