//! Routes of costs (DEP-8): lines, agents and engines by campaign, disposition and conversion, compared with
//! a baseline of agents alone. The baseline is in the settings or in the request.

use crate::api_description::ReadReply;
use crate::endpoint::{Ctx, Endpoint, EndpointSubject, Input, Permission};
use application::as_of::{AS_OF, Moment, VALID_AT};
use application::figures::{QualifiedAnswer, Source};
use application::parameter::Parameter;
use application::tables::{Baseline, CostParameters, CostTable, cost_table};
use application::targets::campaign_of;
use domain::ids::CampaignId;
use domain::problem::Problem;
use intake::members::{ApiRequest, Members};
use projections::View;
use projections::views::cost_board::CostBoard;
use schemars::JsonSchema;
use std::sync::Arc;

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get(
            "/api/v1/reports/costs",
            "Report costs by campaign, disposition and conversion",
            costs,
        )
            .describe(
                "Costs of lines, agents and engines, compared with a baseline of agents alone. Tariffs and \
                 baseline come from the settings; query parameters override them.",
            )
        .needs(Permission::FiguresRead, EndpointSubject::Everybody)
        .query(
            const {
                &[
                    Parameter::campaign("Only this campaign"),
                    Parameter::text("from", "First day (Beijing time)", "2026-11-20"),
                    Parameter::text("to", "End of the period, exclusive: a day", "2026-11-21"),
                    Parameter::one_of(
                        "step",
                        "Billing step in seconds: 60 (default), 6 or 1",
                        &["60", "6", "1"],
                    ),
                    Parameter::number(
                        "per_minute_fen",
                        "Tariff of lines in fen per minute, a whole number; default: the setting costs.line_minute_fen",
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
            "Report costs with another baseline and tariffs",
            costs_beside,
        )
            .describe(
                "The same report with the baseline and tariffs of the body. A member that is missing has \
                 its default. Nothing is stored.",
            )
        .needs(Permission::FiguresRead, EndpointSubject::Everybody)
        .takes::<CostsRequest>(),
    ]
}

/// The body of a cost report: the period, the tariffs and the baseline.
#[derive(ApiRequest, JsonSchema)]
#[request(check = check_baseline)]
#[schemars(extend("examples" = [{ "from": "2026-11-20", "baseline": { "agent_year_fen": 9_000_000,
    "recognition_hour_fen": 120 } }]))]
struct CostsRequest {
    #[member(parse)]
    campaign: Option<CampaignId>,
    /// First day (Beijing time).
    #[schemars(example = &"2026-11-20")]
    from: Option<String>,
    /// End of the period, exclusive: a day.
    #[schemars(example = &"2026-11-21")]
    to: Option<String>,
    /// Billing step in seconds: 60 (default), 6 or 1.
    #[schemars(example = &"60")]
    step: Option<String>,
    /// Tariff of lines in fen per minute, a whole number.
    #[schemars(range(min = 0, max = PER_MINUTE_FEN_MAX))]
    per_minute_fen: Option<u32>,
    /// Replaces the baseline of the settings. A missing member has its default, or is not priced.
    baseline: Option<Baseline>,
    /// A log position or an RFC 3339 instant: the costs as known then. Default: now.
    #[schemars(example = &"1200")]
    as_of: Option<String>,
}

/// Highest tariff that a body may contain, in fen per minute. The table has a limit of its own, and its error
/// states it.
const PER_MINUTE_FEN_MAX: u32 = 100_000;

fn check_baseline(request: &CostsRequest, body: &mut Members) {
    if let Some(fault) = request.baseline.and_then(|baseline| baseline.fault()) {
        body.wrong("baseline", format!("has {fault} within their bounds"));
    }
}

const AGENT_YEAR_FEN: Parameter = Parameter::number(
    "agent_year_fen",
    "Baseline: cost of an agent per year, in fen",
    8_000_000,
);
const WORK_DAYS: Parameter = Parameter::number("work_days_per_year", "Baseline: working days per year", 250);
const CALLS_MIN: Parameter = Parameter::number(
    "calls_per_agent_day_min",
    "Baseline: minimum of effective calls per agent and day",
    150,
);
/// Query parameter: the baseline's maximum of effective calls per agent and day, with the bounds of the
/// same member in a body.
const CALLS_MAX: Parameter = Parameter::number(
    "calls_per_agent_day_max",
    "Baseline: maximum of effective calls per agent and day",
    200,
);
const MINUTE_BEFORE: Parameter = Parameter::number(
    "line_minute_fen_before",
    "Baseline: former cost of a line minute, in fen",
    20,
);

/// The members of the baseline that the query sets. They override the settings.
#[derive(Default)]
struct BaselineOverrides {
    agent_year_fen: Option<u64>,
    work_days_per_year: Option<u64>,
    calls_per_agent_day_min: Option<u64>,
    calls_per_agent_day_max: Option<u64>,
    line_minute_fen_before: Option<u64>,
}

impl BaselineOverrides {
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

/// The baseline of a reply: the settings with overrides, or the one in the body.
enum BaselineSource {
    Settings(BaselineOverrides),
    Sent(Baseline),
}

async fn costs(ctx: Ctx, input: Input) -> Result<ReadReply<QualifiedAnswer<CostTable>>, Problem> {
    let campaign = campaign_of(input.text("campaign"))?;
    let asked = CostParameters::read(
        campaign.clone(),
        input.text("from"),
        input.text("to"),
        input.text("step"),
        input.number("per_minute_fen")?,
    )?;
    let beside = BaselineSource::Settings(BaselineOverrides::of(&input)?);
    answer(&ctx, asked, campaign, Moment::of(input.query())?, beside).await
}

async fn costs_beside(ctx: Ctx, input: Input) -> Result<ReadReply<QualifiedAnswer<CostTable>>, Problem> {
    let order: CostsRequest = input.order().await?;
    let asked = CostParameters::read(
        order.campaign.clone(),
        order.from.as_deref(),
        order.to.as_deref(),
        order.step.as_deref(),
        order.per_minute_fen.map(u64::from),
    )?;
    let moment = Moment::parse(order.as_of.as_deref(), None)?;
    let beside = order.baseline.map_or_else(
        || BaselineSource::Settings(BaselineOverrides::default()),
        BaselineSource::Sent,
    );
    answer(&ctx, asked, order.campaign, moment, beside).await
}

async fn answer(
    ctx: &Ctx,
    asked: CostParameters,
    campaign: Option<CampaignId>,
    moment: Moment,
    beside: BaselineSource,
) -> Result<ReadReply<QualifiedAnswer<CostTable>>, Problem> {
    let views: Vec<Arc<dyn View>> = vec![Arc::new(CostBoard)];
    let source = match campaign {
        Some(campaign) => Source::of(&ctx.installation, moment, &campaign, views).await?,
        None => Source::of_all(&ctx.installation, moment, views).await?,
    };
    // A report of the past uses the settings as they were then.
    let until = source.position.filter(|_| source.known.is_some());
    let baseline = match beside {
        BaselineSource::Sent(baseline) => baseline,
        BaselineSource::Settings(said) => {
            said.over(Baseline::stored(ctx.installation.store(), until).await?)?
        }
    };
    let mut answer = cost_table(source.db.as_ref(), &asked.beside(Some(baseline))).await?;
    answer.position = Some(source.position.map(|position| position.to_string()));
    Ok(ReadReply(QualifiedAnswer {
        answer,
        completeness: source.completeness,
    }))
}
