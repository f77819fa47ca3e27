//! Drafts the call plan of a quarter from the forecast: calls, lines, agents and cost for each month (AI-7).
//!
//! The forecast repeats the last week: it knows no holidays and no new campaigns. The plan is therefore
//! labelled as a draft and lists its assumptions.

use super::capacity::lines;
use super::figures::{HISTORY_DAYS, Tally, by, float, tally};
use chrono::{NaiveDate, Timelike};
use domain::calendar::{CalendarPeriod, PeriodLength, beijing, beijing_date, midnight};
use domain::disposition::Outcome;
use domain::ids::CampaignId;
use domain::problem::Problem;
use domain::time::Timestamp;
use projections::ReadDb;
use projections::forecast::{Forecast, HORIZON_MAX, forecast};
use projections::views::campaign_board::{Cell, cells};
use projections::views::cost_board::{BillingStep, CostFilter, CostRow, costs};
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeMap;

/// Days of one season: a week.
const SEASON_DAYS: usize = 7;

/// Share of the days that should fall within their forecast interval.
const COVERAGE: f64 = 0.8;

/// Milliseconds of a day.
const DAY_MS: u64 = 86_400_000;

/// How long a dial holds its line before an answer, in seconds. Unanswered calls ring for a minute at most.
const RING_S: f64 = 20.0;

/// How long an agent needs for a transferred call, in seconds, with the work after it.
const AGENT_S: f64 = 240.0;

/// Highest accepted tariff, in fen per minute: one thousand yuan.
const PER_MINUTE_FEN_MAX: u64 = 100_000;

/// The inputs of a call plan.
#[derive(Debug, Clone)]
pub struct CallPlanInputs {
    /// The history ends before this day.
    pub today: NaiveDate,
    /// A day of the planned quarter. Without one, the quarter after today's is planned.
    pub quarter_of: Option<NaiveDate>,
    pub campaign: Option<CampaignId>,
    pub per_minute_fen: Option<u64>,
}

/// The draft plan of a quarter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct CallPlan {
    #[schemars(example = &"2027-Q1")]
    pub quarter: String,
    pub campaign: Option<CampaignId>,
    /// Whole days of history that the forecast uses. With less than two weeks there is no plan.
    pub history_days: u64,
    pub months: Vec<PlannedMonth>,
    pub total: PlannedSum,
    pub assumed: PlanAssumptions,
    /// Says that this is a draft: the last week repeated, without holidays and new campaigns.
    #[schemars(example = &"草案：按最近一周的形态外推，不含节假日与新任务。")]
    pub label_zh: &'static str,
    #[schemars(example = &"A draft: the last week again; no holidays, no new campaigns.")]
    pub label_en: &'static str,
}

/// Calls and their cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, JsonSchema)]
pub struct PlannedSum {
    pub calls: u64,
    /// Calls if every day were at the lower end of its interval; `calls_high` is for the upper end.
    pub calls_low: u64,
    pub calls_high: u64,
    pub talk_minutes: u64,
    /// Null without a tariff.
    pub cost_fen: Option<u64>,
}

/// One month of the plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct PlannedMonth {
    #[schemars(example = &"2027-01")]
    pub month: String,
    #[serde(flatten)]
    pub sum: PlannedSum,
    /// Lines for the busiest hour of the busiest day, so that one call in a hundred finds no free line.
    pub lines: Option<u32>,
    /// Agents for the calls transferred in that hour, by the same limit.
    pub agents: Option<u32>,
}

/// Assumptions of the plan, measured in the history.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, JsonSchema)]
pub struct PlanAssumptions {
    /// Share of a day's calls that fall in its busiest hour.
    pub busiest_hour_permille: u64,
    pub talk_s_per_call: u64,
    pub ring_s_per_call: u64,
    /// Seconds that a carrier bills for a call, answered or not, rounded up to whole minutes.
    pub billed_s_per_call: u64,
    /// Share of calls that were transferred to a person or in which the person asked for it.
    pub handed_over_permille: u64,
    pub agent_s_per_call: u64,
    pub per_minute_fen: Option<u64>,
}

const LABEL_ZH: &str = "草案：按最近一周的形态外推，不含节假日与新任务。";
const LABEL_EN: &str = "A draft: the last week again; no holidays, no new campaigns.";

