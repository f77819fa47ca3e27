//! Exports of events in stored form: in a proof, a backup or a copy of the log. The records of their
//! beginning and end, stored by a server for commands next to it, or by the command itself if no server runs.

use domain::ids::{CallId, CampaignId, CustomerId, EventId};
use domain::inquiry::{ExportFacts, InquiryCommand};
use serde::Serialize;
use serde_json::{Value, json};

/// The kind of an export.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum EventExportKind {
    /// A bundle that proves some events.
    Proof,
    /// A backup of the whole log.
    Backup,
    /// A copy to another store.
    Copy,
    /// A bundle of what a search of the audit trail found.
    Search,
    /// A comparison with records of another party.
    Comparison,
}

impl EventExportKind {
    /// Returns the export that a word names, of those that commands next to a server make; `None` for
    /// another word.
    pub fn of_word(word: &str) -> Option<Self> {
        [Self::Proof, Self::Backup, Self::Copy, Self::Comparison]
            .into_iter()
            .find(|taken| taken.words().0 == word)
    }

    /// True if these facts describe a proof, backup, copy or comparison by a command next to a server, by
    /// content and format.
    pub(crate) fn is_of(facts: &ExportFacts) -> bool {
        let known = Self::of_word(&facts.what);
        known.is_some_and(|taken| taken.words().1 == facts.format)
    }

    /// Returns the content and the format of the export, as its record names them.
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

/// What a command exports of the log; without an id the whole log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventExport {
    pub what: EventExportKind,
    pub campaign: Option<CampaignId>,
    pub customer: Option<CustomerId>,
    pub call: Option<CallId>,
    pub event: Option<EventId>,
}

impl EventExport {
    /// Returns an export of the whole log.
    pub const fn all(what: EventExportKind) -> Self {
        Self {
            what,
            campaign: None,
            customer: None,
            call: None,
            event: None,
        }
    }

    /// Returns the facts of the export, as the log's record of its beginning keeps them.
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

/// The end of an export.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EventExportEnd {
    Done {
        events: u64,
        bytes: u64,
        elapsed_ms: u64,
    },
    /// It failed, at least in part.
    Failed { code: String, detail: String },
}

impl EventExportEnd {
    /// Returns the command that records in the log how the export ended.
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

    /// Returns the request body that reports to a server how the export ended.
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
