//! Routes of compliance reports: list the issued ones, and make, sign and store a new one.

use crate::api_description::{ChangeReply, ReadReply};
use crate::endpoint::{Ctx, Endpoint, EndpointSubject, Input, Permission};
use crate::paging::{LONG, ListPage, PAGED, Paging};
use crate::reply::WriteResult;
use chrono::NaiveDate;
use domain::calendar::{PeriodLength, beijing_date};
use domain::problem::Problem;
use domain::report::{Issue, Report, ReportEvent};
use domain::stored_event::{Position, read_event};
use domain::time::Timestamp;
use evidence::compliance_report::{Occasion, ReportIssueRequest, issue, store_report};
use evidence::log_walk::{FilteredEventReader, acquire_walk_permit, unreadable};
use intake::members::{self, Members};
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::VecDeque;
use std::path::PathBuf;
use store::proof::SigningKey;

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get(
            "/api/v1/compliance-reports",
            "List issued compliance reports",
            list,
        )
        .describe("Returns the period, digest, log position and signer of each report, latest first.")
        .needs(Permission::ReportsRead, EndpointSubject::Everybody)
        .query(PAGED),
        Endpoint::post("/api/v1/compliance-reports", "Issue a compliance report", post)
            .describe(
                "Makes the compliance report of a period from the whole log, signs it, and stores its \
                 files on the server. The reply contains the page, the figures and the signed note.",
            )
            .needs(Permission::ReportsSign, EndpointSubject::Everybody)
            .takes::<ComplianceReportRequest>(),
    ]
}

/// A page of issued reports, latest first.
#[derive(Debug, Serialize, JsonSchema)]
struct Issues {
    items: Vec<IssueListItem>,
}

#[derive(Debug, Serialize, JsonSchema)]
struct IssueListItem {
    issued_at: Timestamp,
    issue: Issue,
    /// Log position of the event that recorded the report.
    #[serde(rename = "event_position", serialize_with = "Position::as_text")]
    #[schemars(with = "String", example = &"154")]
    position: Position,
}

/// The body that issues a report: its period, and the log position up to which it counts.
#[derive(JsonSchema)]
struct ComplianceReportRequest {
    #[schemars(with = "String", extend("enum" = ["day", "week", "month", "quarter", "year"]))]
    period: Option<PeriodLength>,
    /// A day in the period; default: the day of the last event.
    #[schemars(with = "Option<String>", extend("format" = "date"), example = &"2026-11-20")]
    at: Option<NaiveDate>,
    /// The log position up to which events count; default: the head of the log.
    #[schemars(with = "Option<String>")]
    position: Option<u64>,
}

impl members::ApiRequest for ComplianceReportRequest {
    fn read(body: &mut Members) -> Self {
        let period: Option<PeriodLength> = body.parsed("period");
        let at = body.parsed("at");
        let position = body.parsed("position");
        if period.is_none() {
            body.wrong("period", "is day, week, month, quarter or year");
        }
        Self { period, at, position }
    }
}

/// The issued report with its files.
#[derive(Debug, Serialize, JsonSchema)]
struct IssuedReportResponse {
    issue: Issue,
    /// The file with the figures, as JSON. The note signs its digest.
    #[schemars(example = &"{}")]
    figures: String,
    /// The report as an HTML page.
    #[schemars(example = &"<!doctype html>")]
    page: String,
    /// The signed note.
    #[schemars(example = &"ledgerline report …")]
    note: String,
    kept: ReportFiles,
}

/// Paths of a compliance report's files on the server.
#[derive(Debug, Serialize, JsonSchema)]
struct ReportFiles {
    #[schemars(example = &"reports/compliance.2026-10.html")]
    page: PathBuf,
    #[schemars(example = &"reports/compliance.2026-10.json")]
    figures: PathBuf,
    #[schemars(example = &"reports/compliance.2026-10.note")]
    note: PathBuf,
}

async fn list(ctx: Ctx, input: Input) -> Result<ReadReply<ListPage<Issues>>, Problem> {
    let paging = Paging::of(&ctx.installation, &input, LONG)?;
    let below: Option<u64> = paging.place()?;
    let mut latest: VecDeque<IssueListItem> = VecDeque::new();
    let mut log = FilteredEventReader::of_kinds(ctx.installation.store(), &[ReportEvent::ISSUED]);
    while let Some(page) = log.next().await? {
        let wanted = |position: Position| below.is_none_or(|below| position.0 < below);
        for stored in page.iter().filter(|stored| wanted(stored.position)) {
            let envelope = stored.envelope().map_err(unreadable)?;
            let event = read_event::<Report>(&envelope);
            let ReportEvent::Issued { issue } = event.map_err(|error| Problem::fault(error.to_string()))?;
            latest.push_front(IssueListItem {
                issued_at: envelope.at,
                issue: *issue,
                position: stored.position,
            });
            // One more than the page length shows whether there is another page.
            latest.truncate(paging.limit.saturating_add(1));
        }
    }
    let is_last = latest.len() <= paging.limit;
    latest.truncate(paging.limit);
    let last = latest.back().filter(|_| !is_last);
    let next_cursor = last.map(|last| paging.cursor(&last.position.0)).transpose()?;
    Ok(ReadReply(ListPage {
        list: Issues { items: latest.into() },
        next_cursor,
    }))
}

async fn post(ctx: Ctx, input: Input) -> Result<ChangeReply<IssuedReportResponse>, Problem> {
    let ComplianceReportRequest {
        period: length,
        at,
        position,
    } = input.order().await?;
    let day = match at {
        Some(day) => day,
        None => beijing_date(
            ctx.installation
                .store()
                .last_recorded_at()
                .await?
                .unwrap_or_else(|| ctx.installation.now()),
        ),
    };
    let period = length.unwrap_or(PeriodLength::Day).of(day);
    let ids = ctx.installation.environment.ids.as_ref();
    let key = SigningKey::of_log(&ctx.installation.signing_key, ids)
        .map_err(|error| Problem::unavailable(format!("the log's signing key: {error}")))?;
    let order = ReportIssueRequest {
        period,
        upto: position.map(Position),
        occasion: Occasion::Asked,
    };
    let _turn = acquire_walk_permit()?;
    let log = ctx.whole_log();
    let issued = issue(log, &ctx.installation.entities, &key, order).await?;
    let files = store_report(&ctx.installation.directory, &issued)?;
    Ok(ChangeReply(WriteResult {
        body: IssuedReportResponse {
            figures: String::from_utf8_lossy(&issued.figures).into_owned(),
            issue: issued.issue,
            page: issued.page,
            note: issued.note,
            kept: ReportFiles {
                page: files.page,
                figures: files.figures,
                note: files.note,
            },
        },
        version: None,
        position: None,
    }))
}
