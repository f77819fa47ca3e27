//! Requests to one customer: a row of a list, a dial, its end, consent given and withdrawn.

use super::assignee::Assignee;
use super::deals::DealReport;
use super::erasure::DeletedRecording;
use super::history_import::PastCallImport;
use super::known_number::CountrySource;
use super::merge_side::MergeSide;
use super::profile_origin::ProfileOrigin;
use crate::attribute::TagLevel;
use crate::best_times::BestTimesPlan;
use crate::calling_plan::{Basis, CampaignFacts, DeduplicationScope, Preset};
use crate::compliance::{JoinedFacts, Verdict};
use crate::four_eyes::FourEyes;
use crate::preferred_times::PreferredTime;
use crate::ranking::PriorityPlan;
use crate::time::Timestamp;
use std::collections::BTreeMap;
use std::sync::Arc;
use values::call_caps::CallCap;
use values::disposition::{Disposition, Outcome};
use values::ids::{CallId, CampaignId, CustomerId, EventId, ListId, NumberId, PersonRequestId, UserId};

#[derive(Debug, Clone, PartialEq, Eq, derive::CommandName)]
#[command(aggregate = "customer")]
pub enum CustomerCommand {
    /// Enrols one row of a list: registers the person and the number if new, records a consent if given. A
    /// person who is already in this campaign is refused as `AlreadyEnrolled` (a duplicate).
    Enrol(Box<Enrolment>),
    /// Withdraws the person from this campaign; an open call may end. `list`, if given, must be the list of
    /// the enrolment. No event if it is settled, withdrawn already, or came by another list.
    WithdrawEnrolment {
        campaign: CampaignId,
        list: Option<ListId>,
        reason: String,
        by: Option<String>,
    },
    /// Requests the customer's side of a permit. Makes `customer.dial_granted`, or `customer.dial_refused`,
    /// which `customer.enrolment_settled` follows if a rule forbids permanently. `customer` is the entity's
    /// own id, which its state does not know. `joined`: the restrictions of the ids that were merged into it.
    GrantDial {
        customer: CustomerId,
        facts: Box<CampaignFacts>,
        joined: Vec<JoinedFacts>,
    },
    /// Judges the person as for a grant, before an agent sees them. Stores a verdict that forbids or defers a
    /// dial; makes no event if the person may be called. `of_number` is the verdict of the number's own facts
    /// against a dial.
    JudgePreview {
        customer: CustomerId,
        facts: Box<CampaignFacts>,
        joined: Vec<JoinedFacts>,
        of_number: Option<Box<Verdict>>,
    },
    /// Records that an agent skipped the person in preview dialing: not due again for `wait_ms`.
    SkipPreview {
        campaign: CampaignId,
        agent: UserId,
        reason: String,
        wait_ms: u64,
    },
    /// Releases a grant that was not dialed. With `forbidden_by` (a final refusal of the number) it also
    /// settles. If `facts` are given, a callback that ends before `not_before` is missed.
    ReleaseDial {
        call: CallId,
        reason: String,
        not_before: Option<Timestamp>,
        forbidden_by: Option<ForbiddingRule>,
        facts: Option<Box<CampaignFacts>>,
    },
    /// Closes a call that ended: sets the next due time or settles. `facts` holds the campaign's plan.
    CloseCall {
        closing: Box<CallClosing>,
        facts: Box<CampaignFacts>,
    },
    /// Records that the callee answered after the call was given up or interrupted; the leg got ACK and BYE.
    /// Moves the due time to the callee's next local day. No event if stored already, settled, or a callback
    /// waits.
    NoteLateAnswer {
        call: CallId,
        answered_at: Timestamp,
        facts: Box<CampaignFacts>,
    },
    /// Makes a customer that we cut off in this campaign due at once, on a user's order. The dial still
    /// checks rules and caps. No event if due already.
    CallBack {
        campaign: CampaignId,
        by: Option<String>,
    },
    /// Orders a call now, before customers who are only in a list. The dial still checks every rule and cap.
    /// From `deadline` on the order is void.
    CallNow {
        campaign: CampaignId,
        deadline: Option<Timestamp>,
    },
    /// Requests a callback at a time that the customer named: not called before it, and then before ordinary
    /// work. A time that the rules do not allow is refused, with the next allowed one.
    RequestCallback(Box<CallbackOrder>),
    /// Cancels the callback. No event if there is none.
    CancelCallback {
        facts: Box<CampaignFacts>,
        reason: String,
        by: Option<String>,
    },
    /// Cancels a requested call before it is dialed and settles the enrolment. The call's id is derived from
    /// `customer`, the entity's own id.
    CancelAsked {
        customer: CustomerId,
        campaign: CampaignId,
        call: CallId,
        reason: String,
        by: Option<String>,
    },
    /// Settles, on a user's order, the enrolment of a customer that we cut off: no further call in this
    /// campaign.
    SettleCutOff {
        campaign: CampaignId,
        reason: String,
        by: Option<String>,
    },
    RecordConsent {
        scope: String,
        source: String,
        given_at: Timestamp,
        until: Option<Timestamp>,
        evidence: Option<String>,
    },
    WithdrawConsent {
        scope: String,
        source: String,
    },
    /// Places a legal hold: refuses erasure until it is released. No event if one exists.
    Hold {
        reason: String,
        by: Option<String>,
    },
    /// Releases a hold. An erasure that was requested before is carried out now.
    ReleaseHold {
        reason: Option<String>,
        by: Option<String>,
        four_eyes: Option<Box<FourEyes>>,
    },
    /// Erases the person: at once, or when the last open call ends. No event if erased already.
    Erase {
        reason: String,
        requested_by: Option<String>,
        approved_by: Option<String>,
        four_eyes: Option<Box<FourEyes>>,
    },
    /// Assigns the person to a user or team. No event if assigned so already.
    Assign {
        to: Assignee,
        reason: String,
    },
    /// Removes the assignment. No event if there is none.
    Unassign {
        reason: String,
    },
    /// Replaces wrong values of the person by right ones. No event if they are so already.
    Correct(Box<ValueCorrection>),
    /// Sets and clears values of attributes.
    SetAttributes(Box<AttributesChange>),
    /// Adds and removes tags.
    Tag(Box<TagChange>),
    /// Sets caps for calls to the person, never looser than the presets of the person's campaigns. No event
    /// if unchanged.
    SetCaps {
        caps: Vec<CallCap>,
        presets: Vec<Preset>,
        reason: String,
        by: Option<String>,
    },
    /// Sets when the person prefers to be called. No event if unchanged.
    SetPreferredTimes {
        times: Vec<PreferredTime>,
        origin: ProfileOrigin,
    },
    /// Confirms a number that was stored as Chinese without a known country. No event if its country was
    /// known or is confirmed.
    ConfirmNumber {
        number: NumberId,
        reason: String,
    },
    /// Reports a deal that followed a call. No event if it is known so already.
    ReportDeal(Box<DealReport>),
    /// Imports another system's records of calls to a number of the person. No event if all are known.
    ImportHistory(Box<PastCallImport>),
    /// Merges this id with another of the same person. Merged already: no event, or what is still to be
    /// settled.
    Merge(MergeOrder),
    /// Undoes a merge of two ids. No event if they are not merged.
    Unmerge(UnmergeOrder),
    /// Certifies an erasure after its effects. If enrolments are still open (more than one append can
    /// settle), it settles some of them instead: send it again.
    CertifyErasure(Box<DoneErasure>),
}

