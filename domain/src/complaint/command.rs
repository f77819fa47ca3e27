//! The commands of a complaint: open it, assign it, resolve it.

use super::source::{ComplaintOutcome, ComplaintSource};
use crate::case::CaseAbout;
use crate::time::Timestamp;

/// The data of a complaint to open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewComplaint {
    pub source: ComplaintSource,
    pub about: CaseAbout,
    /// The reference number at the source.
    pub reference: Option<String>,
    pub what: String,
    /// Time at which the complaint was received. The deadline counts from it.
    pub received_at: Timestamp,
    /// A deadline that the source itself set.
    pub due_at: Option<Timestamp>,
    pub owner: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, derive::CommandName)]
#[command(aggregate = "complaint")]
pub enum ComplaintCommand {
    Open(NewComplaint),
    /// Assigns the complaint to an owner.
    Assign {
        to: String,
    },
    Resolve {
        outcome: ComplaintOutcome,
        note: String,
    },
}
