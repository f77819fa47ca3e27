//! Routes of saved reports: figures that a user wants regularly, computed for each reader, and sent on a
//! schedule to alert channels and webhooks.

use crate::api_description::{ChangeReply, CreationReply, ReadReply, VersionedReply};
use crate::endpoint::{Ctx, Endpoint, EndpointSubject, Input, Permission};
use crate::paging::{LONG, ListPage, PAGED, Paging};
use crate::reply::WriteResult;
use application::as_of::{Moment, PARAMETERS};
use application::owners::TakeOverRequest;
use application::saved_reports::{
    ReportSent, SavedList, SavedReportFiguresResponse, SavedReportResponse, all_saved, one_saved,
    remove_saved, save, send_now, take_over_saved,
};
use domain::ids::{CampaignId, WebhookId};
use domain::problem::Problem;
use domain::saved_report::plan::{CAMPAIGNS_MAX, CHANNELS_MAX, DAYS_MAX, METRICS_MAX, TITLE_BYTES_MAX};
use domain::saved_report::{ReportPlan, ReportSchedule, SavedReportId};
use intake::members::ApiRequest;
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeSet;

/// Maximum length of a report's name or a time zone, in bytes.
const WORD_BYTES_MAX: usize = 64;

pub(super) fn endpoints() -> Vec<Endpoint> {
    let reads = |endpoint: Endpoint| endpoint.needs(Permission::FiguresRead, EndpointSubject::Handler);
    vec![
        reads(Endpoint::get("/api/v1/saved-reports", "List saved reports", list))
            .describe("Returns the caller's own reports and those that other users share.")
            .query(PAGED),
        reads(Endpoint::post("/api/v1/saved-reports", "Save a report", add))
            .describe("Stores which figures the report has, and when and to which channels it is sent.")
            .takes::<NewReport>(),
        reads(Endpoint::get(
            "/api/v1/saved-reports/{name}",
            "Get a saved report",
            show,
        ))
        .describe(
            "Returns the report with the figures that the caller may see. Send the ETag as `If-Match` to \
             replace it.",
        )
        .query(PARAMETERS),
        reads(Endpoint::put(
            "/api/v1/saved-reports/{name}",
            "Replace a saved report",
            replace,
        ))
        .describe("Replaces the whole definition of the caller's own report.")
        .takes::<SavedReportRequest>(),
        reads(Endpoint::post(
            "/api/v1/saved-reports/{name}/send",
            "Send a saved report now",
            send,
        ))
        .describe("Sends the caller's own report at once, in addition to its schedule."),
        reads(Endpoint::post(
            "/api/v1/saved-reports/{name}/take-over",
            "Become the owner of a saved report",
            take_it_over,
        ))
        .describe(
            "For a report that is not sent because its owner lost a required right. It is sent at its next \
             scheduled time.",
        )
        .takes::<TakeOverRequest>(),
        reads(Endpoint::post(
            "/api/v1/saved-reports/{name}/remove",
            "Remove a saved report",
            remove,
        ))
        .describe("Removes the caller's own report."),
    ]
}

/// The definition of a saved report.
#[derive(ApiRequest, JsonSchema)]
#[schemars(extend("examples" = [{ "title": "接通率周报", "metrics": ["answer_ratio_per_call"], "days": 7,
    "zone": "Asia/Shanghai", "is_shared": true }]))]
struct SavedReportRequest {
    #[schemars(length(min = 1, max = TITLE_BYTES_MAX))]
    title: String,
    /// Names of metrics.
    #[schemars(length(min = 1, max = METRICS_MAX))]
    metrics: Vec<String>,
    /// Campaigns that get a figure each; without them one figure over all that the owner may see.
    #[schemars(length(max = CAMPAIGNS_MAX))]
    campaigns: Option<Vec<CampaignId>>,
    /// Number of whole days before the report; default 7.
    #[schemars(range(min = 1, max = u32::from(DAYS_MAX)))]
    days: Option<u32>,
    /// IANA time zone; default `Asia/Shanghai`.
    #[schemars(length(max = WORD_BYTES_MAX))]
    zone: Option<String>,
    /// When it is sent; without it the report is only sent on request.
    schedule: Option<ReportSchedule>,
    /// Alert channels and webhooks that receive the report.
    #[schemars(length(max = CHANNELS_MAX))]
    channels: Option<Vec<WebhookId>>,
    /// Other users may read the report, each with the figures that they may see.
    is_shared: Option<bool>,
}

/// The body of a new report: its name and definition.
#[derive(ApiRequest, JsonSchema)]
#[schemars(extend("examples" = [{ "name": "weekly-answers", "title": "接通率周报",
    "metrics": ["answer_ratio_per_call"], "days": 7 }]))]
struct NewReport {
    /// Lower-case letters, digits, `_`, `.` and `-`.
    #[schemars(required)]
    #[member(parse)]
    name: Option<SavedReportId>,
    #[serde(flatten)]
    order: SavedReportRequest,
}

