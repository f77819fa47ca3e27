//! Routes of metrics: the definitions, a figure in total or by a dimension, the comparison of two periods,
//! and the events behind a figure.

use crate::api_description::ReadReply;
use crate::endpoint::{Ctx, Endpoint, EndpointSubject, Input, Permission};
use crate::paging::{LONG, ListPage, Paging};
use application::as_of::Moment;
use application::figures::{
    ASKED, COMPARED, Comparing, ComparisonShown, DRILLED, DrillDownPage, DrillDownQuery,
    MetricFiguresResponse, MetricQuery, MetricResponse, Source, age, describe_metric,
};
use domain::problem::Problem;
use domain::stored_event::Position;
use projections::metrics::catalog;
use projections::views::metric_board::Dimension;
use schemars::JsonSchema;
use serde::Serialize;

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get("/api/v1/metrics", "List metrics", |_, _| {
            std::future::ready(list())
        })
        .describe(
            "Returns every metric in every version: definition in Chinese and English, unit, numerator and \
             denominator.",
        )
        .needs(Permission::RulesRead, EndpointSubject::Unscoped),
        Endpoint::get("/api/v1/metrics/{name}", "Get a metric", show)
            .describe(
                "Returns the figure in total or by a dimension, with the position up to which it is \
                 complete.",
            )
            .needs(Permission::FiguresRead, EndpointSubject::CampaignAsked)
            .query(ASKED),
        Endpoint::get(
            "/api/v1/metrics/{name}/comparison",
            "Compare a metric over two periods",
            comparison,
        )
        .describe("Returns the difference with its 95 % interval, or that there are too few calls to tell.")
        .needs(Permission::FiguresRead, EndpointSubject::CampaignAsked)
        .query(COMPARED),
        Endpoint::get(
            "/api/v1/metrics/{name}/events",
            "List the events behind a figure",
            events,
        )
        .describe(
            "Returns the events that a figure counts. They are replayed from the log, not read from views.",
        )
        .needs(Permission::FiguresRead, EndpointSubject::CampaignAsked)
        .query(DRILLED),
    ]
}

/// Every metric, and the dimensions of figures.
#[derive(Debug, Serialize, JsonSchema)]
struct Metrics {
    items: Vec<MetricResponse>,
    #[schemars(example = ["campaign", "hour"])]
    columns: Vec<&'static str>,
}

fn list() -> Result<ReadReply<Metrics>, Problem> {
    Ok(ReadReply(Metrics {
        items: catalog()?.metrics().iter().map(describe_metric).collect(),
        columns: Dimension::ALL.iter().map(|by| by.code()).collect(),
    }))
}

async fn show(ctx: Ctx, input: Input) -> Result<ReadReply<MetricFiguresResponse>, Problem> {
    let asked = MetricQuery::read(&input.param(0)?, input.query())?;
    let moment = Moment::of(input.query())?;
    let source = Source::of_metric(&ctx.installation, moment, asked.scope.campaign.as_ref()).await?;
    let answer = asked.answer(source.db.as_ref()).await?;
    let mut shown = asked.describe(&answer);
    match source.known {
        Some(known) => shown.known = Some(known),
        None => {
            let head = ctx.installation.store().head().await?;
            shown.complete_up_to = Some(age(&answer.complete, head, ctx.installation.now()));
        }
    }
    Ok(ReadReply(shown))
}

async fn comparison(ctx: Ctx, input: Input) -> Result<ReadReply<ComparisonShown>, Problem> {
    let comparing = Comparing::read(&input.param(0)?, input.query())?;
    let moment = Moment::of(input.query())?;
    comparing.answer(&ctx.installation, moment).await.map(ReadReply)
}

async fn events(ctx: Ctx, input: Input) -> Result<ReadReply<ListPage<DrillDownPage>>, Problem> {
    let paging = Paging::of(&ctx.installation, &input, LONG)?;
    let place: Option<(u64, u64)> = paging.place()?;
    let place = place.map(|(until, after)| (Position(until), Position(after)));
    let drilling = DrillDownQuery::read(&input.param(0)?, input.query(), place)?;
    let list = drilling.answer(&ctx.installation).await?;
    let next = list.next.map(|(until, after)| paging.cursor(&(until.0, after.0)));
    Ok(ReadReply(ListPage {
        next_cursor: next.transpose()?,
        list,
    }))
}
