//! Routes of chart notes: texts that users attach to a moment on the chart of a metric.

use crate::api_description::{ChangeReply, ReadReply};
use crate::endpoint::{Ctx, Endpoint, EndpointSubject, Input, Permission};
use crate::reply::WriteResult;
use application::parameter::Parameter;
use application::saved_reports::{NoteList, add_note, notes};
use domain::chart_note::{ChartId, ChartNoteContent, ChartNoteEvent, TEXT_BYTES_MAX};
use domain::ids::CampaignId;
use domain::problem::Problem;
use domain::time::Timestamp;
use intake::members::ApiRequest;
use schemars::JsonSchema;
use serde::Serialize;

const ASKED: &[Parameter] = &[
    Parameter::text("chart", "The metric on the chart", "answer_ratio_per_call"),
    Parameter::campaign("Also notes about this campaign"),
];

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get("/api/v1/chart-notes", "List the notes on a metric's chart", list)
            .describe(
                "Returns the notes in the order of their moments. With `campaign`, notes about that \
                 campaign and notes about all campaigns.",
            )
            .needs(Permission::FiguresRead, EndpointSubject::Handler)
            .query(ASKED),
        Endpoint::post("/api/v1/chart-notes", "Add a note to a metric's chart", add)
            .describe(
                "The note is shown at a moment on the chart, for example when a line was down. It is \
                 stored permanently.",
            )
            .needs(Permission::FiguresRead, EndpointSubject::Handler)
            .takes::<ChartNoteRequest>(),
    ]
}

/// The body that adds a note to a chart.
#[derive(ApiRequest, JsonSchema)]
#[schemars(extend("examples" = [{ "chart": "answer_ratio_per_call", "about_at": "2026-03-02T02:00:00Z",
    "text": "线路二停了十分钟" }]))]
struct ChartNoteRequest {
    /// The metric on the chart.
    #[schemars(required)]
    #[member(parse)]
    chart: Option<ChartId>,
    /// Shows the note only on the chart of this campaign; without it, on the charts of all.
    #[member(parse)]
    campaign: Option<CampaignId>,
    /// The moment on the chart at which the note is shown; default: now.
    #[member(parse)]
    about_at: Option<Timestamp>,
    /// Stored permanently; must not name a person.
    #[schemars(length(min = 1, max = TEXT_BYTES_MAX))]
    text: String,
}

/// The note after it was added.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ChartNoteChangeResponse")]
struct ChartNoteChangeResponse {
    chart: ChartId,
    #[serde(flatten)]
    note: ChartNoteContent,
    #[schemars(example = &"42")]
    position: String,
}

async fn list(ctx: Ctx, input: Input) -> Result<ReadReply<NoteList>, Problem> {
    let chart = input.text("chart").unwrap_or_default().parse();
    let chart: ChartId = chart.map_err(|_invalid| Problem::missing("this chart"))?;
    let campaign = input.text("campaign").map(str::parse).transpose();
    let campaign: Option<CampaignId> = campaign.map_err(|_invalid| Problem::missing("this campaign"))?;
    notes(&ctx.installation, chart, campaign.as_ref(), &input.scope)
        .await
        .map(ReadReply)
}

async fn add(ctx: Ctx, input: Input) -> Result<ChangeReply<ChartNoteChangeResponse>, Problem> {
    let cause = input.cause(&ctx.installation, "chart-notes")?;
    let (scope, caller) = (input.scope.clone(), input.caller.clone());
    let order: ChartNoteRequest = input.order().await?;
    let chart = order.chart.ok_or_else(|| Problem::missing("this chart"))?;
    let note = ChartNoteContent {
        campaign: order.campaign,
        about_at: order.about_at.unwrap_or_else(|| ctx.installation.now()),
        text: order.text,
    };
    let ordered = note.clone();
    let answer = add_note(&ctx.installation, &chart, note, (&caller, &scope), cause).await?;
    // A repeated command returns the note of the first time; a note that exists already returns that one.
    let note = match answer.events.last() {
        Some(ChartNoteEvent::Added { note, .. }) => note.clone(),
        None => ordered,
    };
    Ok(ChangeReply(WriteResult {
        body: ChartNoteChangeResponse {
            chart,
            note,
            position: answer.position.to_string(),
        },
        version: Some(answer.version),
        position: Some(answer.position),
    }))
}
