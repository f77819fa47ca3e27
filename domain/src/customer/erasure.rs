//! How far the erasure of a person has come: from a request to its certificate, and never back.

use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use values::ids::{CallId, EventId};

/// How far the erasure of this person has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Erasure {
    #[default]
    None,
    /// Asked for: nothing is granted any more; a hold or an open call is in the way of the rest.
    Requested { at: Timestamp },
    /// Decided: the key may be destroyed.
    Decided { at: Timestamp },
    /// Done, with this certificate.
    Certified { certificate: EventId },
}

impl Erasure {
    /// The decision is final.
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Decided { .. } | Self::Certified { .. })
    }
}

/// A recording that was deleted with its person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct DeletedRecording {
    pub call: CallId,
    /// As `call.ended` has it; absent where the call ended without one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
}
