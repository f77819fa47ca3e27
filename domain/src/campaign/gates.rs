//! Stages of going live: the customers of a test, the calls of a pilot's day, and promotions, which need
//! evidence.
//!
//! Guarantees: everything is counted from the campaign's own events. In the test stage the grants name the
//! first 200 customers, and only they are dialed, however often. A pilot's day counts the calls granted on
//! it, less those reported as never begun; dials lost in a crash count.

use super::refusal::CampaignRefusal;
use crate::calling_plan::CallingPlan;
use crate::compliance::zone_of_campaign;
use crate::promotion::Evidence;
use crate::time::Timestamp;
use chrono::{Days, NaiveDate, NaiveTime, TimeZone};
use chrono_tz::Tz;
use std::collections::BTreeSet;
use std::fmt;
use values::go_live::{PILOT_CALLS_PER_DAY_MAX, Stage, StagePlan, TEST_PEOPLE_MAX};
use values::ids::CustomerId;

/// How long a granted batch may start dials, in milliseconds (compliance: at most 1 s), so that a pause
/// takes effect within this time.
pub const BATCH_VALID_MS: u64 = 1_000;

/// One day in milliseconds.
const DAY_MS: u64 = 86_400_000;

/// The reason why a campaign's stage permits no further dial now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StageWaitReason {
    /// All customers of the test are named, and none of them is due.
    TestIsFull,
    /// The calls of the pilot's day are placed.
    DayIsFull { until: Timestamp },
}

impl StageWaitReason {
    pub const fn until(self) -> Option<Timestamp> {
        match self {
            Self::TestIsFull => None,
            Self::DayIsFull { until } => Some(until),
        }
    }
    pub fn label_zh(self) -> String {
        match self {
            Self::TestIsFull => format!("测试阶段的 {TEST_PEOPLE_MAX} 条名单已用完,其余等待任务进入试点"),
            Self::DayIsFull { until } => {
                format!("试点阶段今天的 {PILOT_CALLS_PER_DAY_MAX} 通呼叫已用完,{until} 起继续")
            }
        }
    }
}

impl fmt::Display for StageWaitReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TestIsFull => write!(
                f,
                "in the test stage the campaign calls \
                 its first {TEST_PEOPLE_MAX} customers; the others wait until it is promoted to a pilot"
            ),
            Self::DayIsFull { until } => write!(
                f,
                "a pilot places at most {PILOT_CALLS_PER_DAY_MAX} calls a day and today's limit is reached; \
                 the next calls start at {until}"
            ),
        }
    }
}

/// The go-live stage of a campaign, and how much of the stage's limit is used.
#[derive(Debug, Clone, Default)]
pub struct Gates {
    /// `None` if the campaign is fully live from its start.
    staged: Option<StageProgress>,
}

#[derive(Debug, Clone)]
struct StageProgress {
    plan: StagePlan,
    stage: Stage,
    /// The time zone of the pilot's days.
    zone: Tz,
    /// The customers that a test may call.
    admitted: BTreeSet<CustomerId>,
    day: Option<NaiveDate>,
    calls_of_day: u32,
    /// Calls answered in the stages before, by the evidence of the last promotion.
    answered_before: u64,
    /// When the campaign was promoted to this stage.
    since: Option<Timestamp>,
}

/// The part of a request for a batch of dials that the stage needs.
pub(super) struct StageBatchRequest {
    pub(super) wanted: u32,
    pub(super) people: Vec<CustomerId>,
    pub(super) unused: Vec<Timestamp>,
}

/// The part of a requested batch that the stage permits.
#[derive(Debug)]
pub(super) struct AdmittedBatch {
    pub(super) count: u32,
    pub(super) admitted: Vec<CustomerId>,
    pub(super) unused: u32,
}

impl Gates {
    pub(super) fn of(plan: &CallingPlan) -> Self {
        let staged = plan.stages.map(|stages| StageProgress {
            plan: stages,
            stage: stages.from,
            zone: zone_of_campaign(plan.preset),
            admitted: BTreeSet::new(),
            day: None,
            calls_of_day: 0,
            answered_before: 0,
            since: None,
        });
        Self { staged }
    }

