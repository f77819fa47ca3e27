//! The snapshot of live figures: its position and time, and the figures of the last five minutes and the last
//! hour.

use super::engines::EngineFigures;
use super::{Counts, LiveFigures, STRETCH_MICROS, TimeSlotCounts};
use crate::ratio::ratio;
use domain::disposition::Disposition;
use domain::ids::CampaignId;
use domain::stored_event::Position;
use domain::time::Timestamp;
use serde::Serialize;
use std::collections::BTreeMap;

/// The short window, for alerts and for figures that change fast: five minutes (REP-6).
pub(super) const SHORT_WINDOW_MS: u64 = 300_000;

/// The stage that an open call has reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CallStage {
    /// Permitted and not yet dialed.
    Permitted,
    Dialing,
    Ringing,
    Talking,
    Transferring,
}

/// All live figures of the process at one position of the log.
#[derive(Debug, Clone, PartialEq, Serialize, schemars::JsonSchema)]
pub struct LiveSnapshot {
    /// The position of the last event in the figures.
    #[serde(serialize_with = "Position::as_text")]
    #[schemars(with = "String")]
    pub position: Position,
    pub recorded_at: Option<Timestamp>,
    /// The time of the snapshot, by the clock of this process.
    pub shown_at: Timestamp,
    /// Number of open calls by stage.
    #[schemars(extend(
        "propertyNames" = { "enum": ["permitted", "dialing", "ringing", "talking", "transferring"] },
        "examples" = [{ "talking": 3 }]
    ))]
    pub open: BTreeMap<CallStage, u64>,
    pub last_5_minutes: WindowFigures,
    pub last_hour: WindowFigures,
    pub campaigns: Vec<CampaignFigures>,
    pub trunks: Vec<TrunkFigures>,
    /// Speech engines with the figures of their last calls; engines that no call used in the last hour are
    /// absent.
    pub engines: Vec<EngineFigures>,
    /// Number of calls and campaigns that were dropped because the memory limit was reached.
    pub forgotten: u64,
}

/// Live figures of one campaign.
#[derive(Debug, Clone, PartialEq, Serialize, schemars::JsonSchema)]
pub struct CampaignFigures {
    pub campaign: CampaignId,
    #[schemars(extend(
        "propertyNames" = { "enum": ["permitted", "dialing", "ringing", "talking", "transferring"] },
        "examples" = [{ "talking": 3 }]
    ))]
    pub open: BTreeMap<CallStage, u64>,
    pub last_5_minutes: WindowFigures,
    pub last_hour: WindowFigures,
}

/// Live figures of one trunk.
#[derive(Debug, Clone, PartialEq, Serialize, schemars::JsonSchema)]
pub struct TrunkFigures {
    pub trunk: String,
    /// Number of failures caused by the trunk since it last carried a call.
    pub failures_in_row: u64,
    /// Number of its last answered calls in a row in which keypresses could not arrive.
    pub keyless_in_row: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_failure_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_failure: Option<Disposition>,
    pub last_5_minutes: WindowFigures,
    pub last_hour: WindowFigures,
}

/// Figures of the calls dialed in a window, by the time of their first leg. Ratios are per call, and `null`
/// if the denominator is 0.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, schemars::JsonSchema)]
pub struct WindowFigures {
    pub dialed: u64,
    pub answered: u64,
    /// Calls that ended and were answered by a person: not by a machine or a screening assistant, and not
    /// hung up at once.
    pub person_answered: u64,
    pub ended: u64,
    /// Calls that were answered, or that ended without an answer; the denominator of `settled_answer_ratio`.
    pub settled: u64,
    /// 接通率（按呼叫，含应答机）: answered ÷ dialed, the formula of `answer_ratio_per_call` v1.
    pub answer_ratio: Option<f64>,
    /// 接通率（按呼叫，仅真人）: the formula of `answer_ratio_per_call` v2, by how calls ended; later corrections are not
    /// applied.
    pub answer_ratio_people: Option<f64>,
    /// 接通率（按呼叫，仅计已有结果者）: answered ÷ settled. It differs from the metric `answer_ratio_per_call`, in which
    /// calls may still be ringing: over five minutes, those would lower the ratio.
    pub settled_answer_ratio: Option<f64>,
    /// 平均通话时长: mean talk time of ended calls that were answered, in milliseconds.
    pub talk_ms_mean: Option<f64>,
    pub conversions: u64,
    /// Calls that the watchdog ended, because the process that ran them did not.
    pub left_over: u64,
    /// Number of sensitive words of the campaigns' lists that were said or written.
    pub sensitive_words: u64,
    /// Calls in which the callee sounded angry, in campaigns that measure it.
    pub angry_calls: u64,
    /// 转化率: conversions ÷ answered calls that ended.
    pub conversion_ratio: Option<f64>,
    /// The counts from which the figures are computed; several windows are added by them.
    #[serde(skip)]
    pub counts: Counts,
}

