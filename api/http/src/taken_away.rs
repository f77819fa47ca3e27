//! Events taken away as they are stored: in a proof, in a backup, in a copy of the log. What is put on record
//! of it, by a server for the commands beside it, or by the command itself where none runs.

use domain::ids::{CallId, CampaignId, CustomerId, EventId};
use domain::inquiry::{ExportFacts, InquiryCommand};
use serde::Serialize;
use serde_json::{Value, json};

/// What they are taken in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Taken {
    /// A bundle that proves some of them.
    Proof,
    /// A backup of the whole log.
    Backup,
    /// Another store.
    Copy,
    /// A bundle of what a search of the audit trail found.
    Search,
    /// A comparison with somebody else's records.
    Comparison,
}

impl Taken {
    pub fn of_word(word: &str) -> Option<Self> {
        [Self::Proof, Self::Backup, Self::Copy, Self::Comparison]
            .into_iter()
            .find(|taken| taken.words().0 == word)
    }

    /// Whether an export's facts are of something that a command beside a server takes away.
    pub(crate) fn is_of(facts: &ExportFacts) -> bool {
        let known = Self::of_word(&facts.what);
        known.is_some_and(|taken| taken.words().1 == facts.format)
    }

    /// What is taken, and the form that it has.
    const fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Proof => ("proof", "bundle"),
            Self::Backup => ("backup", "backup"),
            Self::Copy => ("copy", "log"),
            Self::Search => ("audit", "bundle"),
            Self::Comparison => ("comparison", "report"),
        }
    }
}

/// What is taken; without an id everything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taking {
    pub what: Taken,
    pub campaign: Option<CampaignId>,
    pub customer: Option<CustomerId>,
    pub call: Option<CallId>,
    pub event: Option<EventId>,
}

impl Taking {
    /// Of the whole log.
    pub const fn all(what: Taken) -> Self {
        Self {
            what,
            campaign: None,
            customer: None,
            call: None,
            event: None,
        }
    }

    /// As the log keeps it.
    pub fn facts(self) -> ExportFacts {
        let (what, format) = self.what.words();
        ExportFacts {
            what: what.to_owned(),
            format: format.to_owned(),
            campaign: self.campaign,
            customer: self.customer,
            call: self.call,
            event: self.event,
            ..ExportFacts::default()
        }
    }
}

/// How a taking ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TakingEnd {
    Done {
        events: u64,
        bytes: u64,
        elapsed_ms: u64,
    },
    /// Nothing, or not all of it, was taken.
    Failed { code: String, detail: String },
}

impl TakingEnd {
    /// As the log keeps it.
    pub fn command(self) -> InquiryCommand {
        match self {
            Self::Done {
                events,
                bytes,
                elapsed_ms,
            } => InquiryCommand::Answer {
                rows: events,
                bytes,
                elapsed_ms,
                truncated: false,
            },
            Self::Failed { code, detail } => InquiryCommand::Refuse { code, detail },
        }
    }

    /// As a server is told.
    pub fn body(&self) -> Value {
        match self {
            Self::Done {
                events,
                bytes,
                elapsed_ms,
            } => json!({ "events": events, "bytes": bytes, "elapsed_ms": elapsed_ms }),
            Self::Failed { code, detail } => json!({ "code": code, "detail": detail }),
        }
    }
}
