//! Requests to one customer: a row of a list, a dial, its end, consent given and withdrawn.

use super::assignee::Assignee;
use super::deals::DealReport;
use super::erasure::DeletedRecording;
use super::known_number::CountrySource;
use super::merge_side::MergeSide;
use super::past::HistoryOrder;
use super::profile_origin::ProfileOrigin;
use crate::attribute::TagLevel;
use crate::best_times::BestTimesPlan;
use crate::calling_plan::{Basis, CampaignFacts, Dedupe, Preset};
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

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CustomerCommand {
    /// One row of a list: registers the person and the number where new, records a consent where given,
    /// and enrols. Already enrolled in this campaign: refused as `AlreadyEnrolled` (a duplicate).
    Enrol(Box<Enrolment>),
    /// Nobody calls the person in this campaign any more; a call that is open may end. `list` is the list
    /// that they must have come by. Settled already, withdrawn already, or come by another list: no event.
    WithdrawEnrolment {
        campaign: CampaignId,
        list: Option<ListId>,
        reason: String,
        by: Option<String>,
    },
    /// Asks for the person's side of a permit. Answers `customer.dial_granted` or `customer.dial_refused`
    /// (with `customer.enrolment_settled` behind it where a rule forbids for good).
    /// `customer` is the entity's own id: the state, folded from events, does not know it.
    /// `joined` is what binds of the ids that were merged into it.
    GrantDial {
        customer: CustomerId,
        facts: Box<CampaignFacts>,
        joined: Vec<JoinedFacts>,
    },
    /// Judges the person as a grant would be, before an agent is shown them: what forbids or defers a dial is
    /// stored, and nothing is granted. May they be called: no event. `of_number` is what their number's own
    /// facts say against it.
    JudgePreview {
        customer: CustomerId,
        facts: Box<CampaignFacts>,
        joined: Vec<JoinedFacts>,
        of_number: Option<Box<Verdict>>,
    },
    /// An agent who was shown the person does not call them: they wait.
    SkipPreview {
        campaign: CampaignId,
        agent: UserId,
        reason: String,
        wait_ms: u64,
    },
    /// Gives back a grant that was not dialed. With `forbidden_by` (a number's final refusal) it settles too.
    /// A callback whose time is over before `not_before` was missed, where the campaign's `facts` are told.
    ReleaseDial {
        call: CallId,
        reason: String,
        not_before: Option<Timestamp>,
        forbidden_by: Option<ForbiddenBy>,
        facts: Option<Box<CampaignFacts>>,
    },
    /// A call of this person has ended; sets the next due time or settles. `facts` is the campaign's plan.
    CloseCall {
        closing: Box<CallClosing>,
        facts: Box<CampaignFacts>,
    },
    /// The callee answered `call` after it was given up or interrupted; the leg got ACK and BYE. Moves the
    /// due time to the callee's next local day. Stored already, settled, or a callback waits: no event.
    NoteLateAnswer {
        call: CallId,
        answered_at: Timestamp,
        facts: Box<CampaignFacts>,
    },
    /// A person's order: somebody who was cut off by us in this campaign is due at once. The rules and caps
    /// are asked as for any dial. Due already: no event.
    CallBack {
        campaign: CampaignId,
        by: Option<String>,
    },
    /// An order to call somebody of the campaign now, before who only stands in a list; every rule and cap
    /// is asked as for any dial. From `deadline` on they are not dialed any more.
    CallNow {
        campaign: CampaignId,
        deadline: Option<Timestamp>,
    },
    /// The person is to be called at a time that they named: not before, and then before ordinary work. A
    /// time that the rules do not allow is refused, with the next that they do.
    RequestCallback(Box<CallbackOrder>),
    /// The callback is not wanted any more. There is none: no event.
    CancelCallback {
        facts: Box<CampaignFacts>,
        reason: String,
        by: Option<String>,
    },
    /// The call that was asked for is not wanted any more: the enrolment is settled before it is dialed.
    /// `customer` is the entity's own id, from which the call's follows.
    CancelAsked {
        customer: CustomerId,
        campaign: CampaignId,
        call: CallId,
        reason: String,
        by: Option<String>,
    },
    /// A person's word that somebody who was cut off by us is not called again in this campaign.
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
    /// A duty to keep this person's data: refuses erasure until it is released. Held already: no event.
    Hold {
        reason: String,
        by: Option<String>,
    },
    /// Ends a hold. An erasure that was requested before it is carried out now.
    ReleaseHold {
        reason: Option<String>,
        by: Option<String>,
        four_eyes: Option<Box<FourEyes>>,
    },
    /// Erases the person: at once, or once no call of the person is open. Erased already: no event.
    Erase {
        reason: String,
        requested_by: Option<String>,
        approved_by: Option<String>,
        four_eyes: Option<Box<FourEyes>>,
    },
    /// From now on this user, or this team, sees to the person. Assigned so already: no event.
    Assign {
        to: Assignee,
        reason: String,
    },
    /// Nobody in particular does any more. Nobody did: no event.
    Unassign {
        reason: String,
    },
    /// Values of the person were wrong: these are right. So already: no event.
    Correct(Box<Correction>),
    /// Values of attributes are known from here on, or not any more.
    SetAttributes(Box<AttributesOrder>),
    /// Tags are given and taken away.
    Tag(Box<TagOrder>),
    /// Caps of calls to the person, never looser than the presets of the campaigns they are in. So already:
    /// no event.
    SetCaps {
        caps: Vec<CallCap>,
        presets: Vec<Preset>,
        reason: String,
        by: Option<String>,
    },
    /// When the person prefers to be called. So already: no event.
    SetPreferredTimes {
        times: Vec<PreferredTime>,
        origin: ProfileOrigin,
    },
    /// A number that was stored as Chinese without a known country is right. Its country was known, or is
    /// confirmed already: no event.
    ConfirmNumber {
        number: NumberId,
        reason: String,
    },
    /// What came of a call afterwards. Known so already: no event.
    ReportDeal(Box<DealReport>),
    /// What another system's records say of calls to a number of the person. All known already: no event.
    ImportHistory(Box<HistoryOrder>),
    /// This id and another are one person. Merged already: no event, or what is still to be settled.
    Merge(MergeOrder),
    /// They are two persons after all. Not merged: no event.
    Unmerge(UnmergeOrder),
    /// The effects of an erasure are done. Where enrolments are still to be settled (more than one append
    /// takes), it settles some of them instead: ask again.
    CertifyErasure(Box<DoneErasure>),
}

