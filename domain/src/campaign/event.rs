//! Facts about one campaign. Stored kinds and versions are added to and never changed.

use super::query_mark::QueryMark;
use super::terms::CallingTerms;
use crate::abandonment::AbandonmentCounts;
use crate::best_times::LearntTimes;
use crate::calling_plan::{CallingPlan, FlowRef};
use crate::compliance::Verdict;
use crate::dialing_plan::BatchPacing;
use crate::four_eyes::FourEyes;
use crate::promotion::Evidence;
use crate::quota::{QuotaEnd, QuotaReservation};
use crate::record::stored_event::{Position, RequestMark};
use crate::running_plan::PredecessorCampaign;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use values::go_live::Stage;
use values::ids::{CallId, CampaignId, CustomerId, ListId, UserId};

pub use super::anonymized_counts::AnonymizedCounts;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema, derive::EventData)]
#[serde(tag = "kind", content = "data")]
#[expect(
    clippy::large_enum_variant,
    reason = "the first event of a campaign holds its plan; few are in memory at once"
)]
pub enum CampaignEvent {
    #[serde(rename = "campaign.created")]
    #[open(customer_segment, plan)]
    Created {
        campaign: CampaignId,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        customer_segment: Option<String>,
        flow: FlowRef,
        #[serde(flatten)]
        plan: CallingPlan,
    },
    /// The campaign began to run.
    #[serde(rename = "campaign.started")]
    Started {},
    #[serde(rename = "campaign.paused")]
    Paused { reason: PauseReason },
    #[serde(rename = "campaign.resumed")]
    Resumed {},
    /// A start was ordered and waits for a time, or until another campaign has come far enough.
    #[serde(rename = "campaign.start_scheduled")]
    StartScheduled {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        starts_at: Option<Timestamp>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        after: Option<PredecessorCampaign>,
    },
    /// Ended permanently: what is not settled stays unsettled.
    #[serde(rename = "campaign.stopped")]
    #[open(reason)]
    Stopped { reason: String },
    /// An import began; the campaign does not complete while a list is open.
    #[serde(rename = "campaign.list_opened")]
    #[open(source)]
    ListOpened {
        list: ListId,
        source: String,
        /// Who requested and approved the list, if the campaign requires an approval (CMP-8).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        four_eyes: Option<Box<FourEyes>>,
        /// Keyed hash of the request's `Idempotency-Key` with its route and user. Another list under the same
        /// key is refused.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schemars(with = "Option<String>", length(equal = 32), example = &"0123456789abcdef0123456789abcdef")]
        request_key: Option<RequestMark>,
    },
    /// A list is complete: it made `count` enrolments.
    #[serde(rename = "campaign.list_closed")]
    #[open(count, before)]
    ListClosed {
        list: ListId,
        count: u64,
        /// Count of an earlier closing: another process was still importing when the list was undone.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        before: Option<u64>,
    },
    /// The list was a mistake: dialing stops for its customers. Each of them is withdrawn by an event of
    /// their own stream; the list's count stays.
    #[serde(rename = "campaign.list_undone")]
    #[open(reason, by)]
    ListUndone {
        list: ListId,
        reason: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<String>,
    },
    /// A query of another database was imported up to this value of a column.
    #[serde(rename = "campaign.query_read")]
    QueryRead {
        #[serde(flatten)]
        mark: QueryMark,
    },
    /// A batch of dials may start until `until` (at most 1 s).
    #[serde(rename = "campaign.dials_granted")]
    #[open(count, unused)]
    DialsGranted {
        count: u32,
        until: Timestamp,
        /// The facts that sized the batch, if agents take the calls.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        paced: Option<Box<BatchPacing>>,
        /// In the test stage: customers who may be called from now on, besides those before.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        admitted: Vec<CustomerId>,
        /// In the pilot stage: number of dials granted earlier on this day that were not begun.
        #[serde(default, skip_serializing_if = "is_zero")]
        unused: u32,
        /// The customers that reserve quota places. Customers without a quota may be called too.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        places: Vec<QuotaReservation>,
    },
    /// The results of reserved quota places: counted, or free again.
    #[serde(rename = "campaign.quota_counted")]
    QuotaCounted { ended: Vec<QuotaEnd> },
    /// Answered and abandoned calls within one hour of a campaign with agents. Stored before the next batch
    /// is granted.
    #[serde(rename = "campaign.abandonment_recorded")]
    AbandonmentRecorded {
        #[serde(flatten)]
        counted: AbandonmentCounts,
        ended_at: Timestamp,
        /// Position up to which ended calls are counted.
        through: Position,
    },
    /// The answers per hour, as counted up to a position of the log: the campaign's best call times from here
    /// on.
    #[serde(rename = "campaign.times_learnt")]
    TimesLearnt {
        #[serde(flatten)]
        learnt: LearntTimes,
    },
    /// The campaign was promoted to the next stage, with the evidence for it (DEP-7).
    #[serde(rename = "campaign.promoted")]
    #[open(reason)]
    Promoted {
        from: Stage,
        to: Stage,
        reason: String,
        evidence: Box<Evidence>,
        /// Who requested and approved the promotion, if the campaign requires an approval.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        four_eyes: Option<Box<FourEyes>>,
    },
    /// The calling window is closed for every customer, by this verdict: no batch is granted before `until`.
    /// Once per closing, if a customer was due.
    #[serde(rename = "campaign.window_closed")]
    WindowClosed {
        #[serde(flatten)]
        verdict: Verdict,
        until: Timestamp,
    },
    /// An agent is offered a person, to accept or skip until `until`. After that the offer is over, and the
    /// person is due as before.
    #[serde(rename = "campaign.preview_offered")]
    PreviewOffered {
        agent: UserId,
        customer: CustomerId,
        until: Timestamp,
    },
    /// The agent accepted the offered call, which must begin before `until` and needs every rule's
    /// permission.
    #[serde(rename = "campaign.preview_accepted")]
    PreviewAccepted {
        agent: UserId,
        customer: CustomerId,
        call: CallId,
        until: Timestamp,
    },
    /// The agent skipped the person; the person's own stream says when they are due again.
    #[serde(rename = "campaign.preview_skipped")]
    #[open(reason)]
    PreviewSkipped {
        agent: UserId,
        customer: CustomerId,
        reason: String,
    },
    /// All open offers, accepted or not, were withdrawn.
    #[serde(rename = "campaign.previews_withdrawn")]
    #[open(reason)]
    PreviewsWithdrawn { reason: String },
    #[serde(rename = "campaign.alert_raised")]
    #[open(alert, detail)]
    AlertRaised { alert: String, detail: String },
    /// Every enrolment of every closed list is settled.
    #[serde(rename = "campaign.completed")]
    #[open(settled)]
    Completed { settled: u64 },
    /// A list came after completion.
    #[serde(rename = "campaign.reopened")]
    Reopened { list: ListId },
    /// The campaign's targets were set; they replace the earlier ones (REP-4).
    #[serde(rename = "campaign.targets_set")]
    #[open(by)]
    TargetsSet {
        targets: Vec<Target>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<String>,
    },
    /// The campaign's customers were fixed: the segment's text and the customers it selected. It can be
    /// evaluated again at the stored position and meaning of NOW().
    #[serde(rename = "campaign.segment_frozen")]
    SegmentFrozen {
        #[serde(flatten)]
        segment: FrozenSegment,
    },
    /// Hours, concurrency, retries or the share of the lines changed; `after` applies from here on.
    #[serde(rename = "campaign.plan_changed")]
    #[open(before, after, reason)]
    PlanChanged {
        before: Box<CallingTerms>,
        after: Box<CallingTerms>,
        reason: String,
    },
    /// Anonymization began: persons who occur in no other campaign are erased. Stored before the first
    /// erasure.
    #[serde(rename = "campaign.anonymization_begun")]
    #[open(reason)]
    AnonymizationBegun {
        reason: String,
        /// Who requested and approved it: it erases persons, so it needs a second user.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        four_eyes: Option<Box<FourEyes>>,
    },
    /// Anonymization is complete: all persons were checked. Figures and calls stay.
    #[serde(rename = "campaign.anonymized")]
    Anonymized {
        #[serde(flatten)]
        counts: AnonymizedCounts,
    },
}

