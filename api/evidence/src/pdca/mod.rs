//! The PDCA report (REP-7): plan, results, comparison with the period before, and suggested actions.
//!
//! The figures come from projections over a `ReadDb`: the live one, or one projected up to a position.
//! Refusals, opt-outs and alerts come from the log. A report states its position.

mod act;
mod call_plan;
mod capacity;
mod compliance_counts;
mod evidence;
mod figures;
mod metric_changes;
mod render;
mod response;
mod suggestions;
mod tables;
mod targets;

pub use call_plan::{CallPlan, CallPlanInputs, PlanAssumptions, PlannedMonth, PlannedSum, call_plan};
pub use evidence::evidence;
pub use render::page;
pub use response::{PdcaResponse, build_response};

use crate::pdca::suggestions::SplitBy;
use capacity::{Capacity, peaks};
use chrono::NaiveDate;
use compliance_counts::ComplianceCounts;
use domain::calendar::{CalendarPeriod, PeriodLength, beijing, beijing_date};
use domain::ids::CampaignId;
use domain::ports::event_store::EventStore;
use domain::problem::Problem;
use domain::stored_event::Position;
use domain::time::Timestamp;
use figures::{HISTORY_DAYS, Tally, by, float, tally};
use metric_changes::{MetricChange, compute_metric_changes};
use projections::forecast::{Forecast, forecast};
use projections::ratio_change::{RatioChange, split_ratio_change};
use projections::views::call_history::{DispositionCounts, dispositions};
use projections::views::campaign_board::{self, BoardRow, Cell, LISTED_MAX, cells};
use projections::{ReadDb, position_at};
use std::collections::BTreeMap;
use targets::{TargetResult, compare_targets};

/// Number of days forecast after a period.
const AHEAD_DAYS: usize = 28;
const COVERAGE: f64 = 0.8;

/// Milliseconds of a day. Beijing has no daylight saving time.
const DAY_MS: u64 = 86_400_000;

/// What a report covers: length and day of its period, and one campaign or all.
#[derive(Debug, Clone)]
pub struct PdcaScope {
    pub length: PeriodLength,
    pub day: NaiveDate,
    pub campaign: Option<CampaignId>,
    /// The position up to which the rows were projected. Without one, the rows are asked for it.
    pub upto: Option<Position>,
}

/// All figures of a PDCA report, before they are formatted.
pub struct PdcaReportFigures {
    pub ask: PdcaScope,
    pub period: CalendarPeriod,
    pub before: CalendarPeriod,
    /// The position up to which the rows are complete.
    pub position: Position,
    campaigns: Vec<BoardRow>,
    was: Tally,
    now: Tally,
    measured: Vec<MetricChange>,
    planned: Vec<TargetResult>,
    dispositions: (DispositionCounts, DispositionCounts),
    /// By cause: trunk, hour, flow version, campaign.
    splits: Vec<Split>,
    flow_versions: BTreeMap<String, Tally>,
    trunks: BTreeMap<String, Tally>,
    watch: ComplianceCounts,
    ahead: Vec<(NaiveDate, Forecast)>,
    /// The hours with most dials.
    peaks: Vec<(Timestamp, Tally)>,
    /// For a year only.
    capacity: Option<Capacity>,
}

/// The change of the answer rate split by one cause, and the calls of each part before and now.
struct Split {
    by: SplitBy,
    swing: RatioChange,
    parts: [BTreeMap<String, Tally>; 2],
}

impl Split {
    /// Returns the answer rate by people of one part of the calls, before and now.
    fn people_of(&self, part: &str) -> [Option<f64>; 2] {
        let of = |parts: &BTreeMap<String, Tally>| parts.get(part).and_then(Tally::answer_ratio_people);
        self.parts.each_ref().map(of)
    }
}

/// Computes the figures of a report from the read model and the log; only those that the length of its
/// period needs.
pub async fn gather(
    db: &dyn ReadDb,
    store: &dyn EventStore,
    ask: PdcaScope,
) -> Result<PdcaReportFigures, Problem> {
    let (period, before) = (ask.length.of(ask.day), ask.length.before(ask.day));
    let campaign = ask.campaign.as_ref();
    if let Some(campaign) = campaign
        && campaign_board::get(db, campaign).await?.is_none()
    {
        return Err(Problem::missing("this campaign"));
    }
    let (now, complete) = cells(db, campaign, period.from, period.to).await?;
    let position = ask.upto.unwrap_or(complete);
    let (was, _) = cells(db, campaign, before.from, before.to).await?;
    let campaigns = campaigns(db, campaign, &now, &period).await?;
    let dispositions = (
        dispositions(db, campaign, before.from, before.to).await?,
        dispositions(db, campaign, period.from, period.to).await?,
    );
    let watch = ComplianceCounts::read(store, campaign, &period, position).await?;
    let ahead = match ask.length {
        PeriodLength::Quarter | PeriodLength::Year => volumes(db, campaign, &period).await?,
        PeriodLength::Day | PeriodLength::Week | PeriodLength::Month => Vec::new(),
    };
    let measured = compute_metric_changes(db, &ask, &before, &period).await?;
    let names: Vec<String> = campaigns.iter().map(|one| one.campaign.to_string()).collect();
    let planned = compare_targets(db, &ask, &period, &names).await?;
    let capacity = match ask.length {
        PeriodLength::Year => Some(capacity(store, &measured, &period, position).await?),
        PeriodLength::Day | PeriodLength::Week | PeriodLength::Month | PeriodLength::Quarter => None,
    };
    Ok(PdcaReportFigures {
        splits: splits(&was, &now),
        flow_versions: by(&now, &flow_version),
        trunks: by(&now, &|cell| cell.trunk.clone()),
        peaks: peaks(by_hour(&now)),
        measured,
        planned,
        capacity,
        was: tally(&was),
        now: tally(&now),
        ask,
        period,
        before,
        position,
        campaigns,
        dispositions,
        watch,
        ahead,
    })
}

