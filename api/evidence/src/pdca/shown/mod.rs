//! A PDCA report for programs: the figures of its page, by name, in the order plan, do, check, act.
//!
//! It computes nothing: whatever it says, the page says too. The events behind a figure are a route away.

mod check;

use super::Gathered;
use super::act::noticed;
use super::figures::Tally;
use super::measured::Measured;
use super::tables::{moved, share};
use check::{PdcaCheck, check};
use domain::calendar::{PeriodLength, Span};
use domain::campaign::CampaignStatus;
use domain::disposition::Disposition;
use domain::ids::CampaignId;
use domain::pdca::{Lack, Suggestion, lacks, suggestions};
use domain::time::Timestamp;
use projections::metrics::{Texts, Unit};
use projections::swing::{Effect, Swing};
use projections::views::metric_board::Figure;
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// A review of one period: what was planned, what was done, how it compares with the period before, what
/// to do about it.
#[derive(Debug, Serialize, JsonSchema)]
pub struct PdcaShown {
    #[schemars(extend("enum" = ["day", "week", "month", "quarter", "year"]))]
    length: &'static str,
    period: PdcaPeriod,
    before: PdcaPeriod,
    campaign: Option<CampaignId>,
    plan: PdcaPlan,
    done: PdcaDone,
    check: PdcaCheck,
    act: PdcaAct,
    /// What a report of this length is to tell and does not yet.
    lacks: Vec<Lack>,
}

/// From its first instant to before the next one's, in Beijing.
#[derive(Debug, Serialize, JsonSchema)]
struct PdcaPeriod {
    #[schemars(example = &"2026-11")]
    label: String,
    from: Timestamp,
    to: Timestamp,
}

impl From<&Span> for PdcaPeriod {
    fn from(span: &Span) -> Self {
        Self {
            label: span.label.clone(),
            from: span.from,
            to: span.to,
        }
    }
}

/// Campaigns that dialed in the period or were made in it, and what they are to reach.
#[derive(Debug, Serialize, JsonSchema)]
struct PdcaPlan {
    campaigns: Vec<PdcaCampaign>,
    targets: Vec<PdcaTarget>,
}

#[derive(Debug, Serialize, JsonSchema)]
struct PdcaCampaign {
    campaign: CampaignId,
    purpose: String,
    status: CampaignStatus,
    flow: String,
    flow_version: u64,
    listed: u64,
    settled: u64,
}

#[derive(Debug, Serialize, JsonSchema)]
struct PdcaTarget {
    campaign: String,
    #[schemars(example = &"answer_ratio_per_call v1")]
    metric: String,
    target_ratio: f64,
    period_ratio: Option<f64>,
    /// Since the campaign began.
    so_far_ratio: Option<f64>,
    /// The largest parts of the gap so far.
    causes: Vec<PdcaCause>,
}

#[derive(Debug, Serialize, JsonSchema)]
struct PdcaCause {
    /// In Chinese and English.
    cause: String,
    part_ratio: f64,
}

/// Calls of the period beside the one before.
#[derive(Debug, Serialize, JsonSchema)]
struct PdcaDone {
    figures: Vec<PdcaFigure>,
    dispositions: Vec<PdcaDisposition>,
    /// From a month on.
    flow_versions: Vec<PdcaPart>,
    trunks: Vec<PdcaPart>,
}

/// A metric in both periods.
#[derive(Debug, Serialize, JsonSchema)]
struct PdcaFigure {
    metric: &'static str,
    version: u32,
    label: &'static Texts,
    unit: Unit,
    before: Option<Figure>,
    now: Option<Figure>,
    /// The route that lists the events behind `now`.
    #[schemars(example = &"/api/v1/metrics/dialed_calls/events?version=1")]
    events: String,
}

/// How one way of ending a call moved; the change is split over trunks into mix and rate.
#[derive(Debug, Serialize, JsonSchema)]
struct PdcaDisposition {
    disposition: String,
    calls: u64,
    before_ratio: Option<f64>,
    now_ratio: Option<f64>,
    change: Option<f64>,
    mix: Option<f64>,
    rate: Option<f64>,
}

/// A part of the calls: a flow version, a trunk.
#[derive(Debug, Serialize, JsonSchema)]
struct PdcaPart {
    part: String,
    dialed: u64,
    /// `answer_ratio_per_call` v1; `_people` v2.
    answer_ratio: Option<f64>,
    answer_ratio_people: Option<f64>,
    talk_s_mean: Option<f64>,
    /// `conversion_ratio` v1; `_people` v2.
    conversion_ratio: Option<f64>,
    conversion_ratio_people: Option<f64>,
}

/// What to do, and what it rests on.
#[derive(Debug, Serialize, JsonSchema)]
struct PdcaAct {
    suggestions: Vec<PdcaSuggestion>,
    /// By rule and version.
    refusals: BTreeMap<String, u64>,
    alerts: BTreeMap<String, u64>,
    opt_outs: u64,
    corrections: u64,
}

