//! Customers, whoever asks: what is ordered and shown of one: enrolments, numbers, and how far an erasure has
//! come.

use crate::as_of::Known;
use crate::masked::masked;
use domain::call_caps::CallCap;
use domain::callback::Callback;
use domain::calling_plan::Basis;
use domain::customer::event::CustomerEvent;
use domain::customer::{CustomerCommand, CustomerState, Erasure, KEY_BACKUP_DAYS_MAX, KnownNumber};
use domain::disposition::{Disposition, Outcome};
use domain::four_eyes::FourEyes;
use domain::ids::{ApprovalId, CallId, CampaignId, CustomerId, EventId, ListId, NumberId, UserId};
use domain::number_ids::NumberIds;
use domain::phone_number::mask_e164;
use domain::preferred_times::PreferredTime;
use domain::time::Timestamp;
use intake::members::{Members, Order};
use projections::views::customer_timeline::{CustomerCall, TimelineLine};
use projections::views::portrait::Portrait;
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeMap;

/// Longest reason or name kept: it is stored for ever and must hold nothing personal.
const TEXT_BYTES_MAX: usize = 256;

/// The person is to be erased.
#[derive(Clone, JsonSchema)]
pub struct ErasureOrder {
    #[schemars(length(min = 1, max = TEXT_BYTES_MAX))]
    reason: String,
    #[schemars(length(max = TEXT_BYTES_MAX))]
    requested_by: Option<String>,
    #[schemars(length(max = TEXT_BYTES_MAX))]
    approved_by: Option<String>,
    /// The approval by which it is done, where one is needed.
    approval: Option<ApprovalId>,
}

impl Order for ErasureOrder {
    fn read(body: &mut Members) -> Self {
        Self {
            reason: body.needed_short_text("reason", TEXT_BYTES_MAX),
            requested_by: body.short_text("requested_by", TEXT_BYTES_MAX),
            approved_by: body.short_text("approved_by", TEXT_BYTES_MAX),
            approval: body.parsed("approval"),
        }
    }
}

impl ErasureOrder {
    /// Why, and by which approval.
    pub fn asks(&self) -> (&str, Option<ApprovalId>) {
        (&self.reason, self.approval)
    }

    /// The command, with who stands behind it.
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

/// A legal hold.
#[derive(JsonSchema)]
pub struct HoldOrder {
    #[schemars(length(min = 1, max = TEXT_BYTES_MAX))]
    reason: String,
    #[schemars(length(max = TEXT_BYTES_MAX))]
    by: Option<String>,
}

impl Order for HoldOrder {
    fn read(body: &mut Members) -> Self {
        Self {
            reason: body.needed_short_text("reason", TEXT_BYTES_MAX),
            by: body.short_text("by", TEXT_BYTES_MAX),
        }
    }
}

impl From<HoldOrder> for CustomerCommand {
    fn from(HoldOrder { reason, by }: HoldOrder) -> Self {
        Self::Hold { reason, by }
    }
}

/// The end of a hold.
#[derive(Clone, JsonSchema)]
pub struct HoldRelease {
    #[schemars(length(max = TEXT_BYTES_MAX))]
    reason: Option<String>,
    #[schemars(length(max = TEXT_BYTES_MAX))]
    by: Option<String>,
    /// The approval by which it is done, where one is needed.
    approval: Option<ApprovalId>,
}

impl Order for HoldRelease {
    fn read(body: &mut Members) -> Self {
        Self {
            reason: body.short_text("reason", TEXT_BYTES_MAX),
            by: body.short_text("by", TEXT_BYTES_MAX),
            approval: body.parsed("approval"),
        }
    }
}

impl HoldRelease {
    /// Why, and by which approval.
    pub fn asks(&self) -> (&str, Option<ApprovalId>) {
        (self.reason.as_deref().unwrap_or_default(), self.approval)
    }

    /// The command, with who stands behind it.
    pub fn command(self, four_eyes: Option<Box<FourEyes>>) -> CustomerCommand {
        CustomerCommand::ReleaseHold {
            reason: self.reason,
            by: self.by,
            four_eyes,
        }
    }
}

/// Whether a person is held, and how far an erasure has come.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Standing {
    /// Why, where they are.
    #[schemars(example = &"a complaint is being looked into")]
    pub held: Option<String>,
    #[schemars(extend("enum" = ["none", "requested", "decided", "certified"]))]
    pub erasure: &'static str,
    /// The id of `customer.erased`.
    pub certificate: Option<EventId>,
    pub certificate_event: &'static str,
    pub key_backup_days_max: u32,
    /// What is not over yet: an erasure waits for these.
    pub open_calls: Vec<CallId>,
}

