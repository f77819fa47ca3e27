//! The request to a summary: record what was written of its call.

use super::fact::SummaryFact;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SummaryCommand {
    Record(Box<SummaryFact>),
}

impl SummaryCommand {
    /// Its name, for logs.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Record(_) => "summary.record",
        }
    }
}
