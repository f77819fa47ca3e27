//! The reasons for which a command to a customer is refused. A rule's refusal of a dial is an event, not one
//! of these.

use crate::attribute::NameFault;
use crate::call_caps_check::CapFault;
use crate::problem::DomainRefusal;
use crate::time::Timestamp;
use std::collections::BTreeMap;
use values::disposition::Disposition;
use values::ids::{CallId, CampaignId, CustomerId, ListId};

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CustomerRefusal {
    /// A duplicate; `list` enrolled the person. If it is the same list, the import is being resumed.
    #[error("already in campaign {campaign}, imported with list {list}")]
    AlreadyEnrolled { campaign: CampaignId, list: ListId },
    #[error("not in campaign {campaign}")]
    NotEnrolled { campaign: CampaignId },
    #[error("the enrolment in {campaign} is completed: {}", disposition.code())]
    Settled {
        campaign: CampaignId,
        disposition: Disposition,
    },
    /// The call was not requested, or another call of the enrolment is next.
    #[error("call {call} is not waiting to be dialed")]
    NotAsked { call: CallId },
    /// The campaign calls only on request or by callback, not from its lists.
    #[error(
        "campaign {campaign} calls only customers with a callback or a requested call: this customer has \
         neither"
    )]
    NotAskedFor { campaign: CampaignId },
    /// The campaign calls only customers that an agent accepted, and an acceptance is for one call.
    #[error("no free agent accepted this call of campaign {campaign}")]
    NotAccepted { campaign: CampaignId },
    /// The grant or its call is still open: continue with it, or release it.
    #[error("call {call} already has a grant")]
    AlreadyGranted { call: CallId },
    /// The enrolment is not due before this instant; nothing was written.
    #[error("not due before {due_at}")]
    NotDue { due_at: Timestamp },
    /// No grant of this person has this call.
    #[error("call {call} is not a call of this customer")]
    UnknownCall { call: CallId },
    /// The last call of the enrolment was not one that we cut off after an answer.
    #[error("campaign {campaign} has no interrupted call with this customer")]
    NotCutOff { campaign: CampaignId },
    /// The named time is past or too far ahead.
    #[error("a callback must be between now and {until}")]
    CallbackTime { until: Timestamp },
    /// The rules, or the campaign, do not allow a call at that time.
    #[error("no call allowed at {at}: rule {rule}{}", allowed_from(*not_before))]
    CallbackNotAllowed {
        at: Timestamp,
        rule: String,
        facts: BTreeMap<String, String>,
        not_before: Option<Timestamp>,
    },
    /// A callback is waiting: the customer is called at its time, or after it is canceled.
    #[error(
        "campaign {campaign} has a callback scheduled for {at}: cancel it first or wait until it is done"
    )]
    CallbackWaits { campaign: CampaignId, at: Timestamp },
    #[error("campaign {campaign} has no agents: its callbacks cannot be bound to an agent")]
    NoAgents { campaign: CampaignId },
    /// The deadline of the requested call is past.
    #[error("the deadline {deadline} has passed")]
    DeadlineOver { deadline: Timestamp },
    #[error("the customer is not registered")]
    NotRegistered,
    /// A consent given by hand that no rule would count. `lacks` is the word that the consent rule stores in
    /// its facts.
    #[error("this consent for {scope} is not valid: {}", what_it_lacks(lacks))]
    ConsentNotCounted { scope: String, lacks: &'static str },
    /// A legal hold: nothing is erased until it is released.
    #[error("the customer is under legal hold: {reason}")]
    UnderHold { reason: String },
    /// The person was erased or has requested erasure: no new data is stored.
    #[error("the customer was erased, or is being erased")]
    Erased,
    /// The key is missing. Storing data under another key would make the existing data unreadable
    /// permanently.
    #[error(
        "the key of this customer is missing: restore the keys of the log (ledgerline keys restore); data \
         is not stored under another key"
    )]
    KeyMissing,
    /// There is no erasure to certify.
    #[error("the customer was not erased")]
    NotErased,
    #[error("a reason of 1 to {bytes_max} bytes is required")]
    ReasonNeeded { bytes_max: usize },
    #[error("a corrected value must have 1 to {bytes_max} bytes")]
    CorrectedValue { bytes_max: usize },
    #[error("no campaign of the customer has a variable {variable}")]
    UnknownVariable { variable: String },
    #[error(
        "{count} values would change, more than the limit of {count_max} per correction: correct fewer at \
         once"
    )]
    TooManyCorrected { count: usize, count_max: usize },
    #[error("{why}")]
    AttributeName { why: NameFault },
    /// The written value may be personal: the text does not repeat it.
    #[error("{attribute} must be {wanted}")]
    AttributeValue { attribute: String, wanted: &'static str },
    #[error("{attribute} is both set and cleared")]
    SetAndCleared { attribute: String },
    #[error("a tag must have 1 to {bytes_max} bytes and no control characters")]
    TagShape { bytes_max: usize },
    #[error("a tag of {bytes} bytes is both added and removed")]
    TagBoth { bytes: usize },
    #[error("more than {bytes_max} bytes in one request: set fewer attributes at once")]
    TooManyAtOnce { bytes_max: usize },
    #[error("{0}")]
    Caps(CapFault),
    #[error("a customer can have at most {times_max} preferred times")]
    TooManyTimes { times_max: usize },
    #[error("the deal names a call that is not this customer's")]
    DealOfUnknownCall,
    #[error("the deal is earlier than its call, dialed at {dialed_at}")]
    DealBeforeCall { dialed_at: Timestamp },
    #[error("a deal with this reference has another campaign, type or currency")]
    DealOfAnother,
    #[error("the customer does not have this number")]
    NotTheirNumber,
    #[error("a call of the history is in the future")]
    PastCallInFuture,
    #[error("a customer cannot be merged with itself")]
    MergedWithItself,
    /// The person is called only by the other id; send the command to that one.
    #[error("the customer was merged into {customer}")]
    MergedInto { customer: CustomerId },
    #[error("{count} other ids were merged into this customer: unmerge them first, or merge into this one")]
    HasMerged { count: usize },
    #[error("the customer is being called (call {call}): merge when the call is over")]
    MergeInCall { call: CallId },
    /// The dial was requested without the restrictions of these ids: read them and request it again.
    #[error("before dialing, the data of {} other ids of this customer must be known", customers.len())]
    JoinedNeeded { customers: Vec<CustomerId> },
    #[error("the deal cannot be accepted: {why}")]
    DealInvalid { why: &'static str },
    #[error("the customer already has {count} {of}")]
    TooMany { count: usize, of: &'static str },
}

fn allowed_from(not_before: Option<Timestamp>) -> String {
    not_before.map_or_else(
        || ", and no later time in this campaign".to_owned(),
        |at| format!(", next allowed time {at}"),
    )
}

/// Returns what to do about a consent that does not count.
fn what_it_lacks(lacks: &str) -> &'static str {
    match lacks {
        "without_evidence" => "every preset that requires consent also requires evidence: give evidence",
        "given_later" => "the time is in the future; give the time at which the consent was given",
        "expired" => "it has already ended; give a later end or none",
        "withdrawn" => "it is older than the withdrawal; give the time of a new consent",
        _ => "it is not complete",
    }
}

impl DomainRefusal for CustomerRefusal {}
