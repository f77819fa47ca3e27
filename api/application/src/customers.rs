//! Customers in the API: the requests for erasure and legal hold, and the replies with enrolments, numbers
//! and the progress of an erasure.

use crate::as_of::PastMomentInfo;
use crate::value_masking::masked;
use domain::call_caps::CallCap;
use domain::callback::Callback;
use domain::calling_plan::Basis;
use domain::customer::event::CustomerEvent;
use domain::customer::{CustomerCommand, CustomerState, Erasure, KEY_BACKUP_DAYS_MAX, KnownNumber};
use domain::disposition::{Disposition, Outcome};
use domain::four_eyes::FourEyes;
use domain::ids::{ApprovalId, CallId, CampaignId, CustomerId, EventId, ListId, NumberId, UserId};
use domain::number_ids::NumberIdForm;
use domain::phone_number::mask_e164;
use domain::preferred_times::PreferredTime;
use domain::time::Timestamp;
use intake::members::ApiRequest;
use projections::views::customer_timeline::{CustomerCall, TimelineLine};
use projections::views::portrait::Portrait;
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeMap;

/// Longest reason or name, in bytes. It is stored permanently and must hold no personal data.
const TEXT_BYTES_MAX: usize = 256;

/// A request to erase a customer.
#[derive(Clone, ApiRequest, JsonSchema)]
pub struct ErasureRequest {
    #[schemars(length(min = 1, max = TEXT_BYTES_MAX))]
    reason: String,
    #[schemars(length(max = TEXT_BYTES_MAX))]
    requested_by: Option<String>,
    #[schemars(length(max = TEXT_BYTES_MAX))]
    approved_by: Option<String>,
    /// The approval for this act, if one is required.
    #[member(parse)]
    approval: Option<ApprovalId>,
}

impl ErasureRequest {
    /// Returns the reason and the approval of the request.
    pub fn asks(&self) -> (&str, Option<ApprovalId>) {
        (&self.reason, self.approval)
    }

    /// Returns the command to erase the customer, with who requested and approved it.
    pub fn command(self, four_eyes: Option<Box<FourEyes>>) -> CustomerCommand {
        let approved_by = four_eyes.as_ref().and_then(|eyes| eyes.approved_by());
        CustomerCommand::Erase {
            reason: self.reason,
            requested_by: self.requested_by,
            approved_by: approved_by.map(ToString::to_string).or(self.approved_by),
            four_eyes,
        }
    }
}

/// A request for a legal hold, which forbids erasure and dials.
#[derive(ApiRequest, JsonSchema)]
pub struct LegalHoldRequest {
    #[schemars(length(min = 1, max = TEXT_BYTES_MAX))]
    reason: String,
    #[schemars(length(max = TEXT_BYTES_MAX))]
    by: Option<String>,
}

impl From<LegalHoldRequest> for CustomerCommand {
    fn from(LegalHoldRequest { reason, by }: LegalHoldRequest) -> Self {
        Self::Hold { reason, by }
    }
}

/// A request to release a legal hold.
#[derive(Clone, ApiRequest, JsonSchema)]
pub struct HoldRelease {
    #[schemars(length(max = TEXT_BYTES_MAX))]
    reason: Option<String>,
    #[schemars(length(max = TEXT_BYTES_MAX))]
    by: Option<String>,
    /// The approval for this act, if one is required.
    #[member(parse)]
    approval: Option<ApprovalId>,
}

impl HoldRelease {
    /// Returns the reason and the approval of the request.
    pub fn asks(&self) -> (&str, Option<ApprovalId>) {
        (self.reason.as_deref().unwrap_or_default(), self.approval)
    }

    /// Returns the command to release the hold, with who requested and approved it.
    pub fn command(self, four_eyes: Option<Box<FourEyes>>) -> CustomerCommand {
        CustomerCommand::ReleaseHold {
            reason: self.reason,
            by: self.by,
            four_eyes,
        }
    }
}

/// Whether a customer is under a legal hold, and how far an erasure has come.
#[derive(Debug, Serialize, JsonSchema)]
pub struct HoldErasureStatus {
    /// Reason of the legal hold. Null if there is none.
    #[schemars(example = &"a complaint is being looked into")]
    pub held: Option<String>,
    #[schemars(extend("enum" = ["none", "requested", "decided", "certified"]))]
    pub erasure: &'static str,
    /// Id of the event `customer.erased`, once the erasure is certified.
    pub certificate: Option<EventId>,
    pub certificate_event: &'static str,
    pub key_backup_days_max: u32,
    /// Calls that are not over. An erasure waits for them.
    pub open_calls: Vec<CallId>,
}

impl HoldErasureStatus {
    /// Returns hold and erasure from a customer's state. `certificate_event` is the number of the event
    /// `customer.erased` in the customer's stream, from which the certificate's id follows.
    pub fn of(state: &CustomerState) -> Self {
        let (erasure, certificate) = match state.erasure() {
            Erasure::None => ("none", None),
            Erasure::Requested { .. } => ("requested", None),
            Erasure::Decided { .. } => ("decided", None),
            Erasure::Certified { certificate } => ("certified", Some(certificate)),
        };
        Self {
            held: state.held().map(str::to_owned),
            erasure,
            certificate,
            certificate_event: CustomerEvent::ERASURE_CERTIFIED,
            key_backup_days_max: KEY_BACKUP_DAYS_MAX,
            open_calls: state.open_calls(),
        }
    }
}

