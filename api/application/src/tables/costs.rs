//! Costs of calls: line time as carriers bill it, and the usage of agents and engines, each multiplied by a
//! tariff from the request or the installation's settings.

use super::baseline::{ActualUsage, Baseline, BaselineComparison};
use super::work_costs::WorkCostsResponse;
use domain::calendar::{beijing_date, midnight, parse_day_or_instant};
use domain::disposition::{Disposition, Outcome};
use domain::ids::CampaignId;
use domain::problem::Problem;
use domain::time::Timestamp;
use projections::ReadDb;
use projections::views::cost_board::{BillingStep, CostFilter, CostRow, ROWS_MAX, ResourceUsage, costs};
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeMap;

/// Highest tariff accepted, in fen per minute: a thousand yuan.
const PER_MINUTE_FEN_MAX: u64 = 100_000;

/// The parameters of a cost table.
#[derive(Debug, Clone)]
pub struct CostParameters {
    filter: CostFilter,
    step: BillingStep,
    per_minute_fen: Option<u64>,
    baseline: Option<Baseline>,
}

impl CostParameters {
    /// Sets the baseline, from which tariffs are taken and with which the costs are compared.
    pub const fn beside(mut self, baseline: Option<Baseline>) -> Self {
        self.baseline = baseline;
        self
    }

    /// Reads the parameters of a query or a command line. Fails if a day, the billing step or the tariff is
    /// invalid.
    pub fn read(
        campaign: Option<CampaignId>,
        from: Option<&str>,
        to: Option<&str>,
        step: Option<&str>,
        per_minute_fen: Option<u64>,
    ) -> Result<Self, Problem> {
        let step = step.map_or(Ok(BillingStep::Minute), str::parse);
        let step = step.map_err(|why| Problem::invalid("step-invalid", format!("step {why}")))?;
        if per_minute_fen.is_some_and(|fen| fen > PER_MINUTE_FEN_MAX) {
            let detail = format!("per_minute_fen must be at most {PER_MINUTE_FEN_MAX}");
            return Err(Problem::invalid("tariff-invalid", detail));
        }
        let filter = CostFilter {
            campaign,
            from: from.map(first_instant).transpose()?,
            to: to.map(first_instant).transpose()?,
        };
        Ok(Self {
            filter,
            step,
            per_minute_fen,
            baseline: None,
        })
    }

    /// Returns what these seconds on the line cost in fen, rounded half up; `None` without a tariff.
    fn fen(&self, seconds: u64) -> Option<u64> {
        let of_baseline = || self.baseline.and_then(|baseline| baseline.line_minute_fen);
        let per_minute = self.per_minute_fen.or_else(of_baseline)?;
        Some(seconds.saturating_mul(per_minute).saturating_add(30) / 60)
    }
}

/// Parses a day or time. Fails if it is not the start of a Beijing day, because sums are per Beijing day.
fn first_instant(text: &str) -> Result<Timestamp, Problem> {
    let invalid = |why: String| Problem::invalid("window-invalid", why);
    let at = parse_day_or_instant(text).map_err(invalid)?;
    if midnight(beijing_date(at)) != at {
        let why = "costs are recorded by Beijing date: give a date such as 2026-11-20".to_owned();
        return Err(invalid(why));
    }
    Ok(at)
}

#[derive(Debug, Default, Clone, Copy)]
struct Sum {
    calls: u64,
    charged: u64,
    billed: u64,
    talk_ms: u64,
    seconds: u64,
    conversions: u64,
    used: ResourceUsage,
}

impl Sum {
    fn add(&mut self, row: &CostRow) {
        self.calls += row.calls;
        self.charged += row.charged;
        self.billed += row.billed;
        self.talk_ms += row.talk_ms;
        self.seconds += row.billed_seconds;
        self.used = self.used.with(&row.used);
        if row.outcome.as_deref() == Some(Outcome::Success.code()) {
            self.conversions += row.calls;
        }
    }

    fn shown(&self, asked: &CostParameters) -> CostSumResponse {
        let fen = asked.fen(self.seconds);
        let of_conversion = |fen: Option<u64>| fen.and_then(|fen| fen.checked_div(self.conversions));
        let work = WorkCostsResponse::of(&self.used, asked.baseline.as_ref());
        let total = work.with_lines(fen);
        CostSumResponse {
            calls: self.calls,
            charged_calls: self.charged,
            billed_calls: self.billed,
            talk_ms: self.talk_ms,
            billed_seconds: self.seconds,
            cost_fen: fen,
            conversions: self.conversions,
            cost_per_conversion_fen: of_conversion(fen),
            used: work,
            total_cost_fen: total,
            total_per_conversion_fen: of_conversion(total),
            baseline: asked.baseline.map(|baseline| {
                baseline.beside(ActualUsage {
                    effective_calls: self.billed,
                    conversions: self.conversions,
                    billed_seconds: self.seconds,
                    cost_fen: fen,
                    total_fen: total,
                })
            }),
        }
    }
}

