//! The route that drafts the call plan of a quarter from the forecast.

use crate::api_description::ReadReply;
use crate::endpoint::{Ctx, Endpoint, EndpointSubject, Input, Permission};
use application::parameter::Parameter;
use application::targets::campaign_of;
use chrono::NaiveDate;
use domain::calendar::beijing_date;
use domain::problem::Problem;
use evidence::pdca::{CallPlan, CallPlanInputs, call_plan};

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get(
            "/api/v1/reports/call-plan",
            "Draft a quarter's call plan from the forecast",
            plan,
        )
        .describe(
            "For each month: the forecast calls, the lines and agents needed for them, and the cost at the \
             given tariff.",
        )
        .needs(Permission::FiguresRead, EndpointSubject::CampaignAsked)
        .query(
            const {
                &[
                    Parameter::campaign("Only calls of this campaign"),
                    Parameter::day("quarter_of", "Any day of the quarter; default: the next quarter"),
                    Parameter::number("per_minute_fen", "Tariff in fen per minute, a whole number", 15),
                ]
            },
        ),
    ]
}

async fn plan(ctx: Ctx, input: Input) -> Result<ReadReply<CallPlan>, Problem> {
    let quarter_of = input.text("quarter_of").map(str::parse::<NaiveDate>);
    let quarter_of = quarter_of.transpose().map_err(|_bad_day| {
        Problem::invalid("query-invalid", "quarter_of must be a date such as 2027-01-01")
    })?;
    let ask = CallPlanInputs {
        today: beijing_date(ctx.installation.now()),
        quarter_of,
        campaign: campaign_of(input.text("campaign"))?,
        per_minute_fen: input.number("per_minute_fen")?,
    };
    call_plan(ctx.installation.rows.db().as_ref(), &ask)
        .await
        .map(ReadReply)
}
