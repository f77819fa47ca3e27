//! Costs over HTTP (DEP-8): lines, agents and engines by campaign, ending and conversion, beside a baseline
//! of people alone: the settings', or another one that is sent with the question.

use crate::described::Read;
use crate::endpoint::{About, Ctx, Endpoint, Input, Permission};
use application::as_of::{AS_OF, Moment, VALID_AT};
use application::figures::{Source, Standing};
use application::parameter::Parameter;
use application::tables::{Baseline, CostTable, Costing, cost_table};
use application::targets::campaign_of;
use domain::ids::CampaignId;
use domain::problem::Problem;
use intake::members::{Members, Order};
use projections::View;
use projections::views::cost_board::CostBoard;
use schemars::JsonSchema;
use std::sync::Arc;

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get(
            "/api/v1/reports/costs",
            "Costs by campaign, ending and conversion: lines, agents and engines, beside what people alone would \
             cost by the settings",
            costs,
        )
        .needs(Permission::FiguresRead, About::Everybody)
        .query(
            const {
                &[
                    Parameter::campaign("Only this campaign"),
                    Parameter::text("from", "First day, Beijing", "2026-11-20"),
                    Parameter::text("to", "The day before which it ends", "2026-11-21"),
                    Parameter::one_of(
                        "step",
                        "Seconds to which each call is rounded up: 60 (default), 6 or 1",
                        &["60", "6", "1"],
                    ),
                    Parameter::number(
                        "per_minute_fen",
                        "Tariff of lines in fen a minute, a whole number; default: the setting costs.line_minute_fen",
                        15,
                    ),
                    AGENT_YEAR_FEN,
                    WORK_DAYS,
                    CALLS_MIN,
                    CALLS_MAX,
                    MINUTE_BEFORE,
                    AS_OF,
                    VALID_AT,
                ]
            },
        ),
        Endpoint::post(
            "/api/v1/reports/costs",
            "The same beside another baseline and other tariffs than the settings'; nothing is stored",
            costs_beside,
        )
        .needs(Permission::FiguresRead, About::Everybody)
        .takes::<CostsOrder>(),
    ]
}

/// Which costs, and beside what.
#[derive(JsonSchema)]
#[schemars(extend("examples" = [{ "from": "2026-11-20", "baseline": { "agent_year_fen": 9_000_000,
    "recognition_hour_fen": 120 } }]))]
struct CostsOrder {
    campaign: Option<CampaignId>,
    /// First day, Beijing.
    #[schemars(example = &"2026-11-20")]
    from: Option<String>,
    /// The day before which it ends.
    #[schemars(example = &"2026-11-21")]
    to: Option<String>,
    /// Seconds to which each call is rounded up: 60 (default), 6 or 1.
    #[schemars(example = &"60")]
    step: Option<String>,
    /// Tariff of lines in fen a minute, a whole number.
    per_minute_fen: Option<u32>,
    /// What is left out is the requirement's, or not priced.
    #[schemars(with = "Baseline")]
    baseline: Option<Baseline>,
    /// A position of the log, or an instant: what was known then. Default: now.
    #[schemars(example = &"1200")]
    as_of: Option<String>,
}

/// Highest tariff that a body may say; the table's own limit is told by it.
const PER_MINUTE_FEN_MAX: u32 = 100_000;

impl Order for CostsOrder {
    fn read(body: &mut Members) -> Self {
        let baseline: Option<Baseline> = body.value("baseline");
        if let Some(fault) = baseline.and_then(|baseline| baseline.fault()) {
            body.wrong("baseline", format!("has {fault} within their bounds"));
        }
        Self {
            campaign: body.parsed("campaign"),
            from: body.text("from"),
            to: body.text("to"),
            step: body.text("step"),
            per_minute_fen: body.count("per_minute_fen", 0, PER_MINUTE_FEN_MAX),
            baseline,
            as_of: body.text("as_of"),
        }
    }
}

const AGENT_YEAR_FEN: Parameter = Parameter::number(
    "agent_year_fen",
    "Of a baseline: what an agent costs a year, in fen",
    8_000_000,
);
const WORK_DAYS: Parameter =
    Parameter::number("work_days_per_year", "Of a baseline: working days of a year", 250);
