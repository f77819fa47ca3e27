//! The reasons for which a command to a customer is refused. A rule's refusal of a dial is an event, not one
//! of these.

use crate::attribute::NameFault;
use crate::call_caps_checked::CapFault;
use crate::problem::Explained;
use crate::time::Timestamp;
use std::collections::BTreeMap;
use values::disposition::Disposition;
use values::ids::{CallId, CampaignId, CustomerId, ListId};

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CustomerRefusal {
    /// A duplicate; `list` enrolled the person. If it is the same list, the import is being resumed.
    #[error("already in campaign {campaign}, from list {list}")]
    AlreadyEnrolled { campaign: CampaignId, list: ListId },
    #[error("not in campaign {campaign}")]
    NotEnrolled { campaign: CampaignId },
    #[error("the enrolment in {campaign} is settled: {}", disposition.code())]
    Settled {
        campaign: CampaignId,
        disposition: Disposition,
    },
    /// The call was not requested, or another call of the enrolment is next.
    #[error("call {call} does not wait to be dialed")]
    NotAsked { call: CallId },
    /// The campaign calls only on request or by callback, not from its lists.
    #[error(
        "campaign {campaign} calls only on request or by callback, and no call to this person was requested"
    )]
    NotAskedFor { campaign: CampaignId },
    /// The campaign calls only customers that an agent accepted, and an acceptance is for one call.
    #[error("no free agent has accepted this call of campaign {campaign}")]
    NotAccepted { campaign: CampaignId },
    /// The grant or its call is still open: continue with it, or release it.
    #[error("call {call} was granted already")]
    AlreadyGranted { call: CallId },
    /// The enrolment is not due before this instant; nothing was written.
    #[error("not due before {due_at}")]
    NotDue { due_at: Timestamp },
    /// No grant of this person has this call.
    #[error("call {call} is not a call of this customer")]
    UnknownCall { call: CallId },
    /// The last call of the enrolment was not one that we cut off after an answer.
    #[error("the customer was not cut off in campaign {campaign}")]
    NotCutOff { campaign: CampaignId },
    /// The named time is past or too far ahead.
    #[error("a callback must be between now and {until}")]
    CallbackTime { until: Timestamp },
    /// The rules, or the campaign, do not allow a call at that time.
    #[error("no call at {at}: rule {rule}{}", allowed_from(*not_before))]
    CallbackNotAllowed {
        at: Timestamp,
        rule: String,
        facts: BTreeMap<String, String>,
        not_before: Option<Timestamp>,
    },
    /// A callback is waiting: the customer is called at its time, or after it is canceled.
    #[error(
        "a callback is waiting in campaign {campaign} at {at}: cancel it first, or wait until it is made"
    )]
    CallbackWaits { campaign: CampaignId, at: Timestamp },
    #[error("campaign {campaign} has no agents: its callbacks cannot name one")]
    NoAgents { campaign: CampaignId },
    /// The deadline of the requested call is past.
    #[error("the deadline {deadline} is past")]
    DeadlineOver { deadline: Timestamp },
    #[error("the customer is not registered")]
    NotRegistered,
    /// A consent given by hand that no rule would count. `lacks` is the word that the consent rule stores in
    /// its facts.
    #[error("this consent for {scope} would not count: {}", what_it_lacks(lacks))]
    ConsentNotCounted { scope: String, lacks: &'static str },
    /// A legal hold: nothing is erased until it is released.
    #[error("the customer is under a hold: {reason}")]
    UnderHold { reason: String },
    /// The person was erased or has requested erasure: no new data is stored.
    #[error("the customer was erased, or is being erased")]
    Erased,
    /// The key is missing. Storing data under another key would make the existing data unreadable
    /// permanently.
    #[error(
        "the key of this customer is missing: restore the keys of the log (ledgerline keys restore); no data is \
         stored under a new key"
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
    /// The written value may be personal: the text does not repeat it.
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
    #[error("a person has at most {times_max} preferred times")]
    TooManyTimes { times_max: usize },
    #[error("the deal names a call that this customer never had")]
    DealOfUnknownCall,
    #[error("the deal is dated before its call, which was dialed at {dialed_at}")]
    DealBeforeCall { dialed_at: Timestamp },
    #[error("the deal with this reference has another campaign, type or currency")]
    DealOfAnother,
    #[error("the customer does not have this number")]
    NotTheirNumber,
    #[error("a call of the history is dated in the future")]
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
    #[error("a dial needs the facts of {} merged ids of the person", customers.len())]
    JoinedNeeded { customers: Vec<CustomerId> },
    #[error("the deal is not accepted: {why}")]
    DealInvalid { why: &'static str },
    #[error("at most {count} {of} are allowed")]
    TooMany { count: usize, of: &'static str },
}

fn allowed_from(not_before: Option<Timestamp>) -> String {
    not_before.map_or_else(
        || ", and none later in this campaign".to_owned(),
        |at| format!(", the next allowed is {at}"),
    )
}

/// Returns the advice for a consent that does not count.
fn what_it_lacks(lacks: &str) -> &'static str {
    match lacks {
        "without_evidence" => "each preset that requires consent requires evidence; give evidence",
        "given_later" => "its time is in the future; give the time at which it was given",
        "expired" => "it has ended already; give a later end, or none",
        "withdrawn" => "it was given before the withdrawal; give the time of a new consent",
        _ => "it is not complete",
    }
}

impl Explained for CustomerRefusal {}
