//! The PDCA review for programs: the types and meanings of its members. `build_response` fills them.

use crate::pdca::suggestions::MissingTopic;
use chrono::NaiveDate;
use domain::campaign::CampaignStatus;
use domain::ids::CampaignId;
use domain::time::Timestamp;
use projections::metrics::{MetricText, Unit};
use projections::views::metric_board::Figure;
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeMap;

/// A review of one period: plan, results, comparison with the period before, and suggested actions.
#[derive(Debug, Serialize, JsonSchema)]
pub struct PdcaResponse {
    #[schemars(extend("enum" = ["day", "week", "month", "quarter", "year"]))]
    pub(super) length: &'static str,
    pub(super) period: PdcaPeriod,
    pub(super) before: PdcaPeriod,
    pub(super) campaign: Option<CampaignId>,
    pub(super) plan: PdcaPlan,
    pub(super) done: PdcaResults,
    pub(super) check: PdcaCheck,
    pub(super) act: PdcaAct,
    /// Topics that a report of this length should cover and does not cover yet.
    pub(super) lacks: Vec<MissingTopic>,
}

/// A period, from its first instant to just before the next period, in Beijing time.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct PdcaPeriod {
    #[schemars(example = &"2026-11")]
    pub(super) label: String,
    pub(super) from: Timestamp,
    pub(super) to: Timestamp,
}

/// Campaigns that dialed in the period or were created in it, and their targets.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct PdcaPlan {
    pub(super) campaigns: Vec<PdcaCampaign>,
    pub(super) targets: Vec<PdcaTarget>,
}

#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct PdcaCampaign {
    pub(super) campaign: CampaignId,
    #[schemars(example = &"service")]
    pub(super) purpose: String,
    pub(super) status: CampaignStatus,
    #[schemars(example = &"card_instalment@1")]
    pub(super) flow: String,
    pub(super) flow_version: u64,
    pub(super) listed: u64,
    pub(super) settled: u64,
}

#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct PdcaTarget {
    #[schemars(example = &"LOAN_REMIND")]
    pub(super) campaign: String,
    #[schemars(example = &"answer_ratio_per_call v1")]
    pub(super) metric: String,
    pub(super) target_ratio: f64,
    pub(super) period_ratio: Option<f64>,
    /// Since the campaign began.
    pub(super) so_far_ratio: Option<f64>,
    /// The largest parts of the gap so far.
    pub(super) causes: Vec<PdcaCause>,
}

#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct PdcaCause {
    /// In Chinese and English.
    #[schemars(example = &"trunk_rate")]
    pub(super) cause: String,
    pub(super) part_ratio: f64,
}

/// Calls of the period and of the one before.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct PdcaResults {
    pub(super) figures: Vec<PdcaFigure>,
    pub(super) dispositions: Vec<PdcaDisposition>,
    /// For a month and longer.
    pub(super) flow_versions: Vec<PdcaPart>,
    pub(super) trunks: Vec<PdcaPart>,
}

/// A metric in both periods.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct PdcaFigure {
    #[schemars(example = &"answer_ratio_per_call")]
    pub(super) metric: &'static str,
    pub(super) version: u32,
    pub(super) label: &'static MetricText,
    pub(super) unit: Unit,
    pub(super) before: Option<Figure>,
    pub(super) now: Option<Figure>,
    /// The route that lists the events behind `now`.
    #[schemars(example = &"/api/v1/metrics/dialed_calls/events?version=1")]
    pub(super) events: String,
}

/// How the share of one disposition changed; the change is split over trunks into mix and rate.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct PdcaDisposition {
    #[schemars(example = &"no_answer")]
    pub(super) disposition: String,
    pub(super) calls: u64,
    pub(super) before_ratio: Option<f64>,
    pub(super) now_ratio: Option<f64>,
    pub(super) change: Option<f64>,
    pub(super) mix: Option<f64>,
    pub(super) rate: Option<f64>,
}

