//! The quarter's call plan, drafted from the forecast.

use crate::described::Read;
use crate::endpoint::{About, Ctx, Endpoint, Input, Permission};
use application::parameter::Parameter;
use application::targets::campaign_of;
use chrono::NaiveDate;
use domain::calendar::beijing_date;
use domain::problem::Problem;
use evidence::pdca::{CallPlan, PlanAsk, call_plan};

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get(
            "/api/v1/reports/call-plan",
            "A quarter's call plan, drafted from the forecast: calls, lines, agents and cost by month",
            plan,
        )
        .needs(Permission::FiguresRead, About::CampaignAsked)
        .query(
            const {
                &[
                    Parameter::campaign("Only this campaign"),
                    Parameter::day("quarter_of", "A day of the quarter; default: the next quarter"),
                    Parameter::number("per_minute_fen", "Tariff in fen a minute, a whole number", 15),
                ]
            },
        ),
    ]
}

async fn plan(ctx: Ctx, input: Input) -> Result<Read<CallPlan>, Problem> {
    let quarter_of = input.text("quarter_of").map(str::parse::<NaiveDate>);
    let quarter_of = quarter_of.transpose().map_err(|_bad_day| {
        Problem::invalid("query-invalid", "quarter_of must be a date such as 2027-01-01")
    })?;
    let ask = PlanAsk {
        today: beijing_date(ctx.installation.now()),
        quarter_of,
        campaign: campaign_of(input.text("campaign"))?,
        per_minute_fen: input.number("per_minute_fen")?,
    };
    call_plan(ctx.installation.rows.db().as_ref(), &ask)
        .await
        .map(Read)
}