const CALLS_MIN: Parameter = Parameter::number(
    "calls_per_agent_day_min",
    "Of a baseline: effective calls of an agent in a day, at least",
    150,
);
/// As a baseline itself has it.
const CALLS_MAX: Parameter = Parameter::number(
    "calls_per_agent_day_max",
    "Of a baseline: effective calls of an agent in a day, at most",
    200,
);
const MINUTE_BEFORE: Parameter = Parameter::number(
    "line_minute_fen_before",
    "Of a baseline: what a minute on the line cost before, in fen",
    20,
);

/// What a question says of the baseline itself goes before the settings.
#[derive(Default)]
struct Said {
    agent_year_fen: Option<u64>,
    work_days_per_year: Option<u64>,
    calls_per_agent_day_min: Option<u64>,
    calls_per_agent_day_max: Option<u64>,
    line_minute_fen_before: Option<u64>,
}

impl Said {
    fn of(input: &Input) -> Result<Self, Problem> {
        let said = |parameter: Parameter| input.number::<u64>(parameter.name);
        Ok(Self {
            agent_year_fen: said(AGENT_YEAR_FEN)?,
            work_days_per_year: said(WORK_DAYS)?,
            calls_per_agent_day_min: said(CALLS_MIN)?,
            calls_per_agent_day_max: said(CALLS_MAX)?,
            line_minute_fen_before: said(MINUTE_BEFORE)?,
        })
    }

    fn over(self, stored: Baseline) -> Result<Baseline, Problem> {
        Baseline {
            agent_year_fen: self.agent_year_fen.unwrap_or(stored.agent_year_fen),
            work_days_per_year: self.work_days_per_year.unwrap_or(stored.work_days_per_year),
            calls_per_agent_day_min: self
                .calls_per_agent_day_min
                .unwrap_or(stored.calls_per_agent_day_min),
            calls_per_agent_day_max: self
                .calls_per_agent_day_max
                .unwrap_or(stored.calls_per_agent_day_max),
            line_minute_fen_before: self.line_minute_fen_before.or(stored.line_minute_fen_before),
            ..stored
        }
        .possible()
    }
}

/// By which baseline an answer goes.
enum Beside {
    Settings(Said),
    Sent(Baseline),
}

async fn costs(ctx: Ctx, input: Input) -> Result<Read<Standing<CostTable>>, Problem> {
    let campaign = campaign_of(input.text("campaign"))?;
    let asked = Costing::read(
        campaign.clone(),
        input.text("from"),
        input.text("to"),
        input.text("step"),
        input.number("per_minute_fen")?,
    )?;
    let beside = Beside::Settings(Said::of(&input)?);
    answer(&ctx, asked, campaign, Moment::of(input.query())?, beside).await
}

async fn costs_beside(ctx: Ctx, input: Input) -> Result<Read<Standing<CostTable>>, Problem> {
    let order: CostsOrder = input.order().await?;
    let asked = Costing::read(
        order.campaign.clone(),
        order.from.as_deref(),
        order.to.as_deref(),
        order.step.as_deref(),
        order.per_minute_fen.map(u64::from),
    )?;
    let moment = Moment::parse(order.as_of.as_deref(), None)?;
    let beside = order
        .baseline
        .map_or_else(|| Beside::Settings(Said::default()), Beside::Sent);
    answer(&ctx, asked, order.campaign, moment, beside).await
}

async fn answer(
    ctx: &Ctx,
    asked: Costing,
    campaign: Option<CampaignId>,
    moment: Moment,
    beside: Beside,
) -> Result<Read<Standing<CostTable>>, Problem> {
    let views: Vec<Arc<dyn View>> = vec![Arc::new(CostBoard)];
    let source = match campaign {
        Some(campaign) => Source::of(&ctx.installation, moment, &campaign, views).await?,
        None => Source::of_all(&ctx.installation, moment, views).await?,
    };
    // Of the past the settings of then count.
    let until = source.position.filter(|_| source.known.is_some());
    let baseline = match beside {
        Beside::Sent(baseline) => baseline,
        Beside::Settings(said) => said.over(Baseline::stored(ctx.installation.store(), until).await?)?,
    };
    let mut answer = cost_table(source.db.as_ref(), &asked.beside(Some(baseline))).await?;
    answer.position = Some(source.position.map(|position| position.to_string()));
    Ok(Read(Standing {
        answer,
        stands: source.stands,
    }))
}