/// Calls and their costs. Amounts in fen are null without a tariff.
#[derive(Debug, Serialize, JsonSchema)]
struct CostSumResponse {
    calls: u64,
    /// Number of calls that the retry policy counts.
    charged_calls: u64,
    /// Number of calls that a carrier bills.
    billed_calls: u64,
    talk_ms: u64,
    billed_seconds: u64,
    cost_fen: Option<u64>,
    conversions: u64,
    cost_per_conversion_fen: Option<u64>,
    /// Usage of agents and engines in them.
    used: WorkCostsResponse,
    /// Lines, agents and engines, as far as they have a tariff.
    total_cost_fen: Option<u64>,
    total_per_conversion_fen: Option<u64>,
    /// The cost of the same calls with agents alone, if a baseline was given.
    #[serde(skip_serializing_if = "Option::is_none")]
    baseline: Option<BaselineComparison>,
}

#[derive(Debug, Serialize, JsonSchema)]
struct CampaignCost {
    campaign: String,
    #[serde(flatten)]
    sum: CostSumResponse,
}

/// Calls of a campaign with the same ending.
#[derive(Debug, Serialize, JsonSchema)]
struct EndingCost {
    campaign: CampaignId,
    #[schemars(with = "Disposition")]
    disposition: String,
    #[schemars(with = "Option<Outcome>")]
    outcome: Option<String>,
    calls: u64,
    charged_calls: u64,
    billed_calls: u64,
    talk_ms: u64,
    billed_seconds: u64,
    cost_fen: Option<u64>,
    used: WorkCostsResponse,
    total_cost_fen: Option<u64>,
}

/// Costs by campaign and ending.
#[derive(Debug, Serialize, JsonSchema)]
pub struct CostTable {
    #[schemars(example = &"costs")]
    report: &'static str,
    from: Option<Timestamp>,
    to: Option<Timestamp>,
    step_seconds: u64,
    per_minute_fen: Option<u64>,
    /// The assumed cost of agents alone, and tariffs: as sent, otherwise from the settings.
    baseline: Option<Baseline>,
    campaigns: Vec<CampaignCost>,
    endings: Vec<EndingCost>,
    total: CostSumResponse,
    /// False if there are more rows than one answer can have.
    complete: bool,
    label_zh: &'static str,
    label_en: &'static str,
    /// For a running server: the rows include every event up to this position.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub position: Option<Option<String>>,
}

/// Returns the table of costs: by campaign and ending, by campaign, and in total.
pub async fn cost_table(db: &dyn ReadDb, asked: &CostParameters) -> Result<CostTable, Problem> {
    let rows = costs(db, &asked.filter, asked.step).await?;
    let mut all = Sum::default();
    let mut campaigns: BTreeMap<&str, Sum> = BTreeMap::new();
    let mut endings = Vec::with_capacity(rows.len());
    for row in &rows {
        all.add(row);
        campaigns.entry(row.campaign.as_str()).or_default().add(row);
        let cost_fen = asked.fen(row.billed_seconds);
        let work = WorkCostsResponse::of(&row.used, asked.baseline.as_ref());
        endings.push(EndingCost {
            campaign: row.campaign.clone(),
            disposition: row.disposition.clone(),
            outcome: row.outcome.clone(),
            calls: row.calls,
            charged_calls: row.charged,
            billed_calls: row.billed,
            talk_ms: row.talk_ms,
            billed_seconds: row.billed_seconds,
            cost_fen,
            total_cost_fen: work.with_lines(cost_fen),
            used: work,
        });
    }
    let shown = |(campaign, sum): (&&str, &Sum)| CampaignCost {
        campaign: (*campaign).to_owned(),
        sum: sum.shown(asked),
    };
    let baseline = asked.baseline.as_ref();
    Ok(CostTable {
        report: "costs",
        from: asked.filter.from,
        to: asked.filter.to,
        step_seconds: asked.step.seconds(),
        per_minute_fen: asked
            .per_minute_fen
            .or(baseline.and_then(|baseline| baseline.line_minute_fen)),
        baseline: asked.baseline,
        campaigns: campaigns.iter().map(shown).collect(),
        endings,
        total: all.shown(asked),
        complete: rows.len() < ROWS_MAX,
        label_zh: "费用：线路按通话计费、逐通进位，不含振铃；坐席自接手至通话结束（话后处理尚无事件）；引擎按通话事件计量",
        label_en: "costs: talk as carriers bill it, each call rounded up, no ringing; agents from taking a call to \
            its end (wrapping up awaits events); engines as the calls' events tell",
        position: None,
    })
}