/// The right values of a person, and the person request that states them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ValueCorrection {
    pub request: PersonRequestId,
    pub name: Option<String>,
    /// Values by variable name, for every campaign that has the variable.
    pub variables: BTreeMap<String, String>,
}

/// Values for attributes by name, in either language, as the user wrote them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttributesChange {
    pub values: BTreeMap<String, String>,
    pub cleared: Vec<String>,
    pub origin: ProfileOrigin,
}

/// Tags of one level to add and remove.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TagChange {
    pub level: TagLevel,
    pub added: Vec<String>,
    pub removed: Vec<String>,
    pub origin: ProfileOrigin,
}

/// The other id of the same person, and which of the two this one becomes. `customer` is the entity's own id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MergeOrder {
    pub customer: CustomerId,
    pub with: CustomerId,
    pub side: MergeSide,
    pub reason: String,
    pub by: Option<String>,
}

/// The id that belongs to another person after all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnmergeOrder {
    pub with: CustomerId,
    pub reason: String,
    pub by: Option<String>,
}

/// A requested callback.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallbackOrder {
    pub at: Timestamp,
    /// The only agent who may make the call at first; `None`: any agent, or the robot.
    pub agent: Option<UserId>,
    pub reason: Option<String>,
    pub by: Option<String>,
    pub facts: CampaignFacts,
}