impl CustomerCommand {
    /// Its name, for logs.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Enrol(_) => "customer.enrol",
            Self::WithdrawEnrolment { .. } => "customer.withdraw_enrolment",
            Self::GrantDial { .. } => "customer.grant_dial",
            Self::JudgePreview { .. } => "customer.judge_preview",
            Self::SkipPreview { .. } => "customer.skip_preview",
            Self::ReleaseDial { .. } => "customer.release_dial",
            Self::CloseCall { .. } => "customer.close_call",
            Self::NoteLateAnswer { .. } => "customer.note_late_answer",
            Self::CallBack { .. } => "customer.call_back",
            Self::CallNow { .. } => "customer.call_now",
            Self::RequestCallback(_) => "customer.request_callback",
            Self::CancelCallback { .. } => "customer.cancel_callback",
            Self::CancelAsked { .. } => "customer.cancel_asked",
            Self::SettleCutOff { .. } => "customer.settle_cut_off",
            Self::RecordConsent { .. } => "customer.record_consent",
            Self::WithdrawConsent { .. } => "customer.withdraw_consent",
            Self::Hold { .. } => "customer.hold",
            Self::ReleaseHold { .. } => "customer.release_hold",
            Self::Erase { .. } => "customer.erase",
            Self::Assign { .. } => "customer.assign",
            Self::Unassign { .. } => "customer.unassign",
            Self::Correct(_) => "customer.correct",
            Self::SetAttributes(_) => "customer.set_attributes",
            Self::Tag(_) => "customer.tag",
            Self::SetCaps { .. } => "customer.set_caps",
            Self::SetPreferredTimes { .. } => "customer.set_preferred_times",
            Self::ConfirmNumber { .. } => "customer.confirm_number",
            Self::ReportDeal(_) => "customer.report_deal",
            Self::ImportHistory(_) => "customer.import_history",
            Self::Merge(_) => "customer.merge",
            Self::Unmerge(_) => "customer.unmerge",
            Self::CertifyErasure(_) => "customer.certify_erasure",
        }
    }
}