/// A frozen segment: its condition, the number of customers it selected and a digest of their ids.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema, derive::EventMembers)]
#[open(sql, sha256, count, members_sha256)]
pub struct FrozenSegment {
    pub sql: String,
    /// SHA-256 of the SQL text.
    pub sha256: String,
    /// Log position at which the segment was evaluated.
    pub position: Position,
    /// The time that NOW() meant.
    pub asked_at: Timestamp,
    pub count: u64,
    /// SHA-256 over the customers' ids in order, one per line.
    pub members_sha256: String,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
const fn is_zero(count: &u32) -> bool {
    *count == 0
}

/// A ratio metric and the value it should reach.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema, derive::EventMembers)]
#[open(metric, version, per_mille)]
pub struct Target {
    /// The metric's name, for example `answer_ratio_per_call`.
    pub metric: String,
    /// The version of the metric's definition.
    pub version: u32,
    /// The ratio to reach, in thousandths: 0 to 1,000.
    pub per_mille: u32,
}

/// The reason why a campaign is paused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema, derive::EventMembers)]
#[serde(rename_all = "snake_case")]
pub enum PauseReason {
    /// A user requested it.
    Requested,
    /// 3 trunk-attributable failures in a row on every trunk.
    TrunkUnreachable,
    /// The store or its disk cannot be written.
    StoreUnavailable,
    /// One of its quotas cannot be evaluated.
    QuotaNotEvaluated,
}

/// Accessors for members that responses and streams show, so that a reader need not match every event.
impl CampaignEvent {
    /// Returns the plan of a `campaign.created`.
    pub const fn created(&self) -> Option<&CallingPlan> {
        let Self::Created { plan, .. } = self else {
            return None;
        };
        Some(plan)
    }

    /// Returns the new terms of a `campaign.plan_changed`.
    pub fn changed_terms(&self) -> Option<&CallingTerms> {
        let Self::PlanChanged { after, .. } = self else {
            return None;
        };
        Some(after.as_ref())
    }

    /// Returns the number of granted dials and the end of the batch.
    pub const fn dials_granted(&self) -> Option<(u32, Timestamp)> {
        let Self::DialsGranted { count, until, .. } = self else {
            return None;
        };
        Some((*count, *until))
    }

    /// Returns when the closed window opens.
    pub const fn window_closed(&self) -> Option<Timestamp> {
        let Self::WindowClosed { until, .. } = self else {
            return None;
        };
        Some(*until)
    }
}
