//! Requests to one campaign: its life, its lists, grants of dials, and completion. A request may be refused.

use super::event::{AnonymizedCounts, FrozenSegment, PauseReason, Target};
use super::query_mark::QueryMark;
use super::terms::PlanChange;
use crate::abandonment::AbandonmentCounts;
use crate::best_times::CountedTimes;
use crate::calling_plan::{CallingPlan, FlowRef};
use crate::dialing_plan::AgentFloorSnapshot;
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
#[derive(Debug, Clone, PartialEq, Eq, derive::CommandName)]
#[command(aggregate = "campaign")]
pub enum CampaignCommand {
    /// Creates the campaign. The same plan again makes no event; another plan under the same id is refused.
    Create {
        campaign: CampaignId,
        customer_segment: Option<String>,
        flow: FlowRef,
        plan: CallingPlan,
    },
    Start,
    /// A driver asks for the start of a campaign that waits for its start time. Begun already: no event.
    StartDue {
        /// True if the campaign that it waits for has come far enough, according to that one's own stream.
        after_met: bool,
    },
    Pause {
        reason: PauseReason,
    },
    Resume,
    Stop {
        reason: String,
    },
    /// Opens or resumes a list. A list that is closed already makes no event.
    OpenList {
        list: ListId,
        source: String,
        /// Who requested and approved the list, if the campaign requires an approval.
        four_eyes: Option<Box<FourEyes>>,
        /// Mark of the request that brought the list, from its `Idempotency-Key`: one key is for one list.
        request_key: Option<RequestMark>,
    },
    CloseList {
        list: ListId,
        count: u64,
    },
    /// Records up to which value a query of another database was imported.
    MarkQuery {
        mark: QueryMark,
    },
    /// Undoes a list: dialing stops for its customers. Undone already: no event.
    UndoList {
        list: ListId,
        reason: String,
        by: Option<String>,
    },
    /// Requests up to `wanted` dials while `in_flight` calls of this campaign are open.
    GrantDials {
        wanted: u32,
        in_flight: u32,
        /// The agents' state, if agents take the calls; without it nothing is granted.
        floor: Option<AgentFloorSnapshot>,
        /// The due customers in dialing order; needed while a stage limits who may be called.
        people: Vec<CustomerId>,
        /// The imported holiday calendars, if the plan has calling days.
        calendars: Calendars,
        /// For each granted dial that was never begun, when its batch expired.
        unused: Vec<Timestamp>,
        /// The due customers with their quotas, in the same order; needed if the plan has quotas.
        quota_people: Vec<QuotaPerson>,
    },
    /// Records the results of reserved quota places. Recorded already: no event.
    CountQuotas {
        ended: Vec<QuotaEnd>,
    },
    /// Records answered and abandoned calls that ended up to a position, all within one hour. Recorded
    /// already: no event.
    RecordAbandonment {
        counted: AbandonmentCounts,
        /// The end of the last of these calls.
        ended_at: Timestamp,
        /// Position up to which the log was read.
        through: Position,
    },
    /// Adds the dials and answers per hour counted after `after`, its current position, up to `through`.
    LearnTimes {
        counted: Box<CountedTimes>,
        after: Position,
        through: Position,
    },
    /// Promotes the campaign to the next stage. In that stage already: no event.
    Promote {
        to: Stage,
        reason: String,
        evidence: Box<Evidence>,
        /// Who requested and approved the promotion, if the campaign requires an approval.
        four_eyes: Option<Box<FourEyes>>,
    },
    /// A request about an offer of preview dialing.
    #[command(nested)]
    Preview(PreviewCommand),
    RaiseAlert {
        alert: String,
        detail: String,
    },
    /// Replaces the campaign's targets. The same targets again make no event.
    SetTargets {
        targets: Vec<Target>,
        by: Option<String>,
    },
    /// Changes hours, concurrency, retries or the share of the lines. Without a difference: no event.
    ChangePlan(Box<PlanChange>),
    /// Freezes the segment. The same segment with the same customers again: no event.
    FreezeSegment(Box<FrozenSegment>),
    /// Begins the anonymization of its persons; under way already: no event.
    BeginAnonymization {
        reason: String,
        four_eyes: Option<Box<FourEyes>>,
    },
    /// Completes the anonymization: all persons were checked.
    CompleteAnonymization {
        counts: AnonymizedCounts,
    },
    /// Completes the campaign. The outreach driver counted `settled` enrolments at a position of the
    /// worklist.
    Complete {
        settled: u64,
        position: Position,
    },
}

/// Requests about offers of preview dialing.
#[derive(Debug, Clone, PartialEq, Eq, derive::CommandName)]
#[command(aggregate = "campaign")]
pub enum PreviewCommand {
    /// Offers a person to an agent. If the agent has this offer already: no event.
    #[command(name = "offer_preview")]
    Offer {
        agent: UserId,
        customer: CustomerId,
        /// The imported holiday calendars, if the plan has calling days.
        calendars: Calendars,
    },
    /// The agent accepts the call, which must be the person's next one. Accepted already: no event.
    #[command(name = "accept_preview")]
    Accept {
        agent: UserId,
        customer: CustomerId,
        call: CallId,
    },
    /// The agent skips the offered person.
    #[command(name = "skip_preview")]
    Skip {
        agent: UserId,
        customer: CustomerId,
        reason: String,
    },
    /// Withdraws all offers. If none is open: no event.
    #[command(name = "withdraw_previews")]
    Withdraw { reason: String },
}
