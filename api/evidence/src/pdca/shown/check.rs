//! The part "check" of a review for programs: why the answer ratio moved, what is ahead, what a year asked.

use crate::pdca::render::EFFECTS_SHOWN;
use crate::pdca::{Gathered, Split};
use chrono::NaiveDate;
use domain::pdca::SplitBy;
use domain::time::Timestamp;
use projections::forecast::Forecast;
use schemars::JsonSchema;
use serde::Serialize;

/// Why `answer_ratio_per_call` v1 moved, and what is ahead.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct PdcaCheck {
    /// People only, `answer_ratio_per_call` v2.
    people_before: Option<f64>,
    people_now: Option<f64>,
    /// Empty where one of the periods has no calls.
    splits: Vec<PdcaSplit>,
    /// Of a quarter and a year: calls by day; empty with less than two weeks of calls.
    ahead: Vec<PdcaAhead>,
    /// Of a year: what it asked of lines and log.
    capacity: Option<PdcaCapacity>,
}

/// The change split over one cause; the effects of all parts add up to it.
#[derive(Debug, Serialize, JsonSchema)]
struct PdcaSplit {
    #[schemars(extend("enum" = ["trunk", "hour", "weekday", "flow_version", "campaign"]))]
    by: &'static str,
    before_ratio: f64,
    now_ratio: f64,
    change: f64,
    /// The largest.
    effects: Vec<PdcaEffect>,
    /// Of the parts that are not named.
    others_mix: f64,
    others_rate: f64,
}

#[derive(Debug, Serialize, JsonSchema)]
struct PdcaEffect {
    part: String,
    before_calls: u64,
    now_calls: u64,
    before_ratio: Option<f64>,
    now_ratio: Option<f64>,
    before_people: Option<f64>,
    now_people: Option<f64>,
    mix: f64,
    rate: f64,
}

/// Calls expected of a day, 80 % intervals.
#[derive(Debug, Serialize, JsonSchema)]
struct PdcaAhead {
    #[schemars(with = "String", extend("format" = "date"), example = &"2026-11-20")]
    day: NaiveDate,
    calls: f64,
    calls_low: f64,
    calls_high: f64,
}

#[derive(Debug, Serialize, JsonSchema)]
struct PdcaCapacity {
    events_per_day: f64,
    ring_ms_mean: f64,
    /// The busiest hours.
    peaks: Vec<PdcaPeak>,
}

/// One hour: its traffic in Erlang, and the lines on which one call in a hundred finds none free (Erlang B).
#[derive(Debug, Serialize, JsonSchema)]
struct PdcaPeak {
    hour_at: Timestamp,
    dialed: u64,
    erlang: f64,
    lines: Option<u32>,
}

pub(super) fn check(gathered: &Gathered) -> PdcaCheck {
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

const fn ahead_of(day: NaiveDate, one: Forecast) -> PdcaAhead {
    PdcaAhead {
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
