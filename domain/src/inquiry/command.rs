//! The commands of an inquiry: record the request, and record its end.

use super::event::{ComparisonFacts, ExportFacts, ReadFacts, SearchFacts};

#[derive(Debug, Clone, PartialEq, Eq, derive::CommandName)]
#[command(aggregate = "inquiry")]
pub enum InquiryCommand {
    /// Records an SQL query.
    Query {
        sql: String,
        by: Option<String>,
        rows_max: u64,
        timeout_ms: u64,
    },
    /// Records an export of rows or events to a file.
    Export { facts: ExportFacts, by: Option<String> },
    /// Records a read of personal data.
    ReadPersonalData { facts: ReadFacts, by: Option<String> },
    /// Records a search of the audit trail.
    Search { facts: SearchFacts, by: Option<String> },
    /// Records a comparison of a caller's values with sealed values of customers.
    Compare {
        facts: ComparisonFacts,
        by: Option<String>,
    },
    /// Records that the request was answered.
    Answer {
        rows: u64,
        bytes: u64,
        elapsed_ms: u64,
        /// The rows were cut by a limit.
        truncated: bool,
    },
    /// Records that the request failed or was not answered completely.
    Refuse { code: String, detail: String },
}