/// A part of the calls: a flow version or a trunk.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct PdcaPart {
    #[schemars(example = &"main")]
    pub(super) part: String,
    pub(super) dialed: u64,
    /// `answer_ratio_per_call` v1; `_people` is v2.
    pub(super) answer_ratio: Option<f64>,
    pub(super) answer_ratio_people: Option<f64>,
    pub(super) talk_s_mean: Option<f64>,
    /// `conversion_ratio` v1; `_people` is v2.
    pub(super) conversion_ratio: Option<f64>,
    pub(super) conversion_ratio_people: Option<f64>,
}

/// Suggestions and the figures behind them.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct PdcaAct {
    pub(super) suggestions: Vec<PdcaSuggestion>,
    /// Refused dials, by rule and version.
    #[schemars(extend("examples" = [{ "calling_window@2": 14 }]))]
    pub(super) refusals: BTreeMap<String, u64>,
    #[schemars(extend("examples" = [{ "low_answer_ratio": 2 }]))]
    pub(super) alerts: BTreeMap<String, u64>,
    pub(super) opt_outs: u64,
    pub(super) corrections: u64,
}

/// A suggestion with its rule and its cause.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct PdcaSuggestion {
    #[schemars(example = &"trunk_rate")]
    pub(super) rule: &'static str,
    #[schemars(example = &"trunk_rate")]
    pub(super) cause: String,
    #[schemars(example = &"检查线路")]
    pub(super) zh: &'static str,
    #[schemars(example = &"look at the line")]
    pub(super) en: &'static str,
}

/// Why `answer_ratio_per_call` v1 changed, and the forecast.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct PdcaCheck {
    /// Answers by people only: `answer_ratio_per_call` v2.
    pub(super) people_before: Option<f64>,
    pub(super) people_now: Option<f64>,
    /// Empty if one of the periods has no calls.
    pub(super) splits: Vec<PdcaSplit>,
    /// For a quarter or a year: calls by day. Empty with less than two weeks of calls.
    pub(super) ahead: Vec<PdcaForecastDay>,
    /// For a year: its capacity needs.
    pub(super) capacity: Option<PdcaCapacity>,
}

/// The change split by one cause. The effects of all parts sum to the change.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct PdcaSplit {
    #[schemars(extend("enum" = ["trunk", "hour", "weekday", "flow_version", "campaign"]))]
    pub(super) by: &'static str,
    pub(super) before_ratio: f64,
    pub(super) now_ratio: f64,
    pub(super) change: f64,
    /// The largest effects.
    pub(super) effects: Vec<PdcaEffect>,
    /// Sum of the parts that are not listed.
    pub(super) others_mix: f64,
    pub(super) others_rate: f64,
}

#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct PdcaEffect {
    #[schemars(example = &"main")]
    pub(super) part: String,
    pub(super) before_calls: u64,
    pub(super) now_calls: u64,
    pub(super) before_ratio: Option<f64>,
    pub(super) now_ratio: Option<f64>,
    pub(super) before_people: Option<f64>,
    pub(super) now_people: Option<f64>,
    pub(super) mix: f64,
    pub(super) rate: f64,
}

/// Calls expected on a day, with an 80 % interval.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct PdcaForecastDay {
    #[schemars(with = "String", extend("format" = "date"), example = &"2026-11-20")]
    pub(super) day: NaiveDate,
    pub(super) calls: f64,
    pub(super) calls_low: f64,
    pub(super) calls_high: f64,
}

#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct PdcaCapacity {
    pub(super) events_per_day: f64,
    pub(super) ring_ms_mean: f64,
    /// The busiest hours.
    pub(super) peaks: Vec<PdcaPeak>,
}

/// One hour: its traffic in Erlang, and the lines on which one call in a hundred finds none free (Erlang B).
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct PdcaPeak {
    pub(super) hour_at: Timestamp,
    pub(super) dialed: u64,
    pub(super) erlang: f64,
    pub(super) lines: Option<u32>,
}