impl Standing {
    /// The certificate is the event of that kind in the customer's stream; its number is the id of
    /// `customer.erased`.
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

/// The same after an order.
#[derive(Debug, Serialize, JsonSchema)]
pub struct StandingChanged {
    #[serde(flatten)]
    pub standing: Standing,
    pub id: CustomerId,
    pub position: String,
}

/// One customer; what is personal is masked, and null where it is erased.
#[derive(Debug, Serialize, JsonSchema)]
pub struct CustomerShown {
    pub id: CustomerId,
    /// The institution's own, masked.
    #[schemars(example = &"**1")]
    pub customer_id: Option<String>,
    #[schemars(example = &"王*")]
    pub name: Option<String>,
    pub time_zone: Option<String>,
    /// In which times are said.
    #[schemars(example = &"Asia/Shanghai")]
    pub local_zone: &'static str,
    pub standing: Standing,
    pub numbers: Vec<NumberOf>,
    /// Of this person alone, over all campaigns.
    pub caps: Vec<CallCap>,
    /// In the person's own local time.
    pub preferred_times: Vec<PreferredTime>,
    /// The id by which the person is called instead, while this one is merged.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub merged_into: Option<CustomerId>,
    /// Ids of the same person that are called by this one.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub merged: Vec<CustomerId>,
    pub enrolments: Vec<EnrolmentShown>,
    pub calls: Vec<CallId>,
    /// Of the past: where the answer lies.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub known: Option<Known>,
}

/// A number of a person.
#[derive(Debug, Serialize, JsonSchema)]
pub struct NumberOf {
    id: NumberId,
    /// Masked.
    #[schemars(example = &"138****8000")]
    phone: Option<String>,
    invalid: bool,
}

impl NumberOf {
    /// A number of this customer, with its id in the form that the reader gets.
    pub fn of(known: &KnownNumber, customer: &CustomerId, ids: NumberIds) -> Self {
        Self {
            id: ids.of_customer(&known.number, customer),
            phone: masked(Some(&known.phone), mask_e164),
            invalid: known.invalid,
        }
    }
}

/// A person in a campaign.
#[derive(Debug, Serialize, JsonSchema)]
pub struct EnrolmentShown {
    /// Why it was not dialed when it was last asked for.
    pub not_called: Option<NotCalled>,
    pub campaign: CampaignId,
    pub list: ListId,
    pub basis: Basis,
    pub attempts: u32,
    pub calls_count: u32,
    pub due_at: Timestamp,
    /// When the person is to be called again, as they named it.
    pub callback: Option<CallbackShown>,
    pub open_call: Option<CallId>,
    pub settled: Option<Settled>,
}

/// A time that was named for being called again.
#[derive(Debug, Serialize, JsonSchema)]
pub struct CallbackShown {
    pub at: Timestamp,
    /// From then on it is missed.
    pub until: Timestamp,
    /// Who alone makes the call, until `any_from`.
    #[schemars(with = "Option<String>", example = &"wang")]
    pub agent: Option<UserId>,
    pub any_from: Option<Timestamp>,
}

impl CallbackShown {
    pub fn of(callback: &Callback) -> Self {
        Self {
            at: callback.at,
            until: callback.until,
            any_from: callback.agent.as_ref().map(|_| callback.any_from()),
            agent: callback.agent.clone(),
        }
    }
}

/// How an enrolment ended.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Settled {
    pub disposition: Disposition,
    pub outcome: Option<Outcome>,
}

/// Why somebody was not dialed, in codes and in words.
#[derive(Debug, Serialize, JsonSchema)]
pub struct NotCalled {
    pub rule: String,
    /// What the rule went by, in its own words.
    #[schemars(extend("examples" = [{ "hours": "09:00-20:00" }]))]
    pub facts: BTreeMap<String, String>,
    pub at: Timestamp,
    pub next_due_at: Option<Timestamp>,
    pub zh: String,
    pub en: String,
}

/// What happened to one customer, with the calls.
#[derive(Debug, Serialize, JsonSchema)]
pub struct TimelineShown {
    pub id: CustomerId,
    pub calls: Vec<CustomerCall>,
    pub timeline: Vec<TimelineLine>,
    /// Of the past: where the answer lies.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub known: Option<Known>,
}

/// What is known of one customer from their calls.
#[derive(Debug, Serialize, JsonSchema)]
pub struct PortraitShown {
    #[serde(flatten)]
    pub portrait: Portrait,
    /// Of the ids that were merged into this one, each by itself.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub merged: Vec<Portrait>,
    /// Of the past: where the answer lies.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub known: Option<Known>,
}
