//! The commands of a summary: store the summary of a call or conversation, and the course of a model's
//! additional wording.

use super::fact::SummaryFact;
use super::text_fact::TextSummaryFact;
use super::wording::{WordedFact, WordingAskedFact, WordingFailedFact};

#[derive(Debug, Clone, PartialEq, Eq, derive::CommandName)]
#[command(aggregate = "summary")]
pub enum SummaryCommand {
    Record(Box<SummaryFact>),
    /// Stores the summary of a text conversation.
    RecordText(Box<TextSummaryFact>),
    /// Records that a model is asked for a wording. Sent once, before the request.
    AskWording(Box<WordingAskedFact>),
    KeepWording(Box<WordedFact>),
    FailWording(Box<WordingFailedFact>),
}
