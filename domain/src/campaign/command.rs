//! Requests to one campaign: its life, its lists, leave to dial, and completion. A request may be refused.

use super::event::{AnonymizedCounts, FrozenSegment, PauseReason, Target};
use super::query_mark::QueryMark;
use super::terms::PlanChange;
use crate::abandonment::Answered;
use crate::best_times::CountedTimes;
use crate::calling_plan::{CallingPlan, FlowRef};
use crate::dialing_plan::FloorSeen;
use crate::four_eyes::FourEyes;
use crate::promotion::Evidence;
use crate::quota::{QuotaEnd, QuotaPerson};
use crate::record::stored_event::{Position, RequestMark};
use crate::time::Timestamp;
use crate::working_calendar::Calendars;
use values::go_live::Stage;
use values::ids::{CallId, CampaignId, CustomerId, ListId, UserId};

#[expect(
    clippy::large_enum_variant,
    reason = "a campaign is made once; its plan is moved then, and boxed nowhere else"
)]
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CampaignCommand {
    /// The same plan again is answered without an event; another plan under the same id is refused.
    Create {
        campaign: CampaignId,
        customer_segment: Option<String>,
        flow: FlowRef,
        plan: CallingPlan,
    },
    Start,
    /// A driver's word that it may be time for one that was told to start. It has begun: no event.
    StartDue {
        /// The campaign that it waits for came so far, by its own stream.
        after_met: bool,
    },
    Pause {
        reason: PauseReason,
    },
    Resume,
    Stop {
        reason: String,
    },
    /// Begins or resumes a list. A list already closed is answered without an event.
    OpenList {
        list: ListId,
        source: String,
        /// Who stood behind it, where the campaign asks for somebody.
        four_eyes: Option<Box<FourEyes>>,
        /// Of the request that brought it, by its `Idempotency-Key`: one key is for one list.
        request_key: Option<RequestMark>,
    },
    CloseList {
        list: ListId,
        count: u64,
    },
    /// How far a query of another database was read.
    MarkQuery {
        mark: QueryMark,
    },
    /// Nobody whom the list brought is called any more. Undone already: no event.
    UndoList {
        list: ListId,
        reason: String,
        by: Option<String>,
    },
    /// Asks for leave to start up to `wanted` dials, while `in_flight` calls of this campaign are open.
    GrantDials {
        wanted: u32,
        in_flight: u32,
        /// The floor, where agents take the calls: without it nothing is granted to them.
        floor: Option<FloorSeen>,
        /// Who is due, in the order in which they are to be dialed; asked for while only some may be.
        people: Vec<CustomerId>,
        /// Years of holidays that were imported, where the plan asks about days.
        calendars: Calendars,
        /// Of batches granted before, when each ran out whose dial was never begun: one a dial.
        unused: Vec<Timestamp>,
        /// Who is due, with their quotas, in the same order; asked for where the plan has quotas.
        quota_people: Vec<QuotaPerson>,
    },
    /// What came of places of quotas. Counted before: no event.
    CountQuotas {
        ended: Vec<QuotaEnd>,
    },
    /// What was counted of the calls that ended up to a position, all of them in one hour. Counted before: no
    /// event.
    RecordAbandonment {
        counted: Answered,
        /// The end of the last of them.
        ended_at: Timestamp,
        /// The log was read up to here.
        through: Position,
    },
    /// What was counted of dials and answers by the hour behind `after`, where it stands, up to `through`.
    LearnTimes {
        counted: Box<CountedTimes>,
        after: Position,
        through: Position,
    },
    /// It goes on to the next stage of going live. In that stage already: no event.
    Promote {
        to: Stage,
        reason: String,
        evidence: Box<Evidence>,
        /// Who stood behind it, where the campaign asks for somebody.
        four_eyes: Option<Box<FourEyes>>,
    },
    /// Whom agents are shown before a call.
    Preview(PreviewCommand),
    RaiseAlert {
        alert: String,
        detail: String,
    },
    /// The same targets again are answered without an event.
    SetTargets {
        targets: Vec<Target>,
        by: Option<String>,
    },
    /// Changes hours, concurrency, retries or the share of the lines. A change of nothing: no event.
    ChangePlan(Box<PlanChange>),
    /// Fixes whom it is for. The same segment with the same people again: no event.
    FreezeSegment(Box<FrozenSegment>),
    /// Its persons are to be made unknowable; under way already: no event.
    BeginAnonymization {
        reason: String,
        four_eyes: Option<Box<FourEyes>>,
    },
    /// All of them were looked at.
    CompleteAnonymization {
        counts: AnonymizedCounts,
    },
    /// The outreach driver believes that all is settled, as of a position of the worklist.
    Complete {
        settled: u64,
        position: Position,
    },
}

impl CampaignCommand {
    /// Its name, for logs.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Create { .. } => "campaign.create",
            Self::Start => "campaign.start",
            Self::StartDue { .. } => "campaign.start_due",
            Self::Pause { .. } => "campaign.pause",
            Self::Resume => "campaign.resume",
            Self::Stop { .. } => "campaign.stop",
            Self::OpenList { .. } => "campaign.open_list",
            Self::CloseList { .. } => "campaign.close_list",
            Self::MarkQuery { .. } => "campaign.mark_query",
            Self::UndoList { .. } => "campaign.undo_list",
            Self::GrantDials { .. } => "campaign.grant_dials",
            Self::RecordAbandonment { .. } => "campaign.record_abandonment",
            Self::LearnTimes { .. } => "campaign.learn_times",
            Self::CountQuotas { .. } => "campaign.count_quotas",
            Self::Promote { .. } => "campaign.promote",
            Self::Preview(PreviewCommand::Offer { .. }) => "campaign.offer_preview",
            Self::Preview(PreviewCommand::Accept { .. }) => "campaign.accept_preview",
            Self::Preview(PreviewCommand::Skip { .. }) => "campaign.skip_preview",
            Self::Preview(PreviewCommand::Withdraw { .. }) => "campaign.withdraw_previews",
            Self::RaiseAlert { .. } => "campaign.raise_alert",
            Self::SetTargets { .. } => "campaign.set_targets",
            Self::ChangePlan(_) => "campaign.change_plan",
            Self::FreezeSegment(_) => "campaign.freeze_segment",
            Self::BeginAnonymization { .. } => "campaign.begin_anonymization",
            Self::CompleteAnonymization { .. } => "campaign.complete_anonymization",
            Self::Complete { .. } => "campaign.complete",
        }
    }
}

/// Requests about offers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PreviewCommand {
    /// Shows an agent a person. They have this offer already: no event.
    Offer {
        agent: UserId,
        customer: CustomerId,
        /// Years of holidays that were imported, where the plan asks about days.
        calendars: Calendars,
    },
    /// The agent takes the call, which the person's next one is. Accepted so already: no event.
    Accept {
        agent: UserId,
        customer: CustomerId,
        call: CallId,
    },
    /// The agent does not call the person whom they are shown.
    Skip {
        agent: UserId,
        customer: CustomerId,
        reason: String,
    },
    /// Takes all offers back. None is open: no event.
    Withdraw { reason: String },
}
