//! The PDCA report for programs: the figures of its page by name, in the order plan, do, check, act.
//!
//! It computes nothing: the page shows the same figures. The route of each figure lists its events.

mod members;

pub use members::PdcaResponse;

use super::act::select_suggestion_inputs;
use super::figures::Tally;
use super::metric_changes::MetricChange;
use super::render::EFFECTS_SHOWN;
use super::tables::{share, split_disposition_change};
use super::{PdcaReportFigures, Split};
use crate::pdca::suggestions::{SplitBy, Suggestion, list_missing_topics, suggestions};
use chrono::NaiveDate;
use domain::calendar::{CalendarPeriod, PeriodLength};
use domain::disposition::Disposition;
use members::{
    PdcaAct, PdcaCampaign, PdcaCapacity, PdcaCause, PdcaCheck, PdcaDisposition, PdcaEffect, PdcaFigure,
    PdcaForecastDay, PdcaPart, PdcaPeak, PdcaPeriod, PdcaPlan, PdcaResults, PdcaSplit, PdcaSuggestion,
    PdcaTarget,
};
use projections::forecast::Forecast;
use projections::ratio_change::{Effect, RatioChange};
use std::collections::{BTreeMap, BTreeSet};

impl From<&CalendarPeriod> for PdcaPeriod {
    fn from(span: &CalendarPeriod) -> Self {
        Self {
            label: span.label.clone(),
            from: span.from,
            to: span.to,
        }
    }
}

impl From<Suggestion> for PdcaSuggestion {
    fn from(Suggestion { rule, cause, zh, en }: Suggestion) -> Self {
        Self { rule, cause, zh, en }
    }
}

/// Converts the figures of a PDCA report into its JSON response. Computes nothing: the page shows the same
/// figures.
pub fn build_response(gathered: &PdcaReportFigures) -> PdcaResponse {
    PdcaResponse {
        length: gathered.ask.length.word(),
        period: PdcaPeriod::from(&gathered.period),
        before: PdcaPeriod::from(&gathered.before),
        campaign: gathered.ask.campaign.clone(),
        plan: plan(gathered),
        done: done(gathered),
        check: check(gathered),
        act: act(gathered),
        lacks: list_missing_topics(gathered.ask.length),
    }
}

fn plan(gathered: &PdcaReportFigures) -> PdcaPlan {
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

fn cause(part: &(String, f64)) -> PdcaCause {
    PdcaCause {
        cause: part.0.clone(),
        part_ratio: part.1,
    }
}

fn done(gathered: &PdcaReportFigures) -> PdcaResults {
    let has_parts = matches!(
        gathered.ask.length,
        PeriodLength::Month | PeriodLength::Quarter | PeriodLength::Year
    );
    let parts = |parts: &BTreeMap<String, Tally>| {
        let of = parts.iter().filter(|_| has_parts);
        of.map(|(part, tally)| part_of(part, tally)).collect()
    };
    PdcaResults {
        figures: gathered.measured.iter().map(figure).collect(),
        dispositions: dispositions(gathered),
        flow_versions: parts(&gathered.flow_versions),
        trunks: parts(&gathered.trunks),
    }
}

fn figure(one: &MetricChange) -> PdcaFigure {
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

fn dispositions(gathered: &PdcaReportFigures) -> Vec<PdcaDisposition> {
    let (was, now) = &gathered.dispositions;
    let codes: BTreeSet<&String> = was.keys().chain(now.keys()).collect();
    let of = |code: &String| {
        let moved = split_disposition_change(was, now, code);
        let sum = |part: fn(&Effect) -> f64| moved.as_ref().map(|moved| moved.effects.iter().map(part).sum());
        PdcaDisposition {
            disposition: Disposition::from_code(code)
                .map_or_else(|| code.clone(), |known| known.code().into()),
            calls: now.get(code).map_or(0, |trunks| trunks.values().sum()),
            before_ratio: share(was, code),
            now_ratio: share(now, code),
            change: moved.as_ref().map(RatioChange::change),
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

fn check(gathered: &PdcaReportFigures) -> PdcaCheck {
    let ahead = gathered.ahead.iter().map(|(day, one)| ahead_of(*day, *one));
    let capacity = gathered.capacity.as_ref().map(|capacity| PdcaCapacity {
        events_per_day: capacity.events_per_day,
        ring_ms_mean: capacity.ring_ms_mean,
        peaks: gathered
            .peaks
            .iter()
            .map(|(hour_at, tally)| PdcaPeak {
                hour_at: *hour_at,
                dialed: tally.dialed,
                erlang: capacity.erlang(tally),
                lines: capacity.lines(tally),
            })
            .collect(),
    });
    PdcaCheck {
        people_before: gathered.was.answer_ratio_people(),
        people_now: gathered.now.answer_ratio_people(),
        splits: gathered.splits.iter().map(split).collect(),
        ahead: ahead.collect(),
        capacity,
    }
}

const fn ahead_of(day: NaiveDate, one: Forecast) -> PdcaForecastDay {
    PdcaForecastDay {
        day,
        calls: one.value,
        calls_low: one.low,
        calls_high: one.high,
    }
}

fn split(split: &Split) -> PdcaSplit {
    let swing = &split.swing;
    let others = || swing.effects.iter().skip(EFFECTS_SHOWN);
    let effects = swing.effects.iter().take(EFFECTS_SHOWN).map(|effect| {
        let [before_people, now_people] = split.people_of(&effect.part);
        PdcaEffect {
            part: effect.part.clone(),
            before_calls: effect.before.calls,
            now_calls: effect.now.calls,
            before_ratio: effect.before.ratio,
            now_ratio: effect.now.ratio,
            before_people,
            now_people,
            mix: effect.mix,
            rate: effect.rate,
        }
    });
    PdcaSplit {
        by: word(split.by),
        before_ratio: swing.before,
        now_ratio: swing.now,
        change: swing.change(),
        effects: effects.collect(),
        others_mix: others().map(|effect| effect.mix).sum(),
        others_rate: others().map(|effect| effect.rate).sum(),
    }
}

const fn word(by: SplitBy) -> &'static str {
    match by {
        SplitBy::Trunk => "trunk",
        SplitBy::Hour => "hour",
        SplitBy::Weekday => "weekday",
        SplitBy::FlowVersion => "flow_version",
        SplitBy::Campaign => "campaign",
    }
}

fn act(gathered: &PdcaReportFigures) -> PdcaAct {
    let watch = &gathered.watch;
    let found = suggestions(&select_suggestion_inputs(gathered));
    PdcaAct {
        suggestions: found.into_iter().map(PdcaSuggestion::from).collect(),
        refusals: watch.refusals.clone(),
        alerts: watch.alerts.clone(),
        opt_outs: watch.opt_outs,
        corrections: watch.corrections,
    }
}
