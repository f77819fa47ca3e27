//! The requests to a summary: record what was written of its call, and what a model words of it.

use super::fact::SummaryFact;
use super::text_fact::TextSummaryFact;
use super::wording::{WordedFact, WordingAskedFact, WordingFailedFact};

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SummaryCommand {
    Record(Box<SummaryFact>),
    /// Of a conversation in text.
    RecordText(Box<TextSummaryFact>),
    /// Once, before anything is sent.
    AskWording(Box<WordingAskedFact>),
    KeepWording(Box<WordedFact>),
    FailWording(Box<WordingFailedFact>),
}

impl SummaryCommand {
    /// Its name, for logs.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Record(_) => "summary.record",
            Self::RecordText(_) => "summary.record_text",
            Self::AskWording(_) => "summary.ask_wording",
            Self::KeepWording(_) => "summary.keep_wording",
            Self::FailWording(_) => "summary.fail_wording",
        }
    }
}
