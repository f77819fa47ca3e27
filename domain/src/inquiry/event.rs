//! The events of an inquiry. Stored kinds and versions never change; new ones are added.

use crate::four_eyes::FourEyes;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use values::ids::{CallId, CampaignId, CustomerId, EventId, KeyId, NumberId, UserId};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema, derive::EventData)]
#[serde(tag = "kind", content = "data")]
pub enum InquiryEvent {
    /// A user sent an SQL query. Digits that may be a phone number are masked in its text.
    #[serde(rename = "inquiry.queried")]
    #[open(sql, by, rows_max, timeout_ms)]
    Queried {
        sql: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<String>,
        rows_max: u64,
        timeout_ms: u64,
    },
    /// A user exported rows or events to a file.
    #[serde(rename = "inquiry.exported")]
    #[open(by)]
    Exported {
        #[serde(flatten)]
        facts: ExportFacts,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<String>,
    },
    /// A user reads personal data. Stored before it is shown; the event has none of the data.
    #[serde(rename = "inquiry.personal_data_read")]
    #[open(by)]
    PersonalDataRead {
        #[serde(flatten)]
        facts: ReadFacts,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<String>,
    },
    /// A user searched the audit trail. Digits that may be a phone number are masked in the words.
    #[serde(rename = "inquiry.searched")]
    #[open(by)]
    Searched {
        #[serde(flatten)]
        facts: SearchFacts,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<String>,
    },
    /// A caller compared chosen values with sealed values of customers. The event has none of the values.
    #[serde(rename = "inquiry.compared")]
    #[open(by)]
    Compared {
        #[serde(flatten)]
        facts: ComparisonFacts,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<String>,
    },
    /// The request was answered.
    #[serde(rename = "inquiry.answered")]
    #[open(rows, bytes, elapsed_ms)]
    Answered {
        rows: u64,
        bytes: u64,
        elapsed_ms: u64,
        truncated: bool,
    },
    /// The request failed or was not answered completely.
    #[serde(rename = "inquiry.refused")]
    #[open(code, detail)]
    Refused { code: String, detail: String },
}

/// The scope of an export.
#[derive(
    Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, schemars::JsonSchema, derive::EventMembers,
)]
#[open(what, format, columns)]
pub struct ExportFacts {
    /// `calls`, `events`, `metrics` …; or `proof`, `backup` or `copy` for events in stored form.
    pub what: String,
    /// `csv`, `xlsx`, `parquet`, `jsonl`; or `bundle`, `backup`, `log` for events in stored form.
    pub format: String,
    /// The exported columns. Empty for events in stored form, which have no columns.
    pub columns: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub campaign: Option<CampaignId>,
    /// Start of the exported period.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Timestamp>,
    /// End of the exported period, exclusive.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// Only this customer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customer: Option<CustomerId>,
    /// Only this call and the events that caused it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call: Option<CallId>,
    /// Only this event and the events that caused it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<EventId>,
    /// Approval record of the export, if it requires a second person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub four_eyes: Option<Box<FourEyes>>,
}

/// The scope of a read of personal data: fields, subjects and route. It has only ids of this system.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema, derive::EventMembers)]
#[open(route, door, fields, reason)]
pub struct ReadFacts {
    /// The route, as the API description names it: `GET /api/v1/customers/{id}`.
    pub route: String,
    /// The credential of the reader: `token`; `directory` for a command on a data directory without a server;
    /// `keys` for a command that reads a folder with its keys; `loopback` in old events, when a loopback
    /// listener needed no token.
    pub door: String,
    /// The fields that were read: `name`, `phone`, `callee`, `timeline` …
    pub fields: Vec<String>,
    pub form: ReadForm,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customer: Option<CustomerId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<NumberId>,
    /// The calls that were read, at most `CALLS_NAMED_MAX`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub calls: Vec<CallId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub campaign: Option<CampaignId>,
    /// The reason, if the reader gave one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Approval record of the read, if it requires a second person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub four_eyes: Option<Box<FourEyes>>,
    /// The reads that one page of the console caused, each with its own form. `fields` then has the fields of
    /// all, and `form` the most open one. Empty for a single read.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<ReadPart>,
}

/// One read of a page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema, derive::EventMembers)]
#[open(route, fields)]
pub struct ReadPart {
    /// The route, as the API description names it.
    pub route: String,
    pub fields: Vec<String>,
    pub form: ReadForm,
}

/// A comparison of a caller's values with sealed values of customers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema, derive::EventMembers)]
#[open(route, door, values, found)]
pub struct ComparisonFacts {
    /// The route, as the API description names it.
    pub route: String,
    /// The credential of the caller, as in a read.
    pub door: String,
    pub what: ComparedValue,
    /// Number of compared values.
    pub values: u64,
    /// Number of values that belong to a customer. Rounded down to tens if the caller got only the rounded
    /// number.
    pub found: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub campaign: Option<CampaignId>,
}

/// The kind of the compared values.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema, derive::EventMembers,
)]
#[serde(rename_all = "snake_case")]
pub enum ComparedValue {
    /// Phone numbers.
    Number,
    /// The institution's own customer ids.
    CustomerId,
    /// Rows of a list: phone numbers and ids.
    List,
}

/// The conditions of an audit search; all of them must match. They are ids of this system and words.
#[derive(
    Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, schemars::JsonSchema, derive::EventMembers,
)]
#[open(acted_by, event_kind, words)]
pub struct SearchFacts {
    /// Name of the actor.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acted_by: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event_kind: Option<String>,
    /// Start of the searched period.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Timestamp>,
    /// End of the searched period, exclusive.
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
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema, derive::EventMembers,
)]
#[serde(rename_all = "snake_case")]
pub enum ReadForm {
    /// Decrypted, with most of each value covered: `138****8000`.
    Masked,
    /// In clear text.
    Clear,
    /// Not shown: there was nothing to show, or it was erased. Older events have the requested form instead.
    Nothing,
}
