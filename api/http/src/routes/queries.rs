//! Ad-hoc SQL over the documented views: one read-only query, bounded, on record before it is answered.

use crate::endpoint::{Ctx, Endpoint, Input, Takes};
use crate::reply::Done;
use application::inquiring::{Question, query};
use domain::problem::Problem;
use intake::members::Members;
use projections::ask::{AskLimits, ROWS_DEFAULT, ROWS_MAX, TIMEOUT_DEFAULT_MS, TIMEOUT_MAX_MS};
use projections::sql_views::SQL_VIEWS;
use serde_json::json;

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::post(
            "/api/v1/query",
            "One read-only SQL query over the documented, masked views",
            |ctx, input| Box::pin(ask(ctx, input)),
        )
        .takes(Takes::Json("SqlQuery")),
        Endpoint::get(
            "/api/v1/query/views",
            "The documented views with their columns, in zh and en",
            |_, _| Box::pin(async { Ok(views()) }),
        ),
    ]
}

async fn ask(ctx: Ctx, input: Input) -> Result<Done, Problem> {
    let mut body = Members::new(input.object().await?);
    let sql = body.needed_text("sql").unwrap_or_default();
    let by = body.text("by");
    let rows_max = body.count("limit", 1, whole(ROWS_MAX));
    let timeout_ms = body.count("timeout_ms", 1, whole(TIMEOUT_MAX_MS));
    body.refuse_the_rest();
    body.finish()?;
    let limits = AskLimits {
        rows_max: rows_max
            .and_then(|rows| usize::try_from(rows).ok())
            .unwrap_or(ROWS_DEFAULT),
        timeout_ms: timeout_ms.map_or(TIMEOUT_DEFAULT_MS, u64::from),
    };
    Ok(Done::Read(
        query(&ctx.installation, Question { sql, by, limits }).await?,
    ))
}

/// A limit as a body's count has it.
fn whole(limit: impl TryInto<u32>) -> u32 {
    limit.try_into().unwrap_or(u32::MAX)
}

fn views() -> Done {
    let views = SQL_VIEWS.iter().map(|view| {
        let columns = view.columns.iter().map(|column| {
            json!({ "name": column.name, "unit": column.unit.word(), "en": column.en, "zh": column.zh })
        });
        json!({ "name": view.name, "en": view.en, "zh": view.zh, "columns": columns.collect::<Vec<_>>() })
    });
    Done::Read(json!({ "views": views.collect::<Vec<_>>() }))
}
