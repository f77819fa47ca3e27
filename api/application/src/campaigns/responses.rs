//! The replies about campaigns: plan with defaults, status and headline figures.

use super::quotas::QuotaResponse;
use crate::as_of::PastMomentInfo;
use crate::figures::{Completeness, MetricVersions, PeopleFigures};
use domain::calling_plan::{Basis, CallingPlan, DuplicatePolicy, FlowRef, Preset, RetryPolicy};
use domain::campaign::event::PauseReason;
use domain::campaign::{CampaignState, CampaignStatus, CreatedCampaign, Gates};
use domain::compliance::{WindowOpening, opening, zone_of_campaign};
use domain::go_live::{PILOT_CALLS_PER_DAY_MAX, Stage, TEST_PEOPLE_MAX};
use domain::ids::CampaignId;
use domain::running_plan::RunningPlan;
use domain::seller::Seller;
use domain::time::{TimeOfDay, Timestamp};
use schemars::JsonSchema;
use serde::Serialize;

/// One campaign as shown over the API.
#[derive(Debug, Serialize, JsonSchema)]
pub struct CampaignResponse {
    pub task_id: CampaignId,
    pub id: CampaignId,
    pub status: Option<CampaignStatus>,
    /// Customers enrolled, by the closed lists' own counts.
    pub enrolled: u64,
    pub open_lists: usize,
    #[serde(flatten)]
    pub created: Option<CampaignPlanResponse>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pause_reason: Option<PauseReason>,
    /// True if the campaign was started and waits for its start time or for another campaign.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub start_scheduled: bool,
    /// Whether the calling hours are open now. Absent for questions about the past and for campaigns that
    /// are over.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hours: Option<CallingHoursResponse>,
    /// The go-live stage, if the campaign goes live in stages.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stage: Option<StageResponse>,
    /// The campaign's quotas with their counts.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub quotas: Vec<QuotaResponse>,
    #[serde(flatten)]
    pub headed: Option<CampaignFiguresResponse>,
    /// For a question about the past: the log position and time up to which this reply was computed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub known: Option<PastMomentInfo>,
}

/// Whether a campaign's calling hours are open: its own hours within those of its preset. Days off depend
/// on each customer and are not considered.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case", tag = "state")]
pub enum CallingHoursResponse {
    Open,
    Closed {
        opens_at: Timestamp,
    },
    /// The hours depend on each customer's time zone.
    ByPerson,
    /// The hours do not open again before the campaign's end.
    Never,
}

impl CallingHoursResponse {
    pub fn of(plan: &CallingPlan, now: Timestamp) -> Self {
        match opening(plan, now) {
            WindowOpening::At(at) if at <= now => Self::Open,
            WindowOpening::At(opens_at) => Self::Closed { opens_at },
            WindowOpening::ByPerson => Self::ByPerson,
            WindowOpening::Never => Self::Never,
        }
    }
}

/// The go-live stage of a campaign, and how much of the stage's limit is used.
#[derive(Debug, Serialize, JsonSchema)]
pub struct StageResponse {
    pub stage: Stage,
    #[schemars(example = &"测试")]
    stage_zh: &'static str,
    /// The next stage. Null after the full stage.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<Stage>,
    /// In the test stage: customers admitted so far, and the limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    people_admitted: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    people_max: Option<u32>,
    /// In the pilot stage: calls of today, and the limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    calls_today: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    calls_per_day_max: Option<u32>,
    /// Why no further customers are dialed now. Null while dialing may go on.
    #[serde(skip_serializing_if = "Option::is_none")]
    waiting: Option<StageWaitResponse>,
}

/// The reason why a stage admits no further dials.
#[derive(Debug, Serialize, JsonSchema)]
struct StageWaitResponse {
    #[schemars(example = &"测试阶段的 200 条名单已用完,其余等待任务进入试点")]
    zh: String,
    #[schemars(example = &"under test the campaign calls its first 200 people")]
    en: String,
    /// Time at which dialing continues by itself. Null in the test stage, which needs a promotion.
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<Timestamp>,
}

impl StageResponse {
    /// Returns the go-live stage; `None` for a campaign without stages, which is fully live from its start.
    pub fn of(gates: &Gates, now: Timestamp) -> Option<Self> {
        let stage = gates.stage()?;
        let (is_test, is_pilot) = (stage == Stage::Test, stage == Stage::Pilot);
        Some(Self {
            stage,
            stage_zh: stage.label_zh(),
            next: gates.next(),
            people_admitted: is_test.then(|| gates.admitted_count()),
            people_max: is_test.then_some(TEST_PEOPLE_MAX),
            calls_today: is_pilot.then(|| gates.calls_today(now)),
            calls_per_day_max: is_pilot.then_some(PILOT_CALLS_PER_DAY_MAX),
            waiting: gates.waiting(now).map(|waiting| StageWaitResponse {
                zh: waiting.label_zh(),
                en: waiting.to_string(),
                until: waiting.until(),
            }),
        })
    }
}

