//! What is shown of campaigns: as asked for with its defaults, where it stands, and its headline figures.

use super::quotas::QuotaShown;
use crate::as_of::Known;
use crate::figures::{People, Stands, Versions};
use domain::calling_plan::{Basis, CallingPlan, Duplicates, FlowRef, Preset, RetryPolicy};
use domain::campaign::event::PauseReason;
use domain::campaign::{CampaignState, CampaignStatus, CreatedCampaign, Gates};
use domain::compliance::{Opening, opening, zone_of_campaign};
use domain::go_live::{PILOT_CALLS_PER_DAY_MAX, Stage, TEST_PEOPLE_MAX};
use domain::ids::CampaignId;
use domain::running_plan::RunningPlan;
use domain::seller::Seller;
use domain::time::{TimeOfDay, Timestamp};
use schemars::JsonSchema;
use serde::Serialize;

/// One campaign.
#[derive(Debug, Serialize, JsonSchema)]
pub struct CampaignShown {
    pub task_id: CampaignId,
    pub id: CampaignId,
    pub status: Option<CampaignStatus>,
    /// By the closed lists' own counts.
    pub enrolled: u64,
    pub open_lists: usize,
    #[serde(flatten)]
    pub created: Option<Created>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pause_reason: Option<PauseReason>,
    /// Told to start, and waiting for its time or for another campaign.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub start_scheduled: bool,
    /// Whether its hours are open now; not of the past, nor of one that is over.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hours: Option<HoursShown>,
    /// How far it has gone live, of one that does so in stages.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stage: Option<StageShown>,
    /// How its quotas stand.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub quotas: Vec<QuotaShown>,
    #[serde(flatten)]
    pub headed: Option<Headed>,
    /// Of the past: where the answer lies.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub known: Option<Known>,
}

/// Whether the hours of a campaign are open: its own within its preset's. Days off are each person's to be
/// asked about.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case", tag = "state")]
pub enum HoursShown {
    Open,
    Closed {
        opens_at: Timestamp,
    },
    /// The zone of each person says it.
    ByPerson,
    /// They open no more before its end.
    Never,
}

impl HoursShown {
    pub fn of(plan: &CallingPlan, now: Timestamp) -> Self {
        match opening(plan, now) {
            Opening::At(at) if at <= now => Self::Open,
            Opening::At(opens_at) => Self::Closed { opens_at },
            Opening::ByPerson => Self::ByPerson,
            Opening::Never => Self::Never,
        }
    }
}

/// How far a campaign has gone live, and what of its stage is used up.
#[derive(Debug, Serialize, JsonSchema)]
pub struct StageShown {
    pub stage: Stage,
    #[schemars(example = &"测试")]
    stage_zh: &'static str,
    /// The stage that follows; none once it is full.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<Stage>,
    /// People whom a test admitted, and the most it admits.
    #[serde(skip_serializing_if = "Option::is_none")]
    people_admitted: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    people_max: Option<u32>,
    /// Calls of a pilot's day, and the most it has.
    #[serde(skip_serializing_if = "Option::is_none")]
    calls_today: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    calls_per_day_max: Option<u32>,
    /// Why nobody further is dialed now.
    #[serde(skip_serializing_if = "Option::is_none")]
    waiting: Option<WaitingShown>,
}

/// Why a stage lets nobody further be dialed.
#[derive(Debug, Serialize, JsonSchema)]
struct WaitingShown {
    #[schemars(example = &"测试阶段的 200 条名单已用完,其余等待任务进入试点")]
    zh: String,
    #[schemars(example = &"under test the campaign calls its first 200 people")]
    en: String,
    /// When it goes on by itself; a test does not.
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<Timestamp>,
}

impl StageShown {
    /// Nothing of a campaign that is fully live from its start.
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
            waiting: gates.waiting(now).map(|waiting| WaitingShown {
                zh: waiting.label_zh(),
                en: waiting.to_string(),
                until: waiting.until(),
            }),
        })
    }
}

/// What a campaign was created with, and the terms of the last change of its plan.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Created {
    #[serde(skip_serializing_if = "Option::is_none")]
    customer_segment: Option<String>,
    preset: Preset,
    /// Further ones that bind beside it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    also_presets: Vec<Preset>,
    basis: Basis,
    purpose: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    ends_at: Option<Timestamp>,
    /// In which its own times are meant.
    time_zone: &'static str,
    duplicates: Duplicates,
    flow: FlowRef,
    schedule: ScheduleShown,
    retry_policy: RetryPolicy,
    /// When it begins, who comes back, and its part of lines.
    #[serde(skip_serializing_if = "Option::is_none")]
    running: Option<Box<RunningPlan>>,
    /// On whose behalf it calls.
    #[serde(skip_serializing_if = "Option::is_none")]
    seller: Option<Box<Seller>>,
}

/// When, and how many at once.
#[derive(Debug, Serialize, JsonSchema)]
struct ScheduleShown {
    start_time: TimeOfDay,
    end_time: TimeOfDay,
    /// Pairs: nobody is called between them.
    rests: Vec<(TimeOfDay, TimeOfDay)>,
    max_concurrent: u32,
}

impl Created {
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
            schedule: ScheduleShown {
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

/// Where a campaign stands, with its headline figures and what they are.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Headed {
    #[serde(flatten)]
    pub progress: Progress,
    pub versions: Versions,
}

/// Where the enrolments and calls of a campaign stand; a ratio is null of no call.
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
    pub people: People,
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
    /// Of one that runs or is paused, now: what may keep it from dialing.
    #[serde(flatten)]
    pub now: Option<ListedNow>,
}

/// What may keep a campaign from dialing at this moment.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ListedNow {
    #[serde(skip_serializing_if = "Option::is_none")]
    hours: Option<HoursShown>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pause_reason: Option<PauseReason>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stage: Option<StageShown>,
    /// In which its own times are meant.
    #[serde(skip_serializing_if = "Option::is_none")]
    time_zone: Option<&'static str>,
}

impl ListedNow {
    pub fn of(state: &CampaignState, now: Timestamp) -> Self {
        let plan = state.plan();
        Self {
            hours: plan.map(|plan| HoursShown::of(plan, now)),
            pause_reason: state.pause_reason().cloned(),
            stage: StageShown::of(state.gates(), now),
            time_zone: plan.map(|plan| zone_of_campaign(plan.preset).name()),
        }
    }
}

/// All campaigns, and what their figures are.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Campaigns {
    pub items: Vec<CampaignListed>,
    pub versions: Versions,
    /// As of when they are.
    #[serde(flatten)]
    pub stands: Stands,
}

impl Campaigns {
    /// Of others nothing is told.
    pub fn hold_to(&mut self, is_in_scope: impl Fn(&CampaignId) -> bool) {
        self.items.retain(|item| is_in_scope(&item.id));
    }
}