/// Drafts the call plan of a quarter from the read model. With less than two weeks of history, the plan has
/// no months. Fails with `tariff-invalid`.
pub async fn call_plan(db: &dyn ReadDb, ask: &CallPlanInputs) -> Result<CallPlan, Problem> {
    if ask.per_minute_fen.is_some_and(|fen| fen > PER_MINUTE_FEN_MAX) {
        let detail = format!("per_minute_fen must be at most {PER_MINUTE_FEN_MAX}");
        return Err(Problem::invalid("tariff-invalid", detail));
    }
    let quarter = quarter(ask);
    let until = midnight(ask.today);
    let from = until.minus_ms(HISTORY_DAYS * DAY_MS);
    let (cells, _) = cells(db, ask.campaign.as_ref(), from, until).await?;
    let filter = CostFilter {
        campaign: ask.campaign.clone(),
        from: Some(from),
        to: Some(until),
    };
    let costs = costs(db, &filter, BillingStep::Minute).await?;
    let last = beijing_date(quarter.to);
    let horizon = usize::try_from((last - ask.today).num_days()).unwrap_or_default();
    if horizon == 0 || horizon > HORIZON_MAX {
        let detail = format!(
            "{} is not within {HORIZON_MAX} days after {}",
            quarter.label, ask.today
        );
        return Err(Problem::refused("quarter-out-of-reach", detail));
    }
    let series = series(&cells, ask.today);
    let ahead = forecast(&series, SEASON_DAYS, horizon, COVERAGE);
    let days: Vec<(NaiveDate, Forecast)> = ask.today.iter_days().zip(ahead).collect();
    let first = beijing_date(quarter.from);
    let in_quarter = days
        .into_iter()
        .filter(|(day, _)| *day >= first)
        .collect::<Vec<_>>();
    let basis = CallAverages::of(&cells, &costs, ask.per_minute_fen);
    Ok(CallPlan {
        quarter: quarter.label,
        campaign: ask.campaign.clone(),
        history_days: series.len() as u64,
        months: basis.months(&in_quarter),
        total: basis.sum(in_quarter.iter().map(|(_, one)| one)),
        assumed: basis.assumed(),
        label_zh: LABEL_ZH,
        label_en: LABEL_EN,
    })
}

fn quarter(ask: &CallPlanInputs) -> CalendarPeriod {
    let of = |day| PeriodLength::Quarter.of(day);
    match ask.quarter_of {
        Some(day) => of(day),
        None => of(beijing_date(of(ask.today).to)),
    }
}

/// Returns the number of dials of each day up to `until`, from the first day that has any.
fn series(cells: &[Cell], until: NaiveDate) -> Vec<f64> {
    let by_day = by(cells, &|cell| beijing_date(cell.hour_at).to_string());
    let Some(first) = cells.first().map(|cell| beijing_date(cell.hour_at)) else {
        return Vec::new();
    };
    let days = first.iter_days().take_while(|day| *day < until);
    days.map(|day| by_day.get(&day.to_string()).map_or(0.0, Tally::dialed_volume))
        .collect()
}

/// Means per call over the history, on which the plan is based.
struct CallAverages {
    busiest_hour: f64,
    talk_s: f64,
    billed_s: f64,
    handed_over: f64,
    per_minute_fen: Option<u64>,
}

impl CallAverages {
    fn of(cells: &[Cell], costs: &[CostRow], per_minute_fen: Option<u64>) -> Self {
        let all = tally(cells);
        let calls: u64 = costs.iter().map(|row| row.calls).sum();
        let billed: u64 = costs.iter().map(|row| row.billed_seconds).sum();
        let handed: u64 = costs
            .iter()
            .filter(|row| is_handed_over(row))
            .map(|row| row.calls)
            .sum();
        Self {
            busiest_hour: busiest_hour(cells, &all),
            talk_s: share(all.talk_ms, all.dialed) / 1_000.0,
            billed_s: share(billed, calls),
            handed_over: share(handed, calls),
            per_minute_fen,
        }
    }

    fn months(&self, days: &[(NaiveDate, Forecast)]) -> Vec<PlannedMonth> {
        let mut by_month: BTreeMap<String, Vec<Forecast>> = BTreeMap::new();
        for (day, one) in days {
            let month = PeriodLength::Month.of(*day).label;
            by_month.entry(month).or_default().push(*one);
        }
        let planned = |(month, days): (String, Vec<Forecast>)| {
            let busiest = days.iter().map(|one| one.value).fold(0.0, f64::max);
            let in_hour = busiest * self.busiest_hour;
            PlannedMonth {
                month,
                sum: self.sum(days.iter()),
                lines: lines(in_hour * (self.talk_s + RING_S) / 3_600.0),
                agents: lines(in_hour * self.handed_over * AGENT_S / 3_600.0),
            }
        };
        by_month.into_iter().map(planned).collect()
    }

    fn sum<'a>(&self, days: impl Iterator<Item = &'a Forecast> + Clone) -> PlannedSum {
        let total = |of: fn(&Forecast) -> f64| days.clone().map(of).sum::<f64>();
        let calls = total(|one| one.value);
        PlannedSum {
            calls: whole(calls),
            calls_low: whole(total(|one| one.low)),
            calls_high: whole(total(|one| one.high)),
            talk_minutes: whole(calls * self.talk_s / 60.0),
            cost_fen: self
                .per_minute_fen
                .map(|fen| whole(calls * self.billed_s * float(fen) / 60.0)),
        }
    }

    fn assumed(&self) -> PlanAssumptions {
        PlanAssumptions {
            busiest_hour_permille: whole(self.busiest_hour * 1_000.0),
            talk_s_per_call: whole(self.talk_s),
            ring_s_per_call: whole(RING_S),
            billed_s_per_call: whole(self.billed_s),
            handed_over_permille: whole(self.handed_over * 1_000.0),
            agent_s_per_call: whole(AGENT_S),
            per_minute_fen: self.per_minute_fen,
        }
    }
}

