//! Why a command to a customer is turned down. A rule's no to a dial is an event, not one of these.

use crate::attribute::NameFault;
use crate::call_caps_checked::CapFault;
use crate::problem::Explained;
use crate::time::Timestamp;
use std::collections::BTreeMap;
use values::disposition::Disposition;
use values::ids::{CallId, CampaignId, CustomerId, ListId};

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CustomerRefusal {
    /// A duplicate; `list` brought the person in. The same list again means that it is being resumed.
    #[error("already in campaign {campaign}, from list {list}")]
    AlreadyEnrolled { campaign: CampaignId, list: ListId },
    #[error("not in campaign {campaign}")]
    NotEnrolled { campaign: CampaignId },
    #[error("the enrolment in {campaign} is settled: {}", disposition.code())]
    Settled {
        campaign: CampaignId,
        disposition: Disposition,
    },
    /// Nobody asked for this call, or another one of the enrolment is next.
    #[error("call {call} does not wait to be dialed")]
    NotAsked { call: CallId },
    /// The campaign calls nobody for standing in a list.
    #[error(
        "campaign {campaign} calls only whom a call was asked for, or who named a time: nobody asked for this \
         person"
    )]
    NotAskedFor { campaign: CampaignId },
    /// The campaign calls nobody whom no agent accepted, and an acceptance is of one call.
    #[error("no agent who is free accepted this call of campaign {campaign}")]
    NotAccepted { campaign: CampaignId },
    /// Asked again while the grant or its call is open: go on with it, or release it.
    #[error("call {call} was granted already")]
    AlreadyGranted { call: CallId },
    /// Not before this instant; nothing was written.
    #[error("not due before {due_at}")]
    NotDue { due_at: Timestamp },
    /// No grant of this person has this call.
    #[error("call {call} is not a call of this customer")]
    UnknownCall { call: CallId },
    /// The last call of the enrolment was not one that we cut off after an answer.
    #[error("the customer was not cut off in campaign {campaign}")]
    NotCutOff { campaign: CampaignId },
    /// A time was named that lies behind, or too far ahead.
    #[error("a callback is between now and {until}")]
    CallbackTime { until: Timestamp },
    /// The rules, or the campaign, do not allow a call then.
    #[error("no call at {at}: rule {rule}{}", allowed_from(*not_before))]
    CallbackNotAllowed {
        at: Timestamp,
        rule: String,
        facts: BTreeMap<String, String>,
        not_before: Option<Timestamp>,
    },
    /// Called at the time that was named, or when that callback is canceled.
    #[error("a callback waits in campaign {campaign} for {at}: cancel it first, or let it be made")]
    CallbackWaits { campaign: CampaignId, at: Timestamp },
    #[error("no agents take the calls of campaign {campaign}: a callback of it is bound to none")]
    NoAgents { campaign: CampaignId },
    /// Asked to be called until a time that is over.
    #[error("the deadline {deadline} is over")]
    DeadlineOver { deadline: Timestamp },
    #[error("the customer is not registered")]
    NotRegistered,
    /// Given by hand, and no rule would count it. `lacks` is the word of the consent rule's facts.
    #[error(
        "a consent for {scope} like this counts for nothing: {}",
        what_it_lacks(lacks)
    )]
    ConsentNotCounted { scope: String, lacks: &'static str },
    /// A legal hold: nothing is erased until it is released.
    #[error("the customer is under a hold: {reason}")]
    UnderHold { reason: String },
    /// The person was erased, or has asked to be: nothing new is kept of them.
    #[error("the customer was erased, or is being erased")]
    Erased,
    /// Nothing is kept of them under another key: what is there already would open no more.
    #[error(
        "the key of this customer is missing: bring the keys of the log back (ledgerline keys restore); nothing \
         is kept under another key"
    )]
    KeyMissing,
    /// There is no erasure to certify.
    #[error("the customer was not erased")]
    NotErased,
    #[error("a reason of 1 to {bytes_max} bytes is needed")]
    ReasonNeeded { bytes_max: usize },
    #[error("a corrected value has 1 to {bytes_max} bytes")]
    CorrectedValue { bytes_max: usize },
    #[error("no campaign of the customer has a variable {variable}")]
    UnknownVariable { variable: String },
    #[error(
        "{count} values would change, more than the {count_max} of one correction: correct fewer at once"
    )]
    TooManyCorrected { count: usize, count_max: usize },
    #[error("{why}")]
    AttributeName { why: NameFault },
    /// What was written may be personal: it is not repeated.
    #[error("{attribute} must be {wanted}")]
    AttributeValue { attribute: String, wanted: &'static str },
    #[error("{attribute} is set and cleared at once")]
    SetAndCleared { attribute: String },
    #[error("a tag has 1 to {bytes_max} bytes, none of them a control character")]
    TagShape { bytes_max: usize },
    #[error("a tag of {bytes} bytes is added and removed at once")]
    TagBoth { bytes: usize },
    #[error("more than the {bytes_max} bytes of one request: set fewer at once")]
    TooManyAtOnce { bytes_max: usize },
    #[error("{0}")]
    Caps(CapFault),
    #[error("a person prefers at most {times_max} times")]
    TooManyTimes { times_max: usize },
    #[error("the deal is of a call that this customer never had")]
    DealOfUnknownCall,
    #[error("the deal lies before the call that it is put down to, dialed at {dialed_at}")]
    DealBeforeCall { dialed_at: Timestamp },
    #[error("a deal of this reference is of another campaign, type or currency")]
    DealOfAnother,
    #[error("the customer does not have this number")]
    NotTheirNumber,
    #[error("a call of the history lies in the future")]
    PastCallInFuture,
    #[error("a customer is not merged with itself")]
    MergedWithItself,
    /// Called by the other id alone: what is to be done is done there.
    #[error("the customer was merged into {customer}")]
    MergedInto { customer: CustomerId },
    #[error("{count} other ids were merged into this customer: unmerge them first, or merge into this one")]
    HasMerged { count: usize },
    #[error("the customer is being called (call {call}): merge when the call is over")]
    MergeInCall { call: CallId },
    /// A dial is asked for without what binds of these: read it, and ask again.
    #[error("a dial needs to know what {} other ids of the person say", customers.len())]
    JoinedNeeded { customers: Vec<CustomerId> },
    #[error("the deal cannot be taken: {why}")]
    DealInvalid { why: &'static str },
    #[error("the customer has {count} {of} already")]
    TooMany { count: usize, of: &'static str },
}

fn allowed_from(not_before: Option<Timestamp>) -> String {
    not_before.map_or_else(
        || ", and none later in this campaign".to_owned(),
        |at| format!(", the next allowed is {at}"),
    )
}

/// What to do about a consent that does not count.
fn what_it_lacks(lacks: &str) -> &'static str {
    match lacks {
        "without_evidence" => "every preset that asks for consent asks for kept evidence; give evidence",
        "given_later" => "it is given at a time that has not come; give the time at which it was given",
        "expired" => "it has ended already; give a later end, or none",
        "withdrawn" => "it was given before the withdrawal; give the time of a new consent",
        _ => "it is not complete",
    }
}

impl Explained for CustomerRefusal {}
