//! Requests to one inquiry: put it on record, and say what came of it.

use super::event::{ComparisonFacts, ExportFacts, ReadFacts, SearchFacts};

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InquiryCommand {
    /// Somebody asks in SQL.
    Query {
        sql: String,
        by: Option<String>,
        rows_max: u64,
        timeout_ms: u64,
    },
    /// Somebody takes rows or events away in a file.
    Export { facts: ExportFacts, by: Option<String> },
    /// Somebody reads what is known of persons.
    ReadPersonalData { facts: ReadFacts, by: Option<String> },
    /// Somebody searches the audit trail.
    Search { facts: SearchFacts, by: Option<String> },
    /// A caller compares values with sealed values of customers.
    Compare {
        facts: ComparisonFacts,
        by: Option<String>,
    },
    /// It was answered.
    Answer {
        rows: u64,
        bytes: u64,
        elapsed_ms: u64,
        /// A limit cut the rows off.
        truncated: bool,
    },
    /// It was not answered, or not to its end.
    Refuse { code: String, detail: String },
}

impl InquiryCommand {
    /// Its name, for logs.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Query { .. } => "inquiry.query",
            Self::Export { .. } => "inquiry.export",
            Self::ReadPersonalData { .. } => "inquiry.read_personal_data",
            Self::Search { .. } => "inquiry.search",
            Self::Compare { .. } => "inquiry.compare",
            Self::Answer { .. } => "inquiry.answer",
            Self::Refuse { .. } => "inquiry.refuse",
        }
    }
}
