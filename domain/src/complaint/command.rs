//! Requests to a complaint: open it, give it to somebody, say how it ended.

use super::source::{ComplaintOutcome, ComplaintSource};
use crate::case::CaseAbout;
use crate::time::Timestamp;

/// Somebody complained.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opening {
    pub source: ComplaintSource,
    pub about: CaseAbout,
    /// The number under which the source keeps it.
    pub reference: Option<String>,
    pub what: String,
    /// When the complaint came in; the deadline counts from there.
    pub received_at: Timestamp,
    /// A day that the source itself has set.
    pub due_at: Option<Timestamp>,
    pub owner: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ComplaintCommand {
    Open(Opening),
    /// Somebody is to see to it.
    Assign {
        to: String,
    },
    Resolve {
        outcome: ComplaintOutcome,
        note: String,
    },
}

impl ComplaintCommand {
    /// Its name, for logs.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Open(_) => "complaint.open",
            Self::Assign { .. } => "complaint.assign",
            Self::Resolve { .. } => "complaint.resolve",
        }
    }
}
