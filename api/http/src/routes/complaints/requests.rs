//! The requests that open, assign and resolve a complaint: the bodies of the routes, with schema and checks.
//! The commands send the same types.

use domain::case::CASE_TEXT_BYTES_MAX;
use domain::complaint::{ComplaintOutcome, ComplaintSource};
use domain::ids::CallId;
use domain::time::Timestamp;
use intake::members::{ApiRequest, Members};
use schemars::JsonSchema;
use serde::Serialize;

/// The body that opens a complaint: its source, its subject and its text. At least one of `number`,
/// `customer` and `call` is given.
#[derive(Debug, Serialize, ApiRequest, JsonSchema)]
#[request(before = require_the_subject)]
#[schemars(extend("examples" = [{
    "source": "12378", "number": "13800138000", "at": "2026-11-20T10:00:00+08:00", "what": "called at night"
}]))]
pub struct ComplaintOpening {
    #[member(parse, or = ComplaintSource::Own)]
    pub source: ComplaintSource,
    /// The phone number in any common notation, or its internal id.
    pub number: Option<String>,
    /// The customer: external id or internal id.
    pub customer: Option<String>,
    #[member(parse)]
    pub call: Option<CallId>,
    /// The approximate time of the call. The complaint then names the call to this number that was nearest,
    /// within a day.
    #[member(parse)]
    pub at: Option<Timestamp>,
    /// The reference under which the source files the complaint.
    #[schemars(length(max = CASE_TEXT_BYTES_MAX))]
    pub reference: Option<String>,
    /// Stored permanently; must not name a person.
    #[schemars(length(min = 1, max = CASE_TEXT_BYTES_MAX))]
    pub what: String,
    /// When the complaint was received; default: now.
    #[member(parse)]
    pub received_at: Option<Timestamp>,
    /// The deadline that the source set; default: computed from the source.
    #[member(parse)]
    pub due_at: Option<Timestamp>,
    /// The user who handles the complaint.
    #[schemars(length(max = CASE_TEXT_BYTES_MAX))]
    pub owner: Option<String>,
    /// Also suppresses the number, permanently.
    pub suppress: Option<bool>,
}

fn require_the_subject(body: &mut Members) {
    if ["number", "customer", "call"]
        .iter()
        .all(|name| body.is_absent(name))
    {
        body.wrong(
            "number",
            "customer or call says what it is about: one of them at least",
        );
    }
    if !body.is_absent("at") && body.is_absent("number") {
        body.wrong("at", "is of a call to a number: number is missing");
    }
}

/// The body that assigns a complaint: the user who handles it.
#[derive(Debug, Serialize, ApiRequest, JsonSchema)]
#[schemars(extend("examples" = [{ "to": "wang" }]))]
pub struct ComplaintAssignment {
    #[schemars(length(min = 1, max = CASE_TEXT_BYTES_MAX))]
    pub to: String,
}

/// The body that resolves a complaint: its outcome and a note.
#[derive(Debug, Serialize, ApiRequest, JsonSchema)]
#[schemars(extend("examples" = [{ "outcome": "upheld", "note": "it was late; they are not called again" }]))]
pub struct ComplaintResolution {
    #[member(or = ComplaintOutcome::Upheld)]
    #[member(parse)]
    pub outcome: ComplaintOutcome,
    /// Stored permanently; must not name a person.
    #[schemars(length(min = 1, max = CASE_TEXT_BYTES_MAX))]
    pub note: String,
    /// Also suppresses the number, permanently.
    pub suppress: Option<bool>,
}