/// What somebody should look at, by which rule, from which cause.
#[derive(Debug, Serialize, JsonSchema)]
struct PdcaSuggestion {
    #[schemars(example = &"trunk_rate")]
    rule: &'static str,
    cause: String,
    zh: &'static str,
    en: &'static str,
}

impl From<Suggestion> for PdcaSuggestion {
    fn from(Suggestion { rule, cause, zh, en }: Suggestion) -> Self {
        Self { rule, cause, zh, en }
    }
}

/// What was gathered, as it is shown.
pub fn shown(gathered: &Gathered) -> PdcaShown {
    PdcaShown {
        length: gathered.ask.length.word(),
        period: PdcaPeriod::from(&gathered.period),
        before: PdcaPeriod::from(&gathered.before),
        campaign: gathered.ask.campaign.clone(),
        plan: plan(gathered),
        done: done(gathered),
        check: check(gathered),
        act: act(gathered),
        lacks: lacks(gathered.ask.length),
    }
}

fn plan(gathered: &Gathered) -> PdcaPlan {
    let campaigns = gathered.campaigns.iter().map(|one| PdcaCampaign {
        campaign: one.campaign.clone(),
        purpose: one.purpose.clone(),
        status: one.status,
        flow: one.flow.clone(),
        flow_version: one.flow_version,
        listed: one.listed,
        settled: one.settled,
    });
    let targets = gathered.planned.iter().map(|one| PdcaTarget {
        campaign: one.campaign.clone(),
        metric: one.metric.clone(),
        target_ratio: one.target,
        period_ratio: one.in_period,
        so_far_ratio: one.whole,
        causes: one.causes.iter().map(cause).collect(),
    });
    PdcaPlan {
        campaigns: campaigns.collect(),
        targets: targets.collect(),
    }
}

fn cause(told: &(String, f64)) -> PdcaCause {
    PdcaCause {
        cause: told.0.clone(),
        part_ratio: told.1,
    }
}

fn done(gathered: &Gathered) -> PdcaDone {
    let has_parts = matches!(
        gathered.ask.length,
        PeriodLength::Month | PeriodLength::Quarter | PeriodLength::Year
    );
    let parts = |parts: &BTreeMap<String, Tally>| {
        let of = parts.iter().filter(|_| has_parts);
        of.map(|(part, tally)| part_of(part, tally)).collect()
    };
    PdcaDone {
        figures: gathered.measured.iter().map(figure).collect(),
        dispositions: dispositions(gathered),
        flow_versions: parts(&gathered.flow_versions),
        trunks: parts(&gathered.trunks),
    }
}

fn figure(one: &Measured) -> PdcaFigure {
    PdcaFigure {
        metric: &one.metric.name,
        version: one.metric.version,
        label: &one.metric.label,
        unit: one.metric.unit,
        before: one.was.clone(),
        now: one.now.clone(),
        events: one.events.clone(),
    }
}

fn dispositions(gathered: &Gathered) -> Vec<PdcaDisposition> {
    let (was, now) = &gathered.dispositions;
    let codes: BTreeSet<&String> = was.keys().chain(now.keys()).collect();
    let of = |code: &String| {
        let moved = moved(was, now, code);
        let sum = |part: fn(&Effect) -> f64| moved.as_ref().map(|moved| moved.effects.iter().map(part).sum());
        PdcaDisposition {
            disposition: Disposition::from_code(code)
                .map_or_else(|| code.clone(), |known| known.code().into()),
            calls: now.get(code).map_or(0, |trunks| trunks.values().sum()),
            before_ratio: share(was, code),
            now_ratio: share(now, code),
            change: moved.as_ref().map(Swing::change),
            mix: sum(|effect| effect.mix),
            rate: sum(|effect| effect.rate),
        }
    };
    codes.into_iter().map(of).collect()
}

fn part_of(part: &str, tally: &Tally) -> PdcaPart {
    PdcaPart {
        part: part.to_owned(),
        dialed: tally.dialed,
        answer_ratio: tally.answer_ratio(),
        answer_ratio_people: tally.answer_ratio_people(),
        talk_s_mean: tally.talk_s_mean(),
        conversion_ratio: tally.conversion_ratio(),
        conversion_ratio_people: tally.conversion_ratio_people(),
    }
}

fn act(gathered: &Gathered) -> PdcaAct {
    let watch = &gathered.watch;
    let found = suggestions(&noticed(gathered));
    PdcaAct {
        suggestions: found.into_iter().map(PdcaSuggestion::from).collect(),
        refusals: watch.refusals.clone(),
        alerts: watch.alerts.clone(),
        opt_outs: watch.opt_outs,
        corrections: watch.corrections,
    }
}
