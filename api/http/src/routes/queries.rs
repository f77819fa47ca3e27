//! Routes of SQL queries: one read-only query over the documented views, with limits, recorded before its
//! result is returned; and the views.

use crate::api_description::ReadReply;
use crate::endpoint::{Ctx, Endpoint, EndpointSubject, Input, Permission};
use application::inquiries::{Question, SqlAnswer, query};
use domain::problem::Problem;
use intake::members::ApiRequest;
use projections::ask::{QueryLimits, ROWS_DEFAULT, ROWS_MAX, TIMEOUT_DEFAULT_MS, TIMEOUT_MAX_MS};
use projections::sql_views::{EXAMPLE, SQL_VIEWS};
use schemars::JsonSchema;
use serde::Serialize;

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::post("/api/v1/query", "Run a SQL query", ask)
            .describe(
                "Runs one read-only SQL statement over the documented, masked views, within limits for rows and \
                 time. The query is recorded before the result is returned.",
            )
            .needs(Permission::QueryRun, EndpointSubject::Everybody)
            .heavy()
            .takes::<SqlQuery>(),
        Endpoint::get("/api/v1/query/views", "List the views for SQL", |_, _| {
            std::future::ready(Ok(views()))
        })
        .describe("Returns the documented views with their columns, in Chinese and English.")
        .needs(Permission::QueryRun, EndpointSubject::Unscoped),
    ]
}

/// The body with a SQL query.
#[derive(ApiRequest, JsonSchema)]
struct SqlQuery {
    /// One SELECT over the views of /api/v1/query/views.
    #[schemars(example = EXAMPLE)]
    sql: String,
    /// Maximum rows of the result; default 1000.
    #[schemars(range(min = 1, max = whole(ROWS_MAX)))]
    limit: Option<u32>,
    /// Maximum time of the query in milliseconds; default 5000.
    #[schemars(range(min = 1, max = whole(TIMEOUT_MAX_MS)))]
    timeout_ms: Option<u32>,
    /// The user who asks, for the record.
    by: Option<String>,
}

async fn ask(ctx: Ctx, input: Input) -> Result<ReadReply<SqlAnswer>, Problem> {
    let SqlQuery {
        sql,
        limit,
        timeout_ms,
        by,
    } = input.order().await?;
    let limits = QueryLimits {
        rows_max: limit
            .and_then(|rows| usize::try_from(rows).ok())
            .unwrap_or(ROWS_DEFAULT),
        timeout_ms: timeout_ms.map_or(TIMEOUT_DEFAULT_MS, u64::from),
    };
    let question = Question { sql, by, limits };
    query(&ctx.installation, question).await.map(ReadReply)
}

/// Converts a limit to the type of a count in a body; `u32::MAX` for a larger one.
fn whole(limit: impl TryInto<u32>) -> u32 {
    limit.try_into().unwrap_or(u32::MAX)
}

/// The documented views.
#[derive(Debug, Serialize, JsonSchema)]
struct SqlViews {
    views: Vec<SqlViewResponse>,
}

#[derive(Debug, Serialize, JsonSchema)]
struct SqlViewResponse {
    #[schemars(example = &"calls")]
    name: &'static str,
    en: &'static str,
    zh: &'static str,
    columns: Vec<SqlColumn>,
}

#[derive(Debug, Serialize, JsonSchema)]
struct SqlColumn {
    #[schemars(example = &"talk_ms")]
    name: &'static str,
    #[schemars(example = &"ms")]
    unit: &'static str,
    en: &'static str,
    zh: &'static str,
}

fn views() -> ReadReply<SqlViews> {
    let views = SQL_VIEWS.iter().map(|view| {
        let columns = view.columns.iter().map(|column| SqlColumn {
            name: column.name,
            unit: column.unit.word(),
            en: column.en,
            zh: column.zh,
        });
        SqlViewResponse {
            name: view.name,
            en: view.en,
            zh: view.zh,
            columns: columns.collect(),
        }
    });
    ReadReply(SqlViews {
        views: views.collect(),
    })
}
