//! Consents, whoever asks: what is ordered and shown of one, and how an order becomes a command.

use crate::countries::NumberInCountry;
use crate::kept_words::masked_reason;
use domain::customer::CustomerCommand;
use domain::ids::{CallId, CustomerId};
use domain::time::Timestamp;
use intake::members::{Members, Order};
use schemars::JsonSchema;
use serde::Serialize;

/// Longest scope and source: names, stored for ever, that must hold nothing personal.
const NAME_BYTES_MAX: usize = 128;
/// Longest evidence, as a cell of an import: it is kept sealed.
const EVIDENCE_BYTES_MAX: usize = 4_096;

/// A consent as it is recorded.
#[derive(JsonSchema)]
pub struct Consent {
    /// The purpose: the campaign's own.
    #[schemars(length(min = 1, max = NAME_BYTES_MAX))]
    pub scope: String,
    /// Where it came from; name no person.
    #[schemars(length(min = 1, max = NAME_BYTES_MAX), example = &"hotline")]
    pub source: String,
    /// Default: now.
    pub given_at: Option<Timestamp>,
    /// Default: without an end.
    pub until: Option<Timestamp>,
    /// Kept sealed; without it a consent does not count.
    #[schemars(length(max = EVIDENCE_BYTES_MAX), example = &"recording 17")]
    pub evidence: Option<String>,
}

/// A consent that is withdrawn.
#[derive(JsonSchema)]
pub struct ConsentWithdrawal {
    #[schemars(length(min = 1, max = NAME_BYTES_MAX))]
    pub scope: String,
    #[schemars(length(min = 1, max = NAME_BYTES_MAX), example = &"hotline")]
    pub source: String,
}

/// An order for whoever has this number, which stands in no address.
#[derive(JsonSchema)]
#[schemars(rename = "{T}ByNumber")]
pub struct ByNumber<T> {
    /// In any usual form.
    #[schemars(example = &"13800138000")]
    pub number: String,
    #[serde(flatten)]
    pub order: T,
}

impl<T: Order> Order for ByNumber<T> {
    fn read(body: &mut Members) -> Self {
        Self {
            number: body.needed_text("number").unwrap_or_default(),
            order: T::read(body),
        }
    }
}

impl Order for Consent {
    fn read(body: &mut Members) -> Self {
        Self {
            scope: body.needed_short_text("scope", NAME_BYTES_MAX),
            source: masked_reason(&body.needed_short_text("source", NAME_BYTES_MAX)),
            given_at: body.parsed("given_at"),
            until: body.parsed("until"),
            evidence: body.short_text("evidence", EVIDENCE_BYTES_MAX),
        }
    }
}

impl Order for ConsentWithdrawal {
    fn read(body: &mut Members) -> Self {
        Self {
            scope: body.needed_short_text("scope", NAME_BYTES_MAX),
            source: masked_reason(&body.needed_short_text("source", NAME_BYTES_MAX)),
        }
    }
}

/// What is asked of each customer, and for which scope.
pub struct Wanted {
    pub scope: String,
    pub command: CustomerCommand,
}

/// An order about a consent.
pub trait OfConsent: Order + Send {
    /// A consent is one person's own; a withdrawal is taken of all who have the number.
    const IS_OF_ONE: bool;
    fn wanted(self, now: Timestamp) -> Wanted;
}

impl OfConsent for Consent {
    const IS_OF_ONE: bool = true;
    fn wanted(self, now: Timestamp) -> Wanted {
        Wanted {
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

impl OfConsent for ConsentWithdrawal {
    const IS_OF_ONE: bool = false;
    fn wanted(self, _: Timestamp) -> Wanted {
        Wanted {
            scope: self.scope.clone(),
            command: CustomerCommand::WithdrawConsent {
                scope: self.scope,
                source: self.source,
            },
        }
    }
}

/// One consent of a person; instants are null where there is none.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ConsentShown {
    pub scope: String,
    /// The word of the consent rule.
    #[schemars(extend("enum" = ["given", "withdrawn", "expired", "without_evidence", "given_later", "absent"]))]
    pub consent: &'static str,
    pub given_at: Option<Timestamp>,
    pub until: Option<Timestamp>,
    pub has_evidence: bool,
    pub withdrawn_at: Option<Timestamp>,
}

/// The consents of one person.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ConsentsShown {
    pub id: CustomerId,
    pub consents: Vec<ConsentShown>,
}

/// The consents of whoever has a number.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ConsentsByNumber {
    /// Masked.
    #[schemars(example = &"138****8000")]
    pub number: String,
    pub customers: Vec<ConsentsShown>,
    /// False while there may be more.
    pub complete: bool,
}

/// A consent after an order.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ConsentAfter {
    pub id: CustomerId,
    pub consent: ConsentShown,
    /// Of a withdrawal: granted before, and withdrawn, or cancelled if not yet answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub open_calls: Option<Vec<CallId>>,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct ConsentChanged {
    #[serde(flatten)]
    pub after: ConsentAfter,
    pub position: String,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct ConsentsChanged {
    /// Masked.
    #[schemars(example = &"138****8000")]
    pub number: String,
    /// The country of the number is not known: it holds for the number in each of these.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub countries: Vec<NumberInCountry>,
    pub customers: Vec<ConsentAfter>,
    /// False while there may be more.
    pub complete: bool,
    /// Not told to whoever may not look everybody up: it would say whether somebody has the number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub position: Option<String>,
}
