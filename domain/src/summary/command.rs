//! The commands of a summary: store the summary of a call or conversation, and the course of a model's
//! additional wording.

use super::fact::SummaryFact;
use super::text_fact::TextSummaryFact;
use super::wording::{WordedFact, WordingAskedFact, WordingFailedFact};

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SummaryCommand {
    Record(Box<SummaryFact>),
    /// Stores the summary of a text conversation.
    RecordText(Box<TextSummaryFact>),
    /// Records that a model is asked for a wording. Sent once, before the request.
    AskWording(Box<WordingAskedFact>),
    KeepWording(Box<WordedFact>),
    FailWording(Box<WordingFailedFact>),
}

impl SummaryCommand {
    /// Returns the command's name, for logs.
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
