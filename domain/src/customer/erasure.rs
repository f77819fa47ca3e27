//! The progress of a person's erasure: from the request to the certificate, never back.

use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use values::ids::{CallId, EventId};

/// The stages of a person's erasure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Erasure {
    #[default]
    None,
    /// Requested: no grants any more. A hold or an open call delays the erasure.
    Requested { at: Timestamp },
    /// The erasure is decided: the key may be destroyed.
    Decided { at: Timestamp },
    /// The erasure is done, with this certificate.
    Certified { certificate: EventId },
}

impl Erasure {
    /// Returns true if the erasure is decided or done and cannot be stopped.
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Decided { .. } | Self::Certified { .. })
    }
}

/// A recording that was deleted in the erasure of its person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema, derive::EventMembers)]
#[open(sha256)]
pub struct DeletedRecording {
    pub call: CallId,
    /// The recording's hash from `call.ended`; absent if the call ended without one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
}
