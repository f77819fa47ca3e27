//! Facts about one person, over all campaigns.

use super::{assignee::Assignee, erasure::DeletedRecording, known_number::CountrySource};
use super::{late_answer_fact::LateAnswerFact, merge_side::MergeSide, profile_origin::ProfileOrigin};
use crate::past_call::{HistorySource, PastCall};
use crate::time::Timestamp;
use crate::{
    attribute::TagLevel, best_times::CallTiming, callback::CallbackEnd, deal::Deal, deal::DealCounts,
};
use crate::{calling_plan::Basis, compliance::CustomerGrant, compliance::Verdict};
use crate::{
    four_eyes::FourEyes, personal::Personal, preferred_times::PreferredTime, ranking::EnrolmentRanking,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use values::ids::{CallId, CampaignId, CustomerId, EventId, ListId, NumberId, PersonRequestId, UserId};
use values::{call_caps::CallCap, disposition::Disposition, disposition::Outcome};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema, derive::EventData)]
#[serde(tag = "kind", content = "data")]
pub enum CustomerEvent {
    #[serde(rename = "customer.registered")]
    #[open(time_zone)]
    Registered {
        /// The institution's own `customer_id`; people use identity numbers, so it is personal.
        external_id: Personal<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        name: Option<Personal<String>>,
        /// IANA zone from the customer record, if given.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        time_zone: Option<String>,
    },
    /// A phone of this person, E.164.
    #[serde(rename = "customer.number_added")]
    NumberAdded {
        number: NumberId,
        phone: Personal<String>,
        /// How the phone's country was known; absent in older events.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        country: Option<CountrySource>,
    },
    /// A user confirmed a number that was stored as Chinese without a known country.
    #[serde(rename = "customer.number_confirmed")]
    #[open(reason)]
    NumberConfirmed { number: NumberId, reason: String },
    #[serde(rename = "customer.consent_recorded")]
    #[open(scope, source)]
    ConsentRecorded {
        scope: String,
        source: String,
        given_at: Timestamp,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until: Option<Timestamp>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        evidence: Option<Personal<String>>,
    },
    /// Consent was withdrawn: dialing for this scope stops; `open_calls` are withdrawn or canceled.
    #[serde(rename = "customer.consent_withdrawn")]
    #[open(scope, source)]
    ConsentWithdrawn {
        scope: String,
        source: String,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        open_calls: Vec<CallId>,
    },
    #[serde(rename = "customer.enrolled")]
    Enrolled {
        campaign: CampaignId,
        list: ListId,
        number: NumberId,
        basis: Basis,
        due_at: Timestamp,
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        variables: BTreeMap<String, Personal<String>>,
        /// Its place in the campaign's ranking and best-times plans; absent if the plan has neither.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        placing: Option<Box<EnrolmentRanking>>,
    },
    #[serde(rename = "customer.dial_granted")]
    #[open(attempt)]
    DialGranted {
        attempt: u32,
        #[serde(flatten)]
        grant: CustomerGrant,
    },
    /// A rule refused a dial. The due time moves to `not_before`; without it a settlement follows.
    #[serde(rename = "customer.dial_refused")]
    DialRefused {
        campaign: CampaignId,
        call: CallId,
        #[serde(flatten)]
        verdict: Verdict,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        not_before: Option<Timestamp>,
    },
    /// A grant that was not dialed was released.
    #[serde(rename = "customer.dial_released")]
    #[open(reason)]
    DialReleased {
        campaign: CampaignId,
        call: CallId,
        reason: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        not_before: Option<Timestamp>,
    },
    #[serde(rename = "customer.call_closed")]
    #[open(round)]
    CallClosed {
        campaign: CampaignId,
        call: CallId,
        number: NumberId,
        disposition: Disposition,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        outcome: Option<Outcome>,
        charged: bool,
        /// True if a person or machine picked up: counts as a connected call.
        answered: bool,
        dialed_at: Timestamp,
        /// When the enrolment is due again; absent if it is final.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        next_due_at: Option<Timestamp>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        next_number: Option<NumberId>,
        /// Number of the recycling round that begins at `next_due_at`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        round: Option<u32>,
        /// Due time by the retry policy, used if the waiting callback ends without a call.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        policy_due_at: Option<Timestamp>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        timing: Option<Box<CallTiming>>,
    },
    /// A user ordered a call back after a cut-off, sooner than the policy would call.
    #[serde(rename = "customer.call_back_ordered")]
    #[open(by)]
    CallBackOrdered {
        campaign: CampaignId,
        call: CallId,
        due_at: Timestamp,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<String>,
    },
    /// The callee answered after the call was given up or interrupted, and was hung up at once.
    #[serde(rename = "customer.late_answered")]
    LateAnswered(LateAnswerFact),
    /// A call now was ordered, before customers who are only in a list.
    #[serde(rename = "customer.call_asked")]
    CallAsked {
        campaign: CampaignId,
        due_at: Timestamp,
        /// The order is void from this time on.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        deadline: Option<Timestamp>,
    },
    /// An agent skipped this person in preview dialing: not due before `due_at` in this campaign.
    #[serde(rename = "customer.preview_skipped")]
    #[open(reason)]
    PreviewSkipped {
        campaign: CampaignId,
        agent: UserId,
        reason: String,
        due_at: Timestamp,
    },
    /// A callback was requested: not called before its time, and then before ordinary work.
    #[serde(rename = "customer.callback_requested")]
    #[open(reason, by)]
    CallbackRequested {
        campaign: CampaignId,
        callback_at: Timestamp,
        until: Timestamp,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        agent: Option<UserId>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        call: Option<CallId>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<String>,
    },
    /// The callback was made, or will not be.
    #[serde(rename = "customer.callback_ended")]
    #[open(rule, facts, reason, by)]
    CallbackEnded {
        campaign: CampaignId,
        callback_at: Timestamp,
        how: CallbackEnd,
        /// The call that kept the callback, or during which the refused time was named.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        call: Option<CallId>,
        /// The rule that prevented the callback, with the facts it saw.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        rule: Option<String>,
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        facts: BTreeMap<String, String>,
        /// When that rule allows the callback, if known.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        not_before: Option<Timestamp>,
        /// When the enrolment is due again without a callback.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        due_at: Option<Timestamp>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<String>,
    },
    /// The enrolment is final: with the last call's disposition, or `not_permitted` with rule and facts.
    #[serde(rename = "customer.enrolment_settled")]
    #[open(calls_count, rule, facts)]
    EnrolmentSettled {
        campaign: CampaignId,
        disposition: Disposition,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        outcome: Option<Outcome>,
        calls_count: u32,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        rule: Option<String>,
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        facts: BTreeMap<String, String>,
    },
    /// Withdrawn from the campaign: no new dial; the end of an open call settles, a grant is released.
    #[serde(rename = "customer.enrolment_withdrawn")]
    #[open(reason, by)]
    EnrolmentWithdrawn {
        campaign: CampaignId,
        list: ListId,
        reason: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<String>,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        open_calls: Vec<CallId>,
    },
    /// A legal hold: no erasure and no dial of this person until it is released.
    #[serde(rename = "customer.held")]
    #[open(reason, by)]
    Held {
        reason: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<String>,
    },
    #[serde(rename = "customer.hold_released")]
    #[open(reason, by)]
    HoldReleased {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<String>,
        /// Who requested and approved the release; absent in older events.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        four_eyes: Option<Box<FourEyes>>,
    },
    /// The person was assigned to this user or team.
    #[serde(rename = "customer.assigned")]
    #[open(reason)]
    Assigned {
        to: Assignee,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        before: Option<Assignee>,
        reason: String,
    },
    /// The person's assignment was removed.
    #[serde(rename = "customer.unassigned")]
    #[open(reason)]
    Unassigned { before: Assignee, reason: String },
    /// Wrong values of the person were replaced by these. Events stored before stay unchanged.
    #[serde(rename = "customer.corrected")]
    Corrected {
        /// The person request that caused the correction.
        request: PersonRequestId,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        name: Option<Personal<String>>,
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        variables: BTreeMap<CampaignId, BTreeMap<String, Personal<String>>>,
    },
    /// Values of attributes were set, by name (the name decides the type), or cleared.
    #[serde(rename = "customer.attributes_set")]
    #[open(cleared)]
    AttributesSet {
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        attributes: BTreeMap<String, Personal<String>>,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        cleared: Vec<String>,
        origin: ProfileOrigin,
    },
    /// Tags of one level were added and removed.
    #[serde(rename = "customer.tagged")]
    Tagged {
        level: TagLevel,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        added: Vec<Personal<String>>,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        removed: Vec<Personal<String>>,
        origin: ProfileOrigin,
    },
    /// Caps for calls to this person over all campaigns; empty: none.
    #[serde(rename = "customer.caps_set")]
    #[open(reason, by)]
    CapsSet {
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        caps: Vec<CallCap>,
        reason: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<String>,
    },
    /// The times at which the person prefers to be called; empty: any time.
    #[serde(rename = "customer.preferred_times_set")]
    PreferredTimesSet {
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        times: Vec<PreferredTime>,
        origin: ProfileOrigin,
    },
    /// An external system reported a deal; it supersedes its earlier report of the same reference.
    #[serde(rename = "customer.deal_reported")]
    #[open(change_minor)]
    DealReported {
        #[serde(flatten)]
        deal: Box<Deal>,
        /// Change of the amount: all changes of a reference add up to its amount.
        change_minor: i64,
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        corrects: bool,
        /// The change to counted figures; absent in older events.
        #[serde(flatten, default, skip_serializing_if = "Option::is_none")]
        counts: Option<DealCounts>,
    },
    /// Records of another system's calls to this number: caps count those that prove a dial.
    #[serde(rename = "customer.history_imported")]
    HistoryImported {
        source: HistorySource,
        number: NumberId,
        calls: Vec<PastCall>,
    },
    /// Two ids were merged as one person: only the kept id is called; restrictions of both apply.
    #[serde(rename = "customer.merged")]
    #[open(reason, by)]
    Merged {
        with: CustomerId,
        side: MergeSide,
        reason: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<String>,
    },
    /// The merge was undone; enrolments that it settled stay settled.
    #[serde(rename = "customer.unmerged")]
    #[open(reason, by)]
    Unmerged {
        with: CustomerId,
        reason: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<String>,
    },
    /// Erasure was requested: no grants and enrolments any more; it follows once no call is open.
    #[serde(rename = "customer.erasure_requested")]
    #[open(reason, requested_by, approved_by)]
    ErasureRequested {
        reason: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        requested_by: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        approved_by: Option<String>,
        /// Who requested and approved it; absent in older events.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        four_eyes: Option<Box<FourEyes>>,
    },
    /// The erasure is final: the person's key may be destroyed, and views drop their data of the person.
    #[serde(rename = "customer.erased")]
    #[event(forgets)]
    #[open(numbers_count, enrolments_count)]
    Erased {
        /// Number of the person's phones; like enrolments, their ids stay.
        numbers_count: u32,
        enrolments_count: u32,
    },
    /// The certificate of the erasure: what is gone, and what stays.
    #[serde(rename = "customer.erasure_certified")]
    #[open(recordings_count, stays, key_backup_days_max)]
    ErasureCertified {
        /// The certificate's number: the id of the `customer.erased` that it certifies.
        certificate: EventId,
        key_destroyed_at: Timestamp,
        /// Deleted recordings, at most `RECORDINGS_NAMED_MAX`; their hashes stay in `call.ended`.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        recordings: Vec<DeletedRecording>,
        recordings_count: u32,
        stays: Vec<String>,
        /// Days after the key's destruction during which a backup of the keys may still hold it.
        key_backup_days_max: u32,
    },
}
