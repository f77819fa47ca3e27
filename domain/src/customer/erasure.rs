//! How far the erasure of a person has come: from a request to its certificate, and never back.

use crate::ids::EventId;
use crate::time::Timestamp;

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