/// The plan of a campaign: as created, with the terms of the latest change.
#[derive(Debug, Serialize, JsonSchema)]
pub struct CampaignPlanResponse {
    #[serde(skip_serializing_if = "Option::is_none")]
    customer_segment: Option<String>,
    preset: Preset,
    /// Further presets that apply in addition.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    also_presets: Vec<Preset>,
    basis: Basis,
    purpose: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    ends_at: Option<Timestamp>,
    /// Time zone of the campaign's own hours.
    time_zone: &'static str,
    duplicates: DuplicatePolicy,
    flow: FlowRef,
    schedule: ScheduleResponse,
    retry_policy: RetryPolicy,
    /// Start time, list recycling, and the campaign's share of the lines.
    #[serde(skip_serializing_if = "Option::is_none")]
    running: Option<Box<RunningPlan>>,
    /// The company for which the campaign calls.
    #[serde(skip_serializing_if = "Option::is_none")]
    seller: Option<Box<Seller>>,
}

/// The calling hours and the concurrency limit.
#[derive(Debug, Serialize, JsonSchema)]
struct ScheduleResponse {
    start_time: TimeOfDay,
    end_time: TimeOfDay,
    /// Breaks as pairs of start and end; no calls are made in them.
    rests: Vec<(TimeOfDay, TimeOfDay)>,
    max_concurrent: u32,
}

impl CampaignPlanResponse {
    pub fn of(created: &CreatedCampaign) -> Self {
        let plan = &created.plan;
        Self {
            customer_segment: created.customer_segment.clone(),
            preset: plan.preset,
            also_presets: plan.also_presets.clone(),
            basis: plan.basis,
            purpose: plan.purpose.clone(),
            ends_at: plan.ends_at,
            time_zone: zone_of_campaign(plan.preset).name(),
            duplicates: plan.duplicates(),
            flow: created.flow.clone(),
            schedule: ScheduleResponse {
                start_time: plan.window.start,
                end_time: plan.window.end,
                rests: plan.window.rests.clone(),
                max_concurrent: plan.max_concurrent,
            },
            retry_policy: plan.retry_policy.clone(),
            running: plan.running.clone(),
            seller: plan.seller.clone(),
        }
    }
}

/// The figures of a campaign, and the versions of their definitions.
#[derive(Debug, Serialize, JsonSchema)]
pub struct CampaignFiguresResponse {
    #[serde(flatten)]
    pub progress: Progress,
    pub versions: MetricVersions,
}

/// Counts and headline figures of a campaign. A ratio is null if there was no call.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Progress {
    pub waiting: u64,
    pub open: u64,
    pub settled: u64,
    pub dialed: u64,
    pub answered: u64,
    pub calls_ended: u64,
    pub answer_ratio: Option<f64>,
    pub talk_ms_mean: Option<f64>,
    pub conversion_ratio: Option<f64>,
    #[serde(flatten)]
    pub people: PeopleFigures,
    pub alerts: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(example = &"trunk_unreachable")]
    pub last_alert: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(example = &"trunk-1 answers nothing")]
    pub last_alert_detail: Option<String>,
}

/// One campaign in the list.
#[derive(Debug, Serialize, JsonSchema)]
pub struct CampaignListed {
    #[serde(flatten)]
    pub progress: Progress,
    pub id: CampaignId,
    pub task_id: CampaignId,
    #[schemars(with = "CampaignStatus")]
    pub status: String,
    #[schemars(with = "Preset")]
    pub preset: String,
    pub enrolled: u64,
    /// For a running or paused campaign: what may keep it from dialing now.
    #[serde(flatten)]
    pub now: Option<DialingConditions>,
}

/// What may keep a campaign from dialing at this moment.
#[derive(Debug, Serialize, JsonSchema)]
pub struct DialingConditions {
    #[serde(skip_serializing_if = "Option::is_none")]
    hours: Option<CallingHoursResponse>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pause_reason: Option<PauseReason>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stage: Option<StageResponse>,
    /// Time zone of the campaign's own hours.
    #[serde(skip_serializing_if = "Option::is_none")]
    time_zone: Option<&'static str>,
}

impl DialingConditions {
    pub fn of(state: &CampaignState, now: Timestamp) -> Self {
        let plan = state.plan();
        Self {
            hours: plan.map(|plan| CallingHoursResponse::of(plan, now)),
            pause_reason: state.pause_reason().cloned(),
            stage: StageResponse::of(state.gates(), now),
            time_zone: plan.map(|plan| zone_of_campaign(plan.preset).name()),
        }
    }
}

/// All campaigns, and the versions of their figures' definitions.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Campaigns {
    pub items: Vec<CampaignListed>,
    pub versions: MetricVersions,
    /// Log position and time of the figures.
    #[serde(flatten)]
    pub completeness: Completeness,
}

impl Campaigns {
    /// Removes the campaigns for which `is_in_scope` returns false.
    pub fn hold_to(&mut self, is_in_scope: impl Fn(&CampaignId) -> bool) {
        self.items.retain(|item| is_in_scope(&item.id));
    }
}