/// Hold and erasure of a customer after a change.
#[derive(Debug, Serialize, JsonSchema)]
pub struct HoldErasureResponse {
    #[serde(flatten)]
    pub standing: HoldErasureStatus,
    pub id: CustomerId,
    pub position: String,
}

/// One customer. Personal values are masked; erased ones are null.
#[derive(Debug, Serialize, JsonSchema)]
pub struct CustomerResponse {
    pub id: CustomerId,
    /// The institution's own customer id, masked.
    #[schemars(example = &"**1")]
    pub customer_id: Option<String>,
    #[schemars(example = &"王*")]
    pub name: Option<String>,
    pub time_zone: Option<String>,
    /// The time zone in which this page shows times.
    #[schemars(example = &"Asia/Shanghai")]
    pub local_zone: &'static str,
    pub standing: HoldErasureStatus,
    pub numbers: Vec<CustomerNumberResponse>,
    /// Frequency caps of this customer alone, over all campaigns.
    pub caps: Vec<CallCap>,
    /// Preferred times, in the customer's local time.
    pub preferred_times: Vec<PreferredTime>,
    /// The customer id that is dialed instead, while this one is merged into it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub merged_into: Option<CustomerId>,
    /// Ids of the same person that were merged into this one.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub merged: Vec<CustomerId>,
    pub enrolments: Vec<EnrolmentResponse>,
    pub calls: Vec<CallId>,
    /// For a question about the past: the log position and time up to which this reply was computed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub known: Option<PastMomentInfo>,
}

/// A phone number of a customer.
#[derive(Debug, Serialize, JsonSchema)]
pub struct CustomerNumberResponse {
    id: NumberId,
    /// The number, masked.
    #[schemars(example = &"138****8000")]
    phone: Option<String>,
    invalid: bool,
}

impl CustomerNumberResponse {
    /// Returns the API entry of a customer's number, masked, with the number's id in the form `ids` of this
    /// reader.
    pub fn of(known: &KnownNumber, customer: &CustomerId, ids: NumberIdForm) -> Self {
        Self {
            id: ids.of_customer(&known.number, customer),
            phone: masked(Some(&known.phone), mask_e164),
            invalid: known.invalid,
        }
    }
}

/// One customer's enrolment in a campaign.
#[derive(Debug, Serialize, JsonSchema)]
pub struct EnrolmentResponse {
    /// Why the last request to dial the customer was not granted.
    pub not_called: Option<NotCalledReason>,
    pub campaign: CampaignId,
    pub list: ListId,
    pub basis: Basis,
    pub attempts: u32,
    pub calls_count: u32,
    pub due_at: Timestamp,
    /// The callback that the customer asked for.
    pub callback: Option<CallbackResponse>,
    pub open_call: Option<CallId>,
    pub settled: Option<EnrolmentEnd>,
}

/// A callback: the time at which a customer asked to be called again.
#[derive(Debug, Serialize, JsonSchema)]
pub struct CallbackResponse {
    pub at: Timestamp,
    /// The callback counts as missed from this time on.
    pub until: Timestamp,
    /// The only agent who may make the call until `any_from`.
    #[schemars(with = "Option<String>", example = &"wang")]
    pub agent: Option<UserId>,
    pub any_from: Option<Timestamp>,
}

impl CallbackResponse {
    pub fn of(callback: &Callback) -> Self {
        Self {
            at: callback.at,
            until: callback.until,
            any_from: callback.agent.as_ref().map(|_| callback.any_from()),
            agent: callback.agent.clone(),
        }
    }
}

/// The final disposition and outcome of an enrolment.
#[derive(Debug, Serialize, JsonSchema)]
pub struct EnrolmentEnd {
    pub disposition: Disposition,
    pub outcome: Option<Outcome>,
}

/// Why a customer was not dialed: the rule, its facts, and a sentence in Chinese and English.
#[derive(Debug, Serialize, JsonSchema)]
pub struct NotCalledReason {
    pub rule: String,
    /// The facts on which the rule decided, by name.
    #[schemars(extend("examples" = [{ "hours": "09:00-20:00" }]))]
    pub facts: BTreeMap<String, String>,
    pub at: Timestamp,
    pub next_due_at: Option<Timestamp>,
    pub zh: String,
    pub en: String,
}

/// The history of one customer: calls and timeline.
#[derive(Debug, Serialize, JsonSchema)]
pub struct TimelineResponse {
    pub id: CustomerId,
    pub calls: Vec<CustomerCall>,
    pub timeline: Vec<TimelineLine>,
    /// For a question about the past: the log position and time up to which this reply was computed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub known: Option<PastMomentInfo>,
}

/// The customer profile: what the calls of one customer made known.
#[derive(Debug, Serialize, JsonSchema)]
pub struct PortraitResponse {
    #[serde(flatten)]
    pub portrait: Portrait,
    /// One profile for each id that was merged into this one.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub merged: Vec<Portrait>,
    /// For a question about the past: the log position and time up to which this reply was computed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub known: Option<PastMomentInfo>,
}
