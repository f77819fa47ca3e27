//! What live figures show: a snapshot with the position and instant it stands at, and windows of the last
//! minutes.

use super::engines::EngineFigures;
use super::{Counts, LiveFigures, STRETCH_MICROS, Stretches};
use domain::disposition::Disposition;
use domain::ids::CampaignId;
use domain::stored_event::Position;
use domain::time::Timestamp;
use serde::Serialize;
use std::collections::BTreeMap;

/// The short window, for alerts and for what changes fast: five minutes (REP-6).
pub(super) const SHORT_WINDOW_MS: u64 = 300_000;

/// Where an open call is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CallPlace {
    /// Permitted, not yet dialed.
    Permitted,
    Dialing,
    Ringing,
    Talking,
    Transferring,
}

/// All figures at one position.
#[derive(Debug, Clone, PartialEq, Serialize, schemars::JsonSchema)]
pub struct LiveSnapshot {
    /// The last event in the figures, and when it was recorded.
    #[serde(serialize_with = "Position::as_text")]
    #[schemars(with = "String")]
    pub position: Position,
    pub recorded_at: Option<Timestamp>,
    /// Now, by the clock of this process.
    pub shown_at: Timestamp,
    /// Open calls by where they are.
    #[schemars(extend(
        "propertyNames" = { "enum": ["permitted", "dialing", "ringing", "talking", "transferring"] },
        "examples" = [{ "talking": 3 }]
    ))]
    pub open: BTreeMap<CallPlace, u64>,
    pub last_5_minutes: WindowFigures,
    pub last_hour: WindowFigures,
    pub campaigns: Vec<CampaignFigures>,
    pub trunks: Vec<TrunkFigures>,
    /// Engines of speech, by their last calls; one that no call has asked in the last hour is not here.
    pub engines: Vec<EngineFigures>,
    /// Calls and campaigns that did not fit into the memory of this process.
    pub forgotten: u64,
}

/// One campaign now.
#[derive(Debug, Clone, PartialEq, Serialize, schemars::JsonSchema)]
pub struct CampaignFigures {
    pub campaign: CampaignId,
    #[schemars(extend(
        "propertyNames" = { "enum": ["permitted", "dialing", "ringing", "talking", "transferring"] },
        "examples" = [{ "talking": 3 }]
    ))]
    pub open: BTreeMap<CallPlace, u64>,
    pub last_5_minutes: WindowFigures,
    pub last_hour: WindowFigures,
}

/// One trunk now.
#[derive(Debug, Clone, PartialEq, Serialize, schemars::JsonSchema)]
pub struct TrunkFigures {
    pub trunk: String,
    /// Failures that are the trunk's, since it last carried a call.
    pub failures_in_row: u64,
    /// Its last answered calls in a row in which keys had no way to arrive.
    pub keyless_in_row: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_failure_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_failure: Option<Disposition>,
    pub last_5_minutes: WindowFigures,
    pub last_hour: WindowFigures,
}

/// Calls whose first leg was dialed in a window. Ratios are per call, `null` over nothing.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, schemars::JsonSchema)]
pub struct WindowFigures {
    pub dialed: u64,
    pub answered: u64,
    /// Ended, and answered by a person: neither a machine nor a screening assistant, nor gone at once.
    pub person_answered: u64,
    pub ended: u64,
    /// Answered, or ended without an answer: what a ratio may be taken over.
    pub settled: u64,
    /// 接通率（按呼叫，含应答机）: answered ÷ dialed, the formula of `answer_ratio_per_call` v1.
    pub answer_ratio: Option<f64>,
    /// 接通率（按呼叫，仅真人）: that of v2, by how calls ended; a later correction does not move it here.
    pub answer_ratio_people: Option<f64>,
    /// 接通率（按呼叫，仅计已有结果者）: answered ÷ settled. Not the metric `answer_ratio_per_call`, whose calls
    /// may still ring: over five minutes those would pull it down.
    pub settled_answer_ratio: Option<f64>,
    /// 平均通话时长: over ended calls that were answered.
    pub talk_ms_mean: Option<f64>,
    pub conversions: u64,
    /// Ended by the watchdog, because the process that held them did not.
    pub left_over: u64,
    /// Calls in which a word of a campaign's lists was said.
    pub sensitive_words: u64,
    /// Calls in which the callee sounded angry, of campaigns that measure it.
    pub angry_calls: u64,
    /// 转化率: conversions ÷ answered calls that ended.
    pub conversion_ratio: Option<f64>,
    /// What all of these are made of; several windows add up by it.
    #[serde(skip)]
    pub counts: Counts,
}

impl WindowFigures {
    fn of<'a>(all: impl Iterator<Item = &'a Counts>) -> Self {
        let mut sum = Counts::default();
        for counts in all {
            sum.add(counts);
        }
        let settled = sum.answered + sum.ended_unanswered;
        Self {
            dialed: sum.dialed,
            answered: sum.answered,
            person_answered: sum.person_answered,
            ended: sum.ended,
            settled,
            answer_ratio: ratio(sum.answered, sum.dialed),
            answer_ratio_people: ratio(sum.person_answered, sum.dialed),
            settled_answer_ratio: ratio(sum.answered, settled),
            talk_ms_mean: ratio(sum.talk_ms, sum.talked),
            conversions: sum.conversions,
            left_over: sum.left_over,
            sensitive_words: sum.sensitive_words,
            angry_calls: sum.angry_calls,
            conversion_ratio: ratio(sum.conversions, sum.talked),
            counts: sum,
        }
    }
}

impl LiveSnapshot {
    /// The same of some campaigns alone. Trunks and engines carry everybody's calls, so they are left out.
    pub fn of_campaigns(&self, admits: impl Fn(&CampaignId) -> bool) -> Self {
        let campaigns = self.campaigns.iter().filter(|one| admits(&one.campaign));
        let campaigns: Vec<CampaignFigures> = campaigns.cloned().collect();
        let mut open: BTreeMap<CallPlace, u64> = BTreeMap::new();
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

/// Exact below 2^53, far beyond any count of an hour.
fn ratio(numerator: u64, denominator: u64) -> Option<f64> {
    let float = |value: u64| {
        let (high, low) = (value >> 32, value & 0xffff_ffff);
        let part = |part: u64| f64::from(u32::try_from(part).unwrap_or(u32::MAX));
        part(high).mul_add(4_294_967_296.0, part(low))
    };
    (denominator > 0).then(|| float(numerator) / float(denominator))
}

fn window(stretches: &Stretches, now: Timestamp, window_ms: u64) -> WindowFigures {
    let width = i64::try_from(window_ms).unwrap_or(i64::MAX).saturating_mul(1_000);
    // A stretch belongs to the window while any of it does.
    let oldest = now.micros().saturating_sub(width).saturating_sub(STRETCH_MICROS);
    WindowFigures::of(stretches.range(oldest + 1..).map(|(_, counts)| counts))
}

impl LiveFigures {
    /// The figures at `now`.
    pub fn snapshot(&self, now: Timestamp) -> LiveSnapshot {
        let mut open: BTreeMap<CallPlace, u64> = BTreeMap::new();
        let mut open_of: BTreeMap<&CampaignId, BTreeMap<CallPlace, u64>> = BTreeMap::new();
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
            let none = Stretches::new();
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

    /// Over all campaigns.
    fn together(&self, now: Timestamp, window_ms: u64) -> WindowFigures {
        let mut all = Stretches::new();
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