impl SavedReportRequest {
    fn plan(self) -> ReportPlan {
        ReportPlan {
            title: self.title,
            metrics: self.metrics,
            campaigns: self.campaigns.unwrap_or_default().into_iter().collect(),
            days: self.days.and_then(|days| u16::try_from(days).ok()).unwrap_or(7),
            zone: self.zone.unwrap_or_else(|| "Asia/Shanghai".to_owned()),
            schedule: self.schedule,
            channels: self.channels.into_iter().flatten().collect::<BTreeSet<_>>(),
            is_shared: self.is_shared.unwrap_or_default(),
        }
    }
}

/// A saved report after a change.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "SavedReportChangeResponse")]
struct SavedReportChangeResponse {
    #[serde(flatten)]
    saved: SavedReportResponse,
    #[schemars(example = &"42")]
    position: String,
}

/// A removed report.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "SavedReportRemovalResponse")]
struct SavedReportRemovalResponse {
    name: SavedReportId,
    #[schemars(example = &"42")]
    position: String,
}

async fn list(ctx: Ctx, input: Input) -> Result<ReadReply<ListPage<SavedList>>, Problem> {
    let paging = Paging::of(&ctx.installation, &input, LONG)?;
    let all = all_saved(&ctx.installation, &input.caller, &input.scope)
        .await?
        .items;
    let (items, next_cursor) = paging.cut(all, |item| item.name.clone())?;
    Ok(ReadReply(ListPage {
        list: SavedList { items },
        next_cursor,
    }))
}

async fn show(ctx: Ctx, input: Input) -> Result<VersionedReply<SavedReportFiguresResponse>, Problem> {
    let name = named(&input)?;
    let moment = Moment::of(input.query())?;
    let body = one_saved(&ctx.installation, &name, &input.caller, &input.scope, moment).await?;
    Ok(VersionedReply {
        version: body.saved.version,
        body,
    })
}

async fn add(ctx: Ctx, input: Input) -> Result<CreationReply<SavedReportChangeResponse>, Problem> {
    let cause = input.cause(&ctx.installation, "saved-reports")?;
    let (scope, caller) = (input.scope.clone(), input.caller.clone());
    let NewReport { name, order } = input.order().await?;
    let name = name.ok_or_else(|| Problem::missing("this saved report"))?;
    let by = (&caller, &scope);
    let changed = save(&ctx.installation, name, order.plan(), by, true, cause).await?;
    Ok(CreationReply::Made(written(changed)))
}

async fn replace(ctx: Ctx, input: Input) -> Result<ChangeReply<SavedReportChangeResponse>, Problem> {
    let name = named(&input)?;
    let cause = input.cause(&ctx.installation, "saved-reports")?;
    let (scope, caller) = (input.scope.clone(), input.caller.clone());
    let order: SavedReportRequest = input.order().await?;
    let by = (&caller, &scope);
    let changed = save(&ctx.installation, name, order.plan(), by, false, cause).await?;
    Ok(ChangeReply(written(changed)))
}

fn written(changed: application::saved_reports::ReportChanged) -> WriteResult<SavedReportChangeResponse> {
    let answer = changed.answer;
    WriteResult {
        body: SavedReportChangeResponse {
            saved: changed.shown,
            position: answer.position.to_string(),
        },
        version: Some(answer.version),
        position: Some(answer.position),
    }
}

async fn send(ctx: Ctx, input: Input) -> Result<ChangeReply<ReportSent>, Problem> {
    let name = named(&input)?;
    let cause = input.cause(&ctx.installation, "saved-reports/send")?;
    let by = (&input.caller, &input.scope);
    let (body, answer) = send_now(&ctx.installation, name, by, cause).await?;
    Ok(ChangeReply(WriteResult {
        body,
        version: Some(answer.version),
        position: Some(answer.position),
    }))
}

async fn take_it_over(ctx: Ctx, input: Input) -> Result<ChangeReply<SavedReportChangeResponse>, Problem> {
    let name = named(&input)?;
    let cause = input.cause(&ctx.installation, "saved-reports/take-over")?;
    let (scope, caller) = (input.scope.clone(), input.caller.clone());
    let order: TakeOverRequest = input.order().await?;
    let by = (&caller, &scope);
    let changed = take_over_saved(&ctx.installation, name, by, order.reason, cause).await?;
    Ok(ChangeReply(written(changed)))
}

async fn remove(ctx: Ctx, input: Input) -> Result<ChangeReply<SavedReportRemovalResponse>, Problem> {
    let name = named(&input)?;
    let cause = input.cause(&ctx.installation, "saved-reports/remove")?;
    let removed = remove_saved(
        &ctx.installation,
        name.clone(),
        &input.caller,
        &input.scope,
        cause,
    );
    let answer = removed.await?;
    Ok(ChangeReply(WriteResult {
        body: SavedReportRemovalResponse {
            name,
            position: answer.position.to_string(),
        },
        version: Some(answer.version),
        position: Some(answer.position),
    }))
}

fn named(input: &Input) -> Result<SavedReportId, Problem> {
    input.id(0, "this saved report")
}