/// The effects of an erasure that the forgetting driver has carried out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DoneErasure {
    /// The id of `customer.erased`.
    pub erasure: EventId,
    pub key_destroyed_at: Timestamp,
    /// All recordings of the person, also those that an earlier try deleted.
    pub recordings: Vec<DeletedRecording>,
}

/// A further number of a person in a row of a list. `phone` is E.164.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AdditionalPhone {
    pub number: NumberId,
    pub phone: String,
    /// How the number's country was known.
    pub country: CountrySource,
}

/// One row of a list, checked and normalized. `phone` is E.164.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Enrolment {
    pub customer: CustomerId,
    pub external_id: String,
    pub number: NumberId,
    pub phone: String,
    /// How the phone's country was known.
    pub country: CountrySource,
    /// Further numbers of the person, in the order in which they are tried.
    pub further_phones: Vec<AdditionalPhone>,
    pub name: Option<String>,
    pub time_zone: Option<String>,
    pub campaign: CampaignId,
    pub list: ListId,
    pub basis: Basis,
    pub variables: BTreeMap<String, String>,
    pub consent: Option<GivenConsent>,
    /// When the person prefers to be called, if the row says so.
    pub preferred: Vec<PreferredTime>,
    /// The campaign's ranking plan, if it has one.
    pub priority: Option<Arc<PriorityPlan>>,
    /// The campaign's plan for best call times, if it has one.
    pub best_times: Option<Arc<BestTimesPlan>>,
    /// The campaigns in which the person must not be enrolled already.
    pub dedupe: DeduplicationScope,
    /// The customer that the campaign already calls at this number. This person is then enrolled and settled
    /// at once, so that the list's count is complete, and never called.
    pub same_number_as: Option<CustomerId>,
}

/// The `consent_*` columns of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GivenConsent {
    pub scope: String,
    pub source: String,
    pub given_at: Timestamp,
    pub until: Option<Timestamp>,
    pub evidence: Option<String>,
}

/// A rule that forbids further dials permanently, with its facts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForbiddingRule {
    pub rule: String,
    pub facts: BTreeMap<String, String>,
}

/// The facts of `call.ended` and `call.dialing`, as the retry driver read them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallClosing {
    pub call: CallId,
    pub campaign: CampaignId,
    pub number: NumberId,
    pub disposition: Disposition,
    pub outcome: Option<Outcome>,
    pub charged: bool,
    pub answered: bool,
    /// The leg that got a 2xx after it was given up or interrupted.
    pub late_leg: Option<u8>,
    pub again: RedialRule,
    pub dialed_at: Timestamp,
    pub ended_at: Timestamp,
    /// The callback time that the callee named.
    pub callback_at: Option<Timestamp>,
    /// How long after `dialed_at` the phone may still ring if nothing definite ended the call.
    pub hold_off_ms: u64,
}

/// What decides if the person is called again in the campaign.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RedialRule {
    /// The campaign's retry policy decides.
    ByPolicy,
    /// A user or program ordered the end of the call: no further call.
    Never,
}

impl CallClosing {
    /// Returns true if the callee had answered, also late, and a crash or stop of ours ended the call.
    pub fn was_cut_off(&self) -> bool {
        (self.answered || self.late_leg.is_some()) && self.disposition == Disposition::Interrupted
    }
}
