//! Facts about one inquiry. Stored kinds and versions; never changed, only added to.

use crate::decider::{EventData, UnreadableEvent, read_current};
use crate::four_eyes::FourEyes;
use crate::personal::Personal;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use values::ids::{CallId, CampaignId, CustomerId, EventId, KeyId, NumberId, UserId};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
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
    /// Somebody reads what is known of persons: stored before it is shown, and holds nothing of it.
    #[serde(rename = "inquiry.personal_data_read")]
    PersonalDataRead {
        #[serde(flatten)]
        facts: ReadFacts,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<String>,
    },
    /// Somebody searched the audit trail; words are masked where a phone number may stand.
    #[serde(rename = "inquiry.searched")]
    Searched {
        #[serde(flatten)]
        facts: SearchFacts,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<String>,
    },
    /// A caller compared chosen values with sealed values of customers; holds none of the values.
    #[serde(rename = "inquiry.compared")]
    Compared {
        #[serde(flatten)]
        facts: ComparisonFacts,
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
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ExportFacts {
    /// `calls`, `events`, `metrics` …; `proof`, `backup` or `copy` of events as they are stored.
    pub what: String,
    /// `csv`, `xlsx`, `parquet`, `jsonl`; `bundle`, `backup`, `log` of events as they are stored.
    pub format: String,
    /// None of events as they are stored, which are taken whole.
    pub columns: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub campaign: Option<CampaignId>,
    /// First instant taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Timestamp>,
    /// First instant not taken any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// Of this person alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customer: Option<CustomerId>,
    /// Of this call alone, and what led to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call: Option<CallId>,
    /// This event alone, and what led to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<EventId>,
    /// Who stood behind it, where it needs a second person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub four_eyes: Option<Box<FourEyes>>,
}

/// What a reader is shown, of whom, and where. Ids of our own making only.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ReadFacts {
    /// The route, as the published description names it: `GET /api/v1/customers/{id}`.
    pub route: String,
    /// What let the reader in: `token`; `directory` of a command on one that no server holds; `keys` of who
    /// reads a folder with its keys. `loopback` in events from when such a listener asked for no token.
    pub door: String,
    /// Which fields: `name`, `phone`, `callee`, `timeline` …
    pub fields: Vec<String>,
    pub form: ReadForm,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customer: Option<CustomerId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<NumberId>,
    /// Of which calls, at most `CALLS_NAMED_MAX`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub calls: Vec<CallId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub campaign: Option<CampaignId>,
    /// Why, where the reader says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Who stood behind it, where it needs a second person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub four_eyes: Option<Box<FourEyes>>,
    /// Of one look at a page of the console: the reads that this event records, each with its own form. Then
    /// `fields` are all of theirs, and `form` is the clearest. Empty for a single read.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<ReadPart>,
}

/// One of the reads of a page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ReadPart {
    /// The route, as the published description names it.
    pub route: String,
    pub fields: Vec<String>,
    pub form: ReadForm,
}

/// A comparison of values that a caller chose with sealed values of customers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ComparisonFacts {
    /// The route, as the published description names it.
    pub route: String,
    /// How the caller came in, as in a read.
    pub door: String,
    pub what: ComparedValue,
    /// Values compared.
    pub values: u64,
    /// Values that a customer has; rounded down to tens where the caller got that figure only.
    pub found: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub campaign: Option<CampaignId>,
}

/// Which sealed value was compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ComparedValue {
    /// A phone number.
    Number,
    /// The institution's own id of a customer.
    CustomerId,
    /// Rows of a list: phone numbers and ids.
    List,
}

/// What a search of the audit trail looks for; all of it must hold. Ids of our own making, and words.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, schemars::JsonSchema)]
pub struct SearchFacts {
    /// Who acted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acted_by: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event_kind: Option<String>,
    /// First instant looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Timestamp>,
    /// First instant not looked at any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub campaign: Option<CampaignId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customer: Option<CustomerId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call: Option<CallId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<UserId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<KeyId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<NumberId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub words: Option<String>,
}

/// How personal values are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReadForm {
    /// Opened, and most of each value covered: `138****8000`.
    Masked,
    /// As they are.
    Clear,
    /// Not at all: there was nothing to show, or it was erased. Events from before this was stored say the
    /// form that was asked for.
    Nothing,
}

/// Stored kinds, each named for its variant. They never change.
impl InquiryEvent {
    pub const QUERIED: &'static str = "inquiry.queried";
    pub const EXPORTED: &'static str = "inquiry.exported";
    pub const PERSONAL_DATA_READ: &'static str = "inquiry.personal_data_read";
    pub const SEARCHED: &'static str = "inquiry.searched";
    pub const COMPARED: &'static str = "inquiry.compared";
    pub const ANSWERED: &'static str = "inquiry.answered";
    pub const REFUSED: &'static str = "inquiry.refused";
}

impl EventData for InquiryEvent {
    fn kind(&self) -> &'static str {
        match self {
            Self::Queried { .. } => Self::QUERIED,
            Self::Exported { .. } => Self::EXPORTED,
            Self::PersonalDataRead { .. } => Self::PERSONAL_DATA_READ,
            Self::Searched { .. } => Self::SEARCHED,
            Self::Compared { .. } => Self::COMPARED,
            Self::Answered { .. } => Self::ANSWERED,
            Self::Refused { .. } => Self::REFUSED,
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
