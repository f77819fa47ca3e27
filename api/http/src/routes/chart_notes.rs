//! Notes on charts over HTTP: what people noted beside a figure, each at its moment.

use crate::described::{Changed, Read};
use crate::endpoint::{About, Ctx, Endpoint, Input, Permission};
use crate::reply::Written;
use application::parameter::Parameter;
use application::saved_reports::{NoteList, add_note, notes};
use domain::chart_note::{ChartId, ChartNoteEvent, Noted, TEXT_BYTES_MAX};
use domain::ids::CampaignId;
use domain::problem::Problem;
use domain::time::Timestamp;
use intake::members::{Members, Order};
use schemars::JsonSchema;
use serde::Serialize;

const ASKED: &[Parameter] = &[
    Parameter::text("chart", "The metric whose chart it is", "answer_ratio_per_call"),
    Parameter::campaign("Also notes about this campaign"),
];

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get(
            "/api/v1/chart-notes",
            "What people noted on the chart of a metric",
            list,
        )
        .needs(Permission::FiguresRead, About::Handler)
        .query(ASKED),
        Endpoint::post(
            "/api/v1/chart-notes",
            "Note what happened at a moment, on the chart of a metric",
            add,
        )
        .needs(Permission::FiguresRead, About::Handler)
        .takes::<NoteOrder>(),
    ]
}

/// What is noted, and where.
#[derive(JsonSchema)]
#[schemars(extend("examples" = [{ "chart": "answer_ratio_per_call", "about_at": "2026-03-02T02:00:00Z",
    "text": "线路二停了十分钟" }]))]
struct NoteOrder {
    /// The metric whose chart it is.
    chart: Option<ChartId>,
    /// Only on the chart of this campaign.
    campaign: Option<CampaignId>,
    /// The moment that it stands at; now without.
    about_at: Option<Timestamp>,
    /// Stored for ever; name no person.
    #[schemars(length(min = 1, max = TEXT_BYTES_MAX))]
    text: String,
}

impl Order for NoteOrder {
    fn read(body: &mut Members) -> Self {
        if body.is_absent("chart") {
            body.wrong("chart", "is missing");
        }
        Self {
            chart: body.parsed("chart"),
            campaign: body.parsed("campaign"),
            about_at: body.parsed("about_at"),
            text: body.needed_short_text("text", TEXT_BYTES_MAX),
        }
    }
}

/// A note that was added.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ChartNoteWritten")]
struct NoteWritten {
    chart: ChartId,
    #[serde(flatten)]
    note: Noted,
    #[schemars(example = &"42")]
    position: String,
}

async fn list(ctx: Ctx, input: Input) -> Result<Read<NoteList>, Problem> {
    let chart = input.text("chart").unwrap_or_default().parse();
    let chart: ChartId = chart.map_err(|_invalid| Problem::missing("this chart"))?;
    let campaign = input.text("campaign").map(str::parse).transpose();
    let campaign: Option<CampaignId> = campaign.map_err(|_invalid| Problem::missing("this campaign"))?;
    notes(&ctx.installation, chart, campaign.as_ref(), &input.scope)
        .await
        .map(Read)
}

async fn add(ctx: Ctx, input: Input) -> Result<Changed<NoteWritten>, Problem> {
    let cause = input.cause(&ctx.installation, "chart-notes")?;
    let (scope, caller) = (input.scope.clone(), input.caller.clone());
    let order: NoteOrder = input.order().await?;
    let chart = order.chart.ok_or_else(|| Problem::missing("this chart"))?;
    let note = Noted {
        campaign: order.campaign,
        about_at: order.about_at.unwrap_or_else(|| ctx.installation.now()),
        text: order.text,
    };
    let ordered = note.clone();
    let answer = add_note(&ctx.installation, &chart, note, (&caller, &scope), cause).await?;
    // Of a repeat, what was noted the first time; of the very same note told once more, what stands.
    let note = match answer.events.last() {
        Some(ChartNoteEvent::Added { note, .. }) => note.clone(),
        None => ordered,
    };
    Ok(Changed(Written {
        body: NoteWritten {
            chart,
            note,
            position: answer.position.to_string(),
        },
        version: Some(answer.version),
        position: Some(answer.position),
    }))
}