/// Returns the campaigns that dialed in the period or were created in it; with `only`, that one.
async fn campaigns(
    db: &dyn ReadDb,
    only: Option<&CampaignId>,
    now: &[Cell],
    period: &CalendarPeriod,
) -> Result<Vec<BoardRow>, Problem> {
    if let Some(campaign) = only {
        return Ok(campaign_board::get(db, campaign).await?.into_iter().collect());
    }
    let mut rows = campaign_board::list(db, None, LISTED_MAX).await?;
    rows.retain(|row| {
        let made = row
            .created_at
            .is_some_and(|at| at >= period.from && at < period.to);
        made || now.iter().any(|cell| cell.campaign == row.campaign.as_str())
    });
    Ok(rows)
}

fn flow_version(cell: &Cell) -> String {
    format!("{} v{}", cell.campaign, cell.flow_version)
}

/// A cause by which the change of the answer rate is split, and the function that names the part to which a
/// cell belongs.
type Cause<'a> = (SplitBy, &'a dyn Fn(&Cell) -> String);

fn splits(was: &[Cell], now: &[Cell]) -> Vec<Split> {
    let hour = |cell: &Cell| beijing(cell.hour_at).format("%H:00").to_string();
    let weekday = |cell: &Cell| beijing(cell.hour_at).format("%u").to_string();
    let trunk = |cell: &Cell| cell.trunk.clone();
    let campaign = |cell: &Cell| cell.campaign.clone();
    let causes: [Cause<'_>; 5] = [
        (SplitBy::Trunk, &trunk),
        (SplitBy::Hour, &hour),
        (SplitBy::Weekday, &weekday),
        (SplitBy::FlowVersion, &flow_version),
        (SplitBy::Campaign, &campaign),
    ];
    let split = |(split_by, of): Cause<'_>| {
        let parts = [by(was, of), by(now, of)];
        let answers = |parts: &BTreeMap<String, Tally>| {
            parts
                .iter()
                .map(|(part, tally)| (part.clone(), tally.answers()))
                .collect()
        };
        let [before, now] = parts.each_ref().map(answers);
        Some(Split {
            by: split_by,
            swing: split_ratio_change(&before, &now)?,
            parts,
        })
    };
    causes.into_iter().filter_map(split).collect()
}

/// Returns the calls of each day before the end of the period, and the forecast after it.
async fn volumes(
    db: &dyn ReadDb,
    campaign: Option<&CampaignId>,
    period: &CalendarPeriod,
) -> Result<Vec<(NaiveDate, Forecast)>, Problem> {
    let (cells, _) = cells(db, campaign, period.to.minus_ms(HISTORY_DAYS * DAY_MS), period.to).await?;
    let by_day = by(&cells, &|cell| beijing_date(cell.hour_at).to_string());
    let Some(first) = cells.first().map(|cell| beijing_date(cell.hour_at)) else {
        return Ok(Vec::new());
    };
    let end = beijing_date(period.to);
    let series: Vec<f64> = first
        .iter_days()
        .take_while(|day| *day < end)
        .map(|day| by_day.get(&day.to_string()).map_or(0.0, Tally::dialed_volume))
        .collect();
    let ahead = forecast(&series, 7, AHEAD_DAYS, COVERAGE);
    Ok(end.iter_days().zip(ahead).collect())
}

fn by_hour(now: &[Cell]) -> Vec<(Timestamp, Tally)> {
    let mut hours: BTreeMap<Timestamp, Tally> = BTreeMap::new();
    for cell in now {
        hours.entry(cell.hour_at).or_default().add(cell);
    }
    hours.into_iter().collect()
}

/// Computes the capacity needs of a year. Events per day are estimated by log positions, of which each
/// event takes one.
async fn capacity(
    store: &dyn EventStore,
    measured: &[MetricChange],
    period: &CalendarPeriod,
    upto: Position,
) -> Result<Capacity, Problem> {
    let first = position_at(store, period.from).await?.min(upto);
    let last = position_at(store, period.to).await?.min(upto);
    let end = store
        .last_recorded_at()
        .await?
        .unwrap_or(period.to)
        .min(period.to);
    let days = end.duration_since(period.from).as_secs().div_ceil(DAY_MS / 1_000);
    let ring = measured.iter().find(|one| one.metric.name == "ring_ms_mean");
    Ok(Capacity {
        ring_ms_mean: ring.and_then(|one| one.now.as_ref()?.value).unwrap_or(0.0),
        events_per_day: float(last.0.saturating_sub(first.0)) / float(days.max(1)),
    })
}
