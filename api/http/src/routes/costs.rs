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

async fn costs(ctx: Ctx, input: Input) -> Result<Read<Standing<CostTable>>, Problem> {
    let campaign = campaign_of(input.text("campaign"))?;
    let asked = Costing::read(
        campaign.clone(),
        input.text("from"),
        input.text("to"),
        input.text("step"),
        input.number("per_minute_fen")?,
    )?;
    answer(&ctx, asked, campaign, Moment::of(input.query())?, None).await
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
    answer(&ctx, asked, order.campaign, moment, order.baseline).await
}

async fn answer(
    ctx: &Ctx,
    asked: Costing,
    campaign: Option<CampaignId>,
    moment: Moment,
    baseline: Option<Baseline>,
) -> Result<Read<Standing<CostTable>>, Problem> {
    let views: Vec<Arc<dyn View>> = vec![Arc::new(CostBoard)];
    let source = match campaign {
        Some(campaign) => Source::of(&ctx.installation, moment, &campaign, views).await?,
        None => Source::of_all(&ctx.installation, moment, views).await?,
    };
    // Of the past the settings of then count.
    let until = source.position.filter(|_| source.known.is_some());
    let baseline = match baseline {
        Some(baseline) => baseline,
        None => Baseline::stored(ctx.installation.store(), until)
            .await?
            .possible()?,
    };
    let mut answer = cost_table(source.db.as_ref(), &asked.beside(Some(baseline))).await?;
    answer.position = Some(source.position.map(|position| position.to_string()));
    Ok(Read(Standing {
        answer,
        stands: source.stands,
    }))
}