impl WindowFigures {
    fn of<'a>(all: impl Iterator<Item = &'a Counts>) -> Self {
        let mut sum = Counts::default();
        for counts in all {
            sum.add(counts);
        }
        let [
            dialed,
            answered,
            ended,
            talked,
            talk_ms,
            conversions,
            person_answered,
        ] = sum.calls.values().map(|count| u64::try_from(count).unwrap_or(0));
        let settled = answered + sum.ended_unanswered;
        Self {
            dialed,
            answered,
            person_answered,
            ended,
            settled,
            answer_ratio: ratio(answered, dialed),
            answer_ratio_people: ratio(person_answered, dialed),
            settled_answer_ratio: ratio(answered, settled),
            talk_ms_mean: ratio(talk_ms, talked),
            conversions,
            left_over: sum.left_over,
            sensitive_words: sum.sensitive_words,
            angry_calls: sum.angry_calls,
            conversion_ratio: ratio(conversions, talked),
            counts: sum,
        }
    }
}

impl LiveSnapshot {
    /// Returns the snapshot of some campaigns only. Trunks and engines are left out, because they serve all
    /// campaigns.
    pub fn of_campaigns(&self, admits: impl Fn(&CampaignId) -> bool) -> Self {
        let campaigns = self.campaigns.iter().filter(|one| admits(&one.campaign));
        let campaigns: Vec<CampaignFigures> = campaigns.cloned().collect();
        let mut open: BTreeMap<CallStage, u64> = BTreeMap::new();
        for (place, count) in campaigns.iter().flat_map(|one| &one.open) {
            *open.entry(*place).or_default() += count;
        }
        let all = |of: fn(&CampaignFigures) -> &WindowFigures| {
            WindowFigures::of(campaigns.iter().map(|one| &of(one).counts))
        };
        Self {
            position: self.position,
            recorded_at: self.recorded_at,
            shown_at: self.shown_at,
            open,
            last_5_minutes: all(|one| &one.last_5_minutes),
            last_hour: all(|one| &one.last_hour),
            campaigns,
            trunks: Vec::new(),
            engines: Vec::new(),
            forgotten: self.forgotten,
        }
    }
}

fn window(stretches: &TimeSlotCounts, now: Timestamp, window_ms: u64) -> WindowFigures {
    let width = i64::try_from(window_ms).unwrap_or(i64::MAX).saturating_mul(1_000);
    // A time slot belongs to the window while any part of it does.
    let oldest = now.micros().saturating_sub(width).saturating_sub(STRETCH_MICROS);
    WindowFigures::of(stretches.range(oldest + 1..).map(|(_, counts)| counts))
}

impl LiveFigures {
    /// Returns the figures at `now`.
    pub fn snapshot(&self, now: Timestamp) -> LiveSnapshot {
        let mut open: BTreeMap<CallStage, u64> = BTreeMap::new();
        let mut open_of: BTreeMap<&CampaignId, BTreeMap<CallStage, u64>> = BTreeMap::new();
        for call in self.calls.values() {
            *open.entry(call.place).or_default() += 1;
            *open_of
                .entry(&call.campaign)
                .or_default()
                .entry(call.place)
                .or_default() += 1;
        }
        let mut campaigns: BTreeMap<&CampaignId, CampaignFigures> = BTreeMap::new();
        let names = self.campaigns.keys().chain(open_of.keys().copied());
        for campaign in names {
            let none = TimeSlotCounts::new();
            let stretches = self.campaigns.get(campaign).unwrap_or(&none);
            let figures = CampaignFigures {
                campaign: campaign.clone(),
                open: open_of.get(campaign).cloned().unwrap_or_default(),
                last_5_minutes: window(stretches, now, SHORT_WINDOW_MS),
                last_hour: window(stretches, now, super::KEPT_MS),
            };
            campaigns.insert(campaign, figures);
        }
        LiveSnapshot {
            position: self.position,
            recorded_at: self.recorded_at,
            shown_at: now,
            open,
            last_5_minutes: self.together(now, SHORT_WINDOW_MS),
            last_hour: self.together(now, super::KEPT_MS),
            campaigns: campaigns.into_values().collect(),
            trunks: self.trunks(now),
            engines: self.engines.shown(),
            forgotten: self.forgotten,
        }
    }

    /// Returns the figures of all campaigns together over the last `window_ms` milliseconds.
    fn together(&self, now: Timestamp, window_ms: u64) -> WindowFigures {
        let mut all = TimeSlotCounts::new();
        for (at, counts) in self.campaigns.values().flatten() {
            let sum = all.entry(*at).or_default();
            sum.add(counts);
        }
        window(&all, now, window_ms)
    }

    fn trunks(&self, now: Timestamp) -> Vec<TrunkFigures> {
        let shown = self.trunks.iter().map(|(name, trunk)| TrunkFigures {
            trunk: name.clone(),
            failures_in_row: trunk.failures_in_row,
            keyless_in_row: trunk.keyless_in_row,
            last_failure_at: trunk.last_failure.map(|(at, _)| at),
            last_failure: trunk.last_failure.map(|(_, disposition)| disposition),
            last_5_minutes: window(&trunk.stretches, now, SHORT_WINDOW_MS),
            last_hour: window(&trunk.stretches, now, super::KEPT_MS),
        });
        shown.collect()
    }
}
