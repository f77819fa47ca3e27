//! Calls of other systems over HTTP (NEW-13): their records become facts that caps count, no dials of ours.

use crate::described::Changed;
use crate::endpoint::{About, Ctx, Endpoint, Input, Permission};
use crate::reply::Written;
use application::past_calls::{PAST_CALLS_OF_REQUEST_MAX, PastCallRow, PastCallsTaken, take_past_calls};
use domain::past_call::HistorySource;
use domain::problem::Problem;
use intake::members::{Members, Order};
use schemars::JsonSchema;
use serde_json::Value;

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::post(
            "/api/v1/history",
            "Imports calls that another system made: caps count what proves a dial, each record once",
            take,
        )
        .needs(Permission::CampaignsWrite, About::Everybody)
        .takes::<HistoryImport>(),
    ]
}

/// Records of one system, each by itself: one that is refused takes none with it.
#[derive(JsonSchema)]
struct HistoryImport {
    #[schemars(with = "HistorySource")]
    source: Option<HistorySource>,
    #[schemars(with = "Vec<PastCallRow>", length(min = 1, max = PAST_CALLS_OF_REQUEST_MAX))]
    calls: Vec<Option<PastCallRow>>,
}

impl Order for HistoryImport {
    fn read(body: &mut Members) -> Self {
        if body.is_absent("source") {
            body.wrong("source", "is vicidial or asterisk");
        }
        let told: Vec<Value> = body.value("calls").unwrap_or_default();
        let calls: Vec<Option<PastCallRow>> = told
            .into_iter()
            .take(PAST_CALLS_OF_REQUEST_MAX + 1)
            .map(read)
            .collect();
        if calls.is_empty() || calls.len() > PAST_CALLS_OF_REQUEST_MAX {
            body.wrong("calls", format!("has 1 to {PAST_CALLS_OF_REQUEST_MAX} records"));
        }
        Self {
            source: body.value("source"),
            calls,
        }
    }
}

/// What is wrong with one is not told by its text, which may hold a number.
fn read(told: Value) -> Option<PastCallRow> {
    serde_json::from_value(told).ok()
}

async fn take(ctx: Ctx, input: Input) -> Result<Changed<PastCallsTaken>, Problem> {
    let cause = input.cause(&ctx.installation, "history")?;
    let HistoryImport { source, calls } = input.order().await?;
    let source = source.ok_or_else(|| Problem::fault("a source that passed its check is missing"))?;
    let taken = take_past_calls(&ctx.installation, source, calls, cause).await?;
    Ok(Changed(Written {
        version: None,
        position: Some(taken.position),
        body: taken,
    }))
}
