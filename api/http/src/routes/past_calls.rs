//! Calls of other systems over HTTP (NEW-13): their records become facts that caps count, no dials of ours.

use super::numbers::reply_detail::ReplyDetail;
use crate::described::Changed;
use crate::endpoint::{About, Ctx, Endpoint, Input, Permission};
use crate::reply::Written;
use application::past_calls::{
    PAST_CALLS_OF_REQUEST_MAX, PastCallRefused, PastCallRow, PastCallsTaken, take_past_calls,
};
use domain::past_call::HistorySource;
use domain::problem::Problem;
use intake::members::{Members, Order};
use schemars::JsonSchema;
use serde::Serialize;
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

/// What became of the records. The counts compare numbers of the request with stored ones, so only callers
/// who may see every number in clear get them.
#[derive(Debug, Serialize, JsonSchema)]
struct HistoryImported {
    rows: usize,
    /// New facts of numbers.
    #[serde(skip_serializing_if = "Option::is_none")]
    stored: Option<usize>,
    /// Imported before.
    #[serde(skip_serializing_if = "Option::is_none")]
    known: Option<usize>,
    /// Records of a dial of this installation, which counts already.
    #[serde(skip_serializing_if = "Option::is_none")]
    ours: Option<usize>,
    /// New facts of persons who have those numbers.
    #[serde(skip_serializing_if = "Option::is_none")]
    of_people: Option<usize>,
    /// Persons who took none of a number's records, because they have as many as are kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    people_refused: Option<usize>,
    refused: Vec<PastCallRefused>,
    #[serde(skip_serializing_if = "Option::is_none")]
    position: Option<String>,
}

impl HistoryImported {
    fn of(taken: PastCallsTaken, detail: &ReplyDetail) -> Self {
        let count = |count: usize| detail.is_full().then_some(count);
        Self {
            rows: taken.rows,
            stored: count(taken.stored),
            known: count(taken.known),
            ours: count(taken.ours),
            of_people: count(taken.of_people),
            people_refused: count(taken.people_refused),
            refused: taken.refused,
            position: detail.is_full().then(|| taken.position.to_string()),
        }
    }
}

/// What is wrong with one is not told by its text, which may hold a number.
fn read(told: Value) -> Option<PastCallRow> {
    serde_json::from_value(told).ok()
}

async fn take(ctx: Ctx, input: Input) -> Result<Changed<HistoryImported>, Problem> {
    let cause = input.cause(&ctx.installation, "history")?;
    let detail = ReplyDetail::for_list(&input);
    let HistoryImport { source, calls } = input.order().await?;
    let source = source.ok_or_else(|| Problem::fault("a source that passed its check is missing"))?;
    let taken = take_past_calls(&ctx.installation, source, calls, cause).await?;
    detail.record_list(&ctx, taken.rows, taken.of_people).await?;
    let position = detail.is_full().then_some(taken.position);
    Ok(Changed(Written {
        version: None,
        position,
        body: HistoryImported::of(taken, &detail),
    }))
}