    /// Returns the campaign's stage; `None` if it was fully live from its start.
    pub fn stage(&self) -> Option<Stage> {
        self.staged.as_ref().map(|staged| staged.stage)
    }

    pub(super) fn plan(&self) -> Option<StagePlan> {
        self.staged.as_ref().map(|staged| staged.plan)
    }

    /// Returns the number of answered calls in the stages before this one, by the evidence of the last
    /// promotion.
    pub(super) fn answered_before(&self) -> u64 {
        self.staged.as_ref().map_or(0, |staged| staged.answered_before)
    }

    /// Returns true in the test stage: only admitted customers may be called.
    pub fn is_test(&self) -> bool {
        self.stage() == Some(Stage::Test)
    }

    /// Returns true if granted dials that were not started must be reported: only in the pilot stage, which
    /// counts them.
    pub fn counts_dials(&self) -> bool {
        self.stage() == Some(Stage::Pilot)
    }

    /// Returns the customers that the test stage has admitted so far; empty in other stages.
    pub fn admitted(&self) -> impl Iterator<Item = &CustomerId> {
        self.staged.iter().flat_map(|staged| &staged.admitted)
    }

    pub fn admitted_count(&self) -> usize {
        self.staged.as_ref().map_or(0, |staged| staged.admitted.len())
    }

    /// Returns true in the test stage once 200 customers are admitted.
    pub fn is_test_full(&self) -> bool {
        self.is_test() && self.left_to_admit() == 0
    }

    /// Returns true if this customer may be called now: always, except in the test stage, which calls only
    /// admitted customers.
    pub fn admits(&self, customer: &CustomerId) -> bool {
        !self.is_test()
            || self
                .staged
                .iter()
                .any(|staged| staged.admitted.contains(customer))
    }

    /// Returns the number of calls granted on the day of `now` (campaign's time zone), less those reported
    /// as never started.
    pub fn calls_today(&self, now: Timestamp) -> u32 {
        let of_today = self
            .staged
            .as_ref()
            .filter(|staged| staged.day == Some(staged.day_of(now)));
        of_today.map_or(0, |staged| staged.calls_of_day)
    }

    /// Returns why the stage permits no further dial now; `None` if it permits some.
    pub fn waiting(&self, now: Timestamp) -> Option<StageWaitReason> {
        let staged = self.staged.as_ref()?;
        match staged.stage {
            Stage::Test => self.is_test_full().then_some(StageWaitReason::TestIsFull),
            Stage::Pilot => {
                let is_full = self.calls_today(now) >= PILOT_CALLS_PER_DAY_MAX;
                is_full.then(|| StageWaitReason::DayIsFull {
                    until: staged.next_day(now),
                })
            }
            Stage::RollOut | Stage::Full => None,
        }
    }

    /// Returns the stage after the current one in the plan; `None` at the last stage and without stages.
    pub fn next(&self) -> Option<Stage> {
        let staged = self.staged.as_ref()?;
        staged.plan.after(staged.stage)
    }

    /// Returns the full days since the promotion to the current stage; 0 before any promotion.
    pub(super) fn days_in_stage(&self, now: Timestamp) -> u64 {
        let since = self.staged.as_ref().and_then(|staged| staged.since);
        since.map_or(0, |since| now.ms_since(since) / DAY_MS)
    }

    /// Returns how many of these batches, given by the ends of their validity, were granted on the day of
    /// `now`.
    pub fn of_today(&self, batches: &[Timestamp], now: Timestamp) -> usize {
        self.staged.as_ref().map_or(0, |staged| {
            let today = staged.day_of(now);
            let granted = batches.iter().map(|until| until.minus_ms(BATCH_VALID_MS));
            granted.filter(|at| staged.day_of(*at) == today).count()
        })
    }

