//! Facts about one inquiry. Stored kinds and versions; never changed, only added to.

use crate::decider::{EventData, UnreadableEvent, read_current};
use crate::ids::CampaignId;
use crate::personal::Personal;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "data")]
pub enum InquiryEvent {
    /// Somebody asked in SQL; the text is masked where a phone number may stand.
    #[serde(rename = "inquiry.queried")]
    Queried {
        sql: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<String>,
        rows_max: u64,
        timeout_ms: u64,
    },
    /// Somebody took rows or events away in a file.
    #[serde(rename = "inquiry.exported")]
    Exported {
        #[serde(flatten)]
        facts: ExportFacts,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<String>,
    },
    /// What was asked is answered.
    #[serde(rename = "inquiry.answered")]
    Answered {
        rows: u64,
        bytes: u64,
        elapsed_ms: u64,
        truncated: bool,
    },
    /// What was asked is not answered, or not to its end.
    #[serde(rename = "inquiry.refused")]
    Refused { code: String, detail: String },
}

/// What an export takes away.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExportFacts {
    /// `calls`, `events`, `metrics` …
    pub what: String,
    /// `csv`, `xlsx`, `parquet`, `jsonl`.
    pub format: String,
    pub columns: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub campaign: Option<CampaignId>,
    /// First instant taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Timestamp>,
    /// First instant not taken any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
}

impl EventData for InquiryEvent {
    fn kind(&self) -> &'static str {
        match self {
            Self::Queried { .. } => "inquiry.queried",
            Self::Exported { .. } => "inquiry.exported",
            Self::Answered { .. } => "inquiry.answered",
            Self::Refused { .. } => "inquiry.refused",
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