fn is_handed_over(row: &CostRow) -> bool {
    let outcome = row.outcome.as_deref();
    outcome == Some(Outcome::Transferred.code())
}

/// Returns the share of a day's dials that fall in its busiest hour, over the history.
fn busiest_hour(cells: &[Cell], all: &Tally) -> f64 {
    let hour = |at: Timestamp| beijing(at).hour().to_string();
    let by_hour = by(cells, &|cell| hour(cell.hour_at));
    let most = by_hour.values().map(|hour| hour.dialed).max().unwrap_or_default();
    share(most, all.dialed)
}

fn share(part: u64, whole: u64) -> f64 {
    match whole {
        0 => 0.0,
        whole => float(part) / float(whole),
    }
}

/// Rounds a number to the nearest integer.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a volume is far below 2^53 and never negative; NaN becomes 0"
)]
fn whole(value: f64) -> u64 {
    value.max(0.0).round() as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use projections::views::cost_board::ResourceUsage;

    fn cell(day: u32, hour: u32, dialed: u64) -> Cell {
        let day = NaiveDate::from_ymd_opt(2026, 11, day).unwrap();
        Cell {
            campaign: "A".to_owned(),
            hour_at: midnight(day).plus_ms(u64::from(hour) * 3_600_000),
            trunk: "first".to_owned(),
            flow_version: 1,
            dialed,
            answered: dialed / 2,
            ended: dialed,
            talked: dialed / 2,
            talk_ms: dialed * 20_000,
            conversions: 0,
            person_answered: dialed / 2,
        }
    }

    fn cost(outcome: Option<&str>, calls: u64) -> CostRow {
        CostRow {
            campaign: "A".parse().unwrap(),
            disposition: "answered".to_owned(),
            outcome: outcome.map(str::to_owned),
            calls,
            charged: calls,
            billed: calls,
            talk_ms: 0,
            billed_seconds: calls * 60,
            used: ResourceUsage::default(),
        }
    }

    /// Two weeks, 300 dials a day in three hours, half of them in the busiest.
    fn two_weeks() -> Vec<Cell> {
        let hours = [(10, 100), (11, 150), (15, 50)];
        let day = |day| hours.map(|(hour, dialed)| cell(day, hour, dialed));
        (2..16).flat_map(day).collect()
    }

    #[test]
    fn a_month_needs_lines_and_agents_for_its_busiest_hour_and_costs_what_is_billed() {
        let cells = two_weeks();
        let until = NaiveDate::from_ymd_opt(2026, 11, 16).unwrap();
        let series = series(&cells, until);
        assert_eq!(series, [300.0; 14]);
        let ahead = forecast(&series, SEASON_DAYS, 60, COVERAGE);
        let days: Vec<_> = until.iter_days().zip(ahead).collect();
        let costs = [cost(Some("transferred"), 10), cost(None, 90)];
        let basis = CallAverages::of(&cells, &costs, Some(15));
        let months = basis.months(&days);
        let monthly: Vec<_> = months
            .iter()
            .map(|one| (one.month.as_str(), one.sum.calls))
            .collect();
        // 15 days of November, all of December, 14 of January.
        assert_eq!(
            monthly,
            [("2026-11", 4_500), ("2026-12", 9_300), ("2027-01", 4_200)]
        );
        let december = &months[1];
        assert_eq!(december.sum.talk_minutes, 9_300 * 20 / 60);
        assert_eq!(december.sum.cost_fen, Some(9_300 * 15));
        // 150 calls of 40 s in an hour are 1.67 Erlang; 15 of 240 s are 1.
        assert_eq!(
            (december.lines, december.agents),
            (lines(150.0 * 40.0 / 3_600.0), lines(1.0))
        );
        let assumed = basis.assumed();
        assert_eq!(
            (assumed.busiest_hour_permille, assumed.handed_over_permille),
            (500, 100)
        );
    }

    #[test]
    fn the_quarter_behind_today_is_planned_unless_another_is_named() {
        let mut ask = CallPlanInputs {
            today: NaiveDate::from_ymd_opt(2026, 11, 16).unwrap(),
            quarter_of: None,
            campaign: None,
            per_minute_fen: None,
        };
        assert_eq!(quarter(&ask).label, "2027-Q1");
        ask.quarter_of = NaiveDate::from_ymd_opt(2026, 12, 1);
        assert_eq!(quarter(&ask).label, "2026-Q4");
    }

    #[test]
    fn less_than_two_weeks_make_no_plan() {
        let series = series(&two_weeks(), NaiveDate::from_ymd_opt(2026, 11, 15).unwrap());
        assert_eq!(series.len(), 13);
        assert!(forecast(&series, SEASON_DAYS, 60, COVERAGE).is_empty());
        assert!(CallAverages::of(&[], &[], None).months(&[]).is_empty());
    }
}
