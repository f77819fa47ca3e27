//! The events of a report. Stored kinds and versions never change; new ones are added.

use crate::record::stored_event::Position;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema, derive::EventData)]
#[serde(tag = "kind", content = "data")]
pub enum ReportEvent {
    #[serde(rename = "report.issued")]
    Issued {
        #[serde(flatten)]
        issue: Box<Issue>,
    },
}

/// One issue of a report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema, derive::EventMembers)]
#[open(period, sha256, log_size, log_root, signer)]
pub struct Issue {
    pub kind: ReportKind,
    /// The period in Beijing's calendar: `2026-11-20`, `2026-W47`, `2026-11`, `2026-Q4` or `2026`.
    pub period: String,
    /// SHA-256 of the figures in canonical form, in lower-case hex.
    pub sha256: String,
    /// Log position up to which the report covers the events.
    pub position: Position,
    /// Number of events up to that position, and the Merkle root over them, base64 (RFC 9162, 2.1.1).
    pub log_size: u64,
    pub log_root: String,
    /// The public key of the report's signature.
    pub signer: String,
}

/// The kind of a report.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    schemars::JsonSchema,
    derive::EventMembers,
)]
#[serde(rename_all = "snake_case")]
pub enum ReportKind {
    Compliance,
}

impl ReportKind {
    /// Returns the stored name.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Compliance => "compliance",
        }
    }
}
