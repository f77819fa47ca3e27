//! Figures by name and version: the definitions, a figure whole or by a dimension, and the events behind it.

use crate::endpoint::{Ctx, Endpoint, Input};
use crate::reply::Done;
use application::as_of::Moment;
use application::figures::{ASKED, Asked, DRILLED, Drilling, Source, age, describe_metric};
use domain::problem::Problem;
use projections::metrics::catalog;
use projections::views::metric_board::By;
use serde_json::{Value, json};

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get(
            "/api/v1/metrics",
            "Every metric at every version: definition zh and en, unit, numerator and denominator",
            |_, _| Box::pin(std::future::ready(list())),
        ),
        Endpoint::get(
            "/api/v1/metrics/{name}",
            "A figure by name and version, whole or by a dimension, with its age",
            |ctx, input| Box::pin(show(ctx, input)),
        )
        .query(ASKED),
        Endpoint::get(
            "/api/v1/metrics/{name}/events",
            "The events behind a figure: folded from the log, not read from rows",
            |ctx, input| Box::pin(events(ctx, input)),
        )
        .query(DRILLED),
    ]
}

fn list() -> Result<Done, Problem> {
    let catalog = catalog()?;
    let metrics: Vec<Value> = catalog
        .metrics()
        .iter()
        .map(|metric| Value::Object(describe_metric(metric)))
        .collect();
    let columns: Vec<&str> = By::ALL.iter().map(|by| by.code()).collect();
    Ok(Done::Read(json!({ "items": metrics, "columns": columns })))
}

async fn show(ctx: Ctx, input: Input) -> Result<Done, Problem> {
    let asked = Asked::read(&input.param(0)?, input.query())?;
    let moment = Moment::of(input.query())?;
    let source = Source::of_metric(&ctx.installation, moment, asked.scope.campaign.as_ref()).await?;
    let answer = asked.answer(source.db.as_ref()).await?;
    let mut shown = asked.describe(&answer);
    match source.known {
        Some(known) => shown.insert("known".to_owned(), known),
        None => {
            let head = ctx.installation.store().head().await?;
            shown.insert(
                "complete_up_to".to_owned(),
                age(&answer.complete, head, ctx.installation.now()),
            )
        }
    };
    Ok(Done::Read(Value::Object(shown)))
}

async fn events(ctx: Ctx, input: Input) -> Result<Done, Problem> {
    let drilling = Drilling::read(&input.param(0)?, input.query())?;
    drilling.answer(&ctx.installation).await.map(Done::Read)
}