    fn left_to_admit(&self) -> usize {
        let max = usize::try_from(TEST_PEOPLE_MAX).unwrap_or(usize::MAX);
        max.saturating_sub(self.admitted_count())
    }

    /// Returns the part of a requested batch that the stage permits. Refused if it permits none.
    pub(super) fn pass(
        &self,
        asking: StageBatchRequest,
        now: Timestamp,
    ) -> Result<AdmittedBatch, CampaignRefusal> {
        match &self.staged {
            Some(staged) if staged.stage == Stage::Test => self.pass_test(asking),
            Some(staged) if staged.stage == Stage::Pilot => {
                let unused = self.of_today(&asking.unused, now);
                staged.pass_pilot(asking.wanted, unused, self.calls_today(now), now)
            }
            Some(_) | None => Ok(AdmittedBatch {
                count: asking.wanted,
                admitted: Vec::new(),
                unused: 0,
            }),
        }
    }

    /// Permits due customers in order, up to the wanted number: those admitted already, and new ones while
    /// the test has room. Refused if there is none.
    fn pass_test(&self, asking: StageBatchRequest) -> Result<AdmittedBatch, CampaignRefusal> {
        let mut left = self.left_to_admit();
        let mut count = 0_u32;
        let mut admitted = BTreeSet::new();
        for customer in asking.people {
            if count >= asking.wanted {
                break;
            }
            if self.admits(&customer) {
                count = count.saturating_add(1);
            } else if left > 0 && admitted.insert(customer) {
                left = left.saturating_sub(1);
                count = count.saturating_add(1);
            }
        }
        if count == 0 {
            return Err(CampaignRefusal::Staged(StageWaitReason::TestIsFull));
        }
        Ok(AdmittedBatch {
            count,
            admitted: admitted.into_iter().collect(),
            unused: 0,
        })
    }

    pub(super) fn granted(&mut self, count: u32, admitted: &[CustomerId], unused: u32, at: Timestamp) {
        let Some(staged) = &mut self.staged else {
            return;
        };
        staged.admitted.extend(admitted.iter().cloned());
        let day = staged.day_of(at);
        if staged.day != Some(day) {
            staged.day = Some(day);
            staged.calls_of_day = 0;
        }
        staged.calls_of_day = staged.calls_of_day.saturating_sub(unused).saturating_add(count);
    }

    /// Enters the next stage and resets the stage's admitted customers.
    pub(super) fn promoted(&mut self, to: Stage, evidence: &Evidence, at: Timestamp) {
        if let Some(staged) = &mut self.staged {
            staged.since = Some(at);
            staged.stage = to;
            staged.answered_before = evidence.answered;
            staged.admitted = BTreeSet::new();
        }
    }
}

impl StageProgress {
    fn day_of(&self, at: Timestamp) -> NaiveDate {
        at.to_utc().with_timezone(&self.zone).date_naive()
    }

    /// Returns the next midnight in the campaign's zone; 24 hours from now if that day has no midnight.
    fn next_day(&self, now: Timestamp) -> Timestamp {
        let midnight = self.day_of(now).checked_add_days(Days::new(1)).and_then(|day| {
            let local = self.zone.from_local_datetime(&day.and_time(NaiveTime::MIN));
            local.earliest()
        });
        midnight.map_or(now.plus_ms(DAY_MS), |at| {
            Timestamp::from_micros(at.timestamp_micros())
        })
    }

    fn pass_pilot(
        &self,
        wanted: u32,
        unused: usize,
        today: u32,
        now: Timestamp,
    ) -> Result<AdmittedBatch, CampaignRefusal> {
        let unused = u32::try_from(unused).unwrap_or(u32::MAX).min(today);
        let left = PILOT_CALLS_PER_DAY_MAX.saturating_sub(today.saturating_sub(unused));
        if left == 0 {
            let until = self.next_day(now);
            return Err(CampaignRefusal::Staged(StageWaitReason::DayIsFull { until }));
        }
        Ok(AdmittedBatch {
            count: wanted.min(left),
            admitted: Vec::new(),
            unused,
        })
    }
}
