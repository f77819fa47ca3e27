//! The route that imports calls of other systems (NEW-13). Caps count them; they are no dials of this
//! installation.

use super::numbers::reply_detail::ReplyDetail;
use crate::api_description::ChangeReply;
use crate::endpoint::{Ctx, Endpoint, EndpointSubject, Input, Permission};
use crate::reply::WriteResult;
use application::past_calls::{
    PAST_CALLS_OF_REQUEST_MAX, PastCallImportReport, PastCallRow, RefusedPastCall, take_past_calls,
};
use domain::past_call::HistorySource;
use domain::problem::Problem;
use intake::members::{ApiRequest, Members};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::post("/api/v1/history", "Import calls of another system", take)
            .describe(
                "Caps count each record that proves a dial. A record that was imported before is not \
                 counted again. A refused record does not affect the others.",
            )
            .needs(Permission::CampaignsWrite, EndpointSubject::Everybody)
            .takes::<HistoryImport>(),
    ]
}

/// The body with calls that another system recorded. Each is handled separately: a refused one does not
/// affect the others.
#[derive(JsonSchema)]
struct HistoryImport {
    #[schemars(with = "HistorySource")]
    source: Option<HistorySource>,
    #[schemars(with = "Vec<PastCallRow>", length(min = 1, max = PAST_CALLS_OF_REQUEST_MAX))]
    calls: Vec<Option<PastCallRow>>,
}

impl ApiRequest for HistoryImport {
    fn read(body: &mut Members) -> Self {
        if body.is_absent("source") {
            body.wrong("source", "is vicidial or asterisk");
        }
        let records: Vec<Value> = body.value("calls").unwrap_or_default();
        let calls: Vec<Option<PastCallRow>> = records
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

/// The result of an import. The counts compare numbers of the request with stored ones, so only callers who
/// may see every number in clear get them.
#[derive(Debug, Serialize, JsonSchema)]
struct HistoryImportResponse {
    rows: usize,
    /// New facts about numbers.
    #[serde(skip_serializing_if = "Option::is_none")]
    stored: Option<usize>,
    /// Records that were imported before.
    #[serde(skip_serializing_if = "Option::is_none")]
    known: Option<usize>,
    /// Records of a dial by this installation, which is counted already.
    #[serde(skip_serializing_if = "Option::is_none")]
    ours: Option<usize>,
    /// New facts about customers who have those numbers.
    #[serde(skip_serializing_if = "Option::is_none")]
    of_people: Option<usize>,
    /// Customers who took none of a number's records, because they hold the maximum already.
    #[serde(skip_serializing_if = "Option::is_none")]
    people_refused: Option<usize>,
    refused: Vec<RefusedPastCall>,
    #[serde(skip_serializing_if = "Option::is_none")]
    position: Option<String>,
}

impl HistoryImportResponse {
    fn of(taken: PastCallImportReport, detail: &ReplyDetail) -> Self {
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

/// Reads one record; `None` if it is invalid. The error text is dropped, because it may contain a number.
fn read(record: Value) -> Option<PastCallRow> {
    serde_json::from_value(record).ok()
}

async fn take(ctx: Ctx, input: Input) -> Result<ChangeReply<HistoryImportResponse>, Problem> {
    let cause = input.cause(&ctx.installation, "history")?;
    let detail = ReplyDetail::for_list(&input);
    let HistoryImport { source, calls } = input.order().await?;
    let source = source.ok_or_else(|| Problem::fault("a source that passed its check is missing"))?;
    let taken = take_past_calls(&ctx.installation, source, calls, cause).await?;
    detail.record_list(&ctx, taken.rows, taken.of_people).await?;
    let position = detail.is_full().then_some(taken.position);
    Ok(ChangeReply(WriteResult {
        version: None,
        position,
        body: HistoryImportResponse::of(taken, &detail),
    }))
}