/// What is right of a person, by the request that says so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Correction {
    pub request: PersonRequestId,
    pub name: Option<String>,
    /// By their names, in every campaign that has them.
    pub variables: BTreeMap<String, String>,
}

/// Values of a person by the names of their attributes, in either language, as somebody wrote them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttributesOrder {
    pub values: BTreeMap<String, String>,
    pub cleared: Vec<String>,
    pub origin: ProfileOrigin,
}

/// Tags of one level.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TagOrder {
    pub level: TagLevel,
    pub added: Vec<String>,
    pub removed: Vec<String>,
    pub origin: ProfileOrigin,
}

/// Which two ids are one person, and whose side this is. `customer` is the entity's own id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MergeOrder {
    pub customer: CustomerId,
    pub with: CustomerId,
    pub side: MergeSide,
    pub reason: String,
    pub by: Option<String>,
}

/// Which id is another person after all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnmergeOrder {
    pub with: CustomerId,
    pub reason: String,
    pub by: Option<String>,
}

/// A time that was named for being called again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallbackOrder {
    pub at: Timestamp,
    /// Who alone makes the call, at first; any agent, or the robot, unless it is said.
    pub agent: Option<UserId>,
    pub reason: Option<String>,
    pub by: Option<String>,
    pub facts: CampaignFacts,
}

/// What the forgetting driver has done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DoneErasure {
    /// The id of `customer.erased`.
    pub erasure: EventId,
    pub key_destroyed_at: Timestamp,
    /// All recordings of the person, also those that an earlier try deleted.
    pub recordings: Vec<DeletedRecording>,
}

/// A number of a person, as a row of a list has it. `phone` is E.164.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TheirPhone {
    pub number: NumberId,
    pub phone: String,
    /// How its country was known.
    pub country: CountrySource,
}

/// One row of a list, checked and normalised. `phone` is E.164.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Enrolment {
    pub customer: CustomerId,
    pub external_id: String,
    pub number: NumberId,
    pub phone: String,
    /// How the country of the phone was known.
    pub country: CountrySource,
    /// Further numbers of the person, in the order in which they are tried.
    pub further_phones: Vec<TheirPhone>,
    pub name: Option<String>,
    pub time_zone: Option<String>,
    pub campaign: CampaignId,
    pub list: ListId,
    pub basis: Basis,
    pub variables: BTreeMap<String, String>,
    pub consent: Option<GivenConsent>,
    /// When the person prefers to be called, where the row says so.
    pub preferred: Vec<PreferredTime>,
    /// The order that the campaign asks for.
    pub priority: Option<Arc<PriorityPlan>>,
    /// By what groups it learns when people answer.
    pub best_times: Option<Arc<BestTimesPlan>>,
    /// Where the person must not be enrolled already.
    pub dedupe: Dedupe,
    /// The customer for whom the campaign calls this number already: this one is enrolled and settled at
    /// once, so that the list's count holds, and never called.
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

/// A rule of the number that forbids for good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForbiddenBy {
    pub rule: String,
    pub facts: BTreeMap<String, String>,
}

/// What the retry driver read from `call.ended` and `call.dialing`.
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
    pub again: CallAgain,
    pub dialed_at: Timestamp,
    pub ended_at: Timestamp,
    /// A time that the callee named for being called again.
    pub callback_at: Option<Timestamp>,
    /// From `dialed_at`: how long the phone may go on ringing if nothing definite ended the call.
    pub hold_off_ms: u64,
}

/// Who says whether the person is called again in the campaign.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CallAgain {
    /// The campaign's retry policy.
    ByPolicy,
    /// Somebody ordered the end of the call, and so that nobody calls again.
    Never,
}

impl CallClosing {
    /// The callee had answered, also late, and a crash or a stop of ours ended the call.
    pub fn was_cut_off(&self) -> bool {
        (self.answered || self.late_leg.is_some()) && self.disposition == Disposition::Interrupted
    }
}
