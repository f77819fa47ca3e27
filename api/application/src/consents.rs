//! Consents in the API: the requests that record or withdraw one, the replies, and the conversion of a
//! request into a customer command.

use crate::countries::NumberInCountry;
use crate::stored_text_masking::masked_reason;
use domain::customer::CustomerCommand;
use domain::ids::{CallId, CustomerId};
use domain::time::Timestamp;
use intake::members::{ApiRequest, Members};
use schemars::JsonSchema;
use serde::Serialize;

/// Longest scope and source, in bytes. Both are names that are stored permanently and must hold no personal
/// data.
const NAME_BYTES_MAX: usize = 128;
/// Longest evidence, in bytes, as for a cell of an import. It is stored sealed.
const EVIDENCE_BYTES_MAX: usize = 4_096;

/// A request to record a consent.
#[derive(ApiRequest, JsonSchema)]
pub struct Consent {
    /// The purpose of the consent: the one that the campaign names.
    #[schemars(length(min = 1, max = NAME_BYTES_MAX))]
    pub scope: String,
    /// Where the consent came from. It must not name a person.
    #[schemars(length(min = 1, max = NAME_BYTES_MAX), example = &"hotline")]
    #[member(read = masked_source)]
    pub source: String,
    /// When the consent was given. Default: now.
    #[member(parse)]
    pub given_at: Option<Timestamp>,
    /// When the consent ends. Default: it does not end.
    #[member(parse)]
    pub until: Option<Timestamp>,
    /// Evidence of the consent, stored sealed. A consent without evidence does not count.
    #[schemars(length(max = EVIDENCE_BYTES_MAX), example = &"recording 17")]
    pub evidence: Option<String>,
}

/// A request to withdraw a consent.
#[derive(ApiRequest, JsonSchema)]
pub struct ConsentWithdrawal {
    #[schemars(length(min = 1, max = NAME_BYTES_MAX))]
    pub scope: String,
    #[schemars(length(min = 1, max = NAME_BYTES_MAX), example = &"hotline")]
    #[member(read = masked_source)]
    pub source: String,
}

/// A request about all customers who have this number. The number is sent in the body because it must not
/// appear in a URL.
#[derive(JsonSchema)]
#[schemars(rename = "{T}ByNumber")]
pub struct ByNumberRequest<T> {
    /// The phone number, in any usual form.
    #[schemars(example = &"13800138000")]
    pub number: String,
    #[serde(flatten)]
    pub order: T,
}

impl<T: ApiRequest> ApiRequest for ByNumberRequest<T> {
    fn read(body: &mut Members) -> Self {
        Self {
            number: body.needed_text("number").unwrap_or_default(),
            order: T::read(body),
        }
    }
}

fn masked_source(body: &mut Members, name: &str) -> String {
    masked_reason(&body.needed_short_text(name, NAME_BYTES_MAX))
}

/// The customer command that a consent request leads to, and the scope (purpose) that it concerns.
pub struct ConsentAction {
    pub scope: String,
    pub command: CustomerCommand,
}

/// A request about a consent, which can become a customer command.
pub trait ConsentRequest: ApiRequest + Send {
    /// True if the request concerns one customer only (recording a consent). A withdrawal by number applies
    /// to all customers who have the number.
    const IS_OF_ONE: bool;
    fn wanted(self, now: Timestamp) -> ConsentAction;
}

impl ConsentRequest for Consent {
    const IS_OF_ONE: bool = true;
    fn wanted(self, now: Timestamp) -> ConsentAction {
        ConsentAction {
            scope: self.scope.clone(),
            command: CustomerCommand::RecordConsent {
                scope: self.scope,
                source: self.source,
                given_at: self.given_at.unwrap_or(now),
                until: self.until,
                evidence: self.evidence,
            },
        }
    }
}

impl ConsentRequest for ConsentWithdrawal {
    const IS_OF_ONE: bool = false;
    fn wanted(self, _: Timestamp) -> ConsentAction {
        ConsentAction {
            scope: self.scope.clone(),
            command: CustomerCommand::WithdrawConsent {
                scope: self.scope,
                source: self.source,
            },
        }
    }
}

/// One consent of a customer. Instants are null where there is none.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ConsentResponse {
    pub scope: String,
    /// State of the consent, in the words of the compliance rule for consent.
    #[schemars(extend("enum" = ["given", "withdrawn", "expired", "without_evidence", "given_later", "absent"]))]
    pub consent: &'static str,
    pub given_at: Option<Timestamp>,
    pub until: Option<Timestamp>,
    pub has_evidence: bool,
    pub withdrawn_at: Option<Timestamp>,
}

/// The consents of one customer.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ConsentsResponse {
    pub id: CustomerId,
    pub consents: Vec<ConsentResponse>,
}

/// The consents of all customers who have a number.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ConsentsByNumber {
    /// The number, masked.
    #[schemars(example = &"138****8000")]
    pub number: String,
    pub customers: Vec<ConsentsResponse>,
    /// False if there may be more customers with this number.
    pub complete: bool,
}

/// One customer's consent after a change.
#[derive(Debug, Serialize, JsonSchema)]
pub struct UpdatedConsent {
    pub id: CustomerId,
    pub consent: ConsentResponse,
    /// After a withdrawal: calls that had been granted. Each is withdrawn, or canceled if it is not
    /// answered yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub open_calls: Option<Vec<CallId>>,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct ConsentChanged {
    #[serde(flatten)]
    pub after: UpdatedConsent,
    pub position: String,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct ConsentsChanged {
    /// The number, masked.
    #[schemars(example = &"138****8000")]
    pub number: String,
    /// The possible numbers if the country of the number is not known. The withdrawal applies to each of
    /// them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub countries: Vec<NumberInCountry>,
    pub customers: Vec<UpdatedConsent>,
    /// False if there may be more customers with this number.
    pub complete: bool,
    /// Log position of the change. Absent for users who may not see every customer: it would reveal that
    /// the number is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub position: Option<String>,
}
