//! The events of a view's rebuilds. Stored kinds and versions never change; new ones are added.

use crate::record::stored_event::Position;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema, derive::EventData)]
#[serde(tag = "kind", content = "data")]
pub enum ViewEvent {
    /// A shadow rebuild began: new rows are built while the live ones stay in use.
    #[serde(rename = "view.rebuild_begun")]
    #[open(version, by)]
    RebuildBegun {
        /// The view's version in the build that makes the rows.
        version: u32,
        begun_at: Timestamp,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<String>,
    },
    /// The new rows replaced the live ones.
    #[serde(rename = "view.switched")]
    #[open(accepted_differences, by)]
    Switched {
        #[serde(flatten)]
        facts: SwitchFacts,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        accepted_differences: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<String>,
    },
    /// The new rows were dropped.
    #[serde(rename = "view.rebuild_canceled")]
    #[open(by)]
    RebuildCanceled {
        begun_at: Timestamp,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<String>,
    },
}

/// A switch of rows, with the comparison before it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema, derive::EventMembers)]
#[open(version)]
pub struct SwitchFacts {
    pub version: u32,
    /// When the rebuild began. It identifies the rebuild.
    pub begun_at: Timestamp,
    /// Position up to which the new rows are complete.
    pub position: Position,
    /// Position at which live and new rows were compared.
    pub compared_at: Position,
    pub tables: Vec<TableFacts>,
}

/// The comparison of one table: the old rows and the new ones.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema, derive::EventMembers)]
#[open(table, rows_before, rows_after, sha256_before, sha256_after)]
pub struct TableFacts {
    pub table: String,
    pub rows_before: u64,
    pub rows_after: u64,
    /// SHA-256 over all rows in key order, in lower-case hex.
    pub sha256_before: String,
    pub sha256_after: String,
}

impl SwitchFacts {
    /// Returns true if old and new rows are equal.
    pub fn agrees(&self) -> bool {
        let mut tables = self.tables.iter();
        tables.all(|table| table.sha256_before == table.sha256_after && table.rows_before == table.rows_after)
    }
}
