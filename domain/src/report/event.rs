//! Facts about one report. Stored kinds and versions; never changed, only added to.

use crate::decider::{EventData, UnreadableEvent, read_current};
use crate::personal::Personal;
use crate::record::stored_event::Position;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(tag = "kind", content = "data")]
pub enum ReportEvent {
    #[serde(rename = "report.issued")]
    Issued {
        #[serde(flatten)]
        issue: Box<Issue>,
    },
}

/// One issue of a report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Issue {
    pub kind: ReportKind,
    /// Of Beijing's calendar: `2026-11-20`, `2026-W47`, `2026-11`, `2026-Q4`, `2026`.
    pub period: String,
    /// Of the figures in their one form, lower hex.
    pub sha256: String,
    /// The report says what the log says up to here.
    pub position: Position,
    /// Events up to there, and the Merkle root over them, base64 (RFC 9162, 2.1.1).
    pub log_size: u64,
    pub log_root: String,
    /// The public key that its note is signed with.
    pub signer: String,
}

/// Which report.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum ReportKind {
    Compliance,
}

impl ReportKind {
    /// The stored name.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Compliance => "compliance",
        }
    }
}

/// Stored kinds, each named for its variant. They never change.
impl ReportEvent {
    pub const ISSUED: &'static str = "report.issued";
}

impl EventData for ReportEvent {
    fn kind(&self) -> &'static str {
        match self {
            Self::Issued { .. } => Self::ISSUED,
        }
    }

    fn version(&self) -> u16 {
        1
    }

    fn personal(&mut self) -> Vec<(String, &mut Personal<String>)> {
        Vec::new()
    }

    fn read(kind: &str, version: u16, data: &RawValue) -> Result<Self, UnreadableEvent> {
        read_current(kind, version, data)
    }
}
