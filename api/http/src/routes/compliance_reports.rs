//! Compliance reports over HTTP: issued, signed and kept; and which were issued.

use crate::endpoint::{Ctx, Endpoint, Input, Takes};
use crate::reply::{Done, Written};
use application::calendar::{PeriodLength, beijing_date};
use chrono::NaiveDate;
use domain::problem::Problem;
use domain::report::{Report, ReportEvent};
use domain::stored_event::{Position, read_event};
use evidence::compliance_report::{Occasion, Order, issue, kept};
use evidence::log_walk::{Log, Matching, turn, unreadable};
use intake::members::Members;
use serde_json::{Value, json};
use std::collections::VecDeque;
use store::proof::SigningKey;

/// Most issues in one answer, the latest.
const LISTED_MAX: usize = 1_000;

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get(
            "/api/v1/compliance-reports",
            "Issued compliance reports, the latest first",
            |ctx, input| Box::pin(list(ctx, input)),
        ),
        Endpoint::post(
            "/api/v1/compliance-reports",
            "Make, sign and keep the compliance report of a period; reads the whole log",
            |ctx, input| Box::pin(post(ctx, input)),
        )
        .takes(Takes::Json("ComplianceReport")),
    ]
}

async fn list(ctx: Ctx, _: Input) -> Result<Done, Problem> {
    let mut latest: VecDeque<Value> = VecDeque::new();
    let mut log = Matching::of_kinds(ctx.installation.store(), &["report.issued"]);
    while let Some(page) = log.next().await? {
        for stored in &page {
            let envelope = stored.envelope().map_err(unreadable)?;
            let event = read_event::<Report>(&envelope);
            let ReportEvent::Issued { issue } = event.map_err(|error| Problem::fault(error.to_string()))?;
            latest.push_front(json!({ "issued_at": envelope.at, "issue": issue,
                "event_position": stored.position.to_string() }));
            latest.truncate(LISTED_MAX);
        }
    }
    Ok(Done::Read(json!({ "items": latest })))
}

async fn post(ctx: Ctx, input: Input) -> Result<Done, Problem> {
    let mut body = Members::new(input.object().await?);
    let length: Option<PeriodLength> = body.parsed("period");
    let at: Option<NaiveDate> = body.parsed("at");
    let position: Option<u64> = body.parsed("position");
    if length.is_none() {
        body.wrong("period", "is day, week, month, quarter or year");
    }
    body.refuse_the_rest();
    body.finish()?;
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
    let key = SigningKey::read(&ctx.installation.signing_key)
        .map_err(|error| Problem::unavailable(format!("the log's signing key: {error}")))?;
    let order = Order {
        period,
        upto: position.map(Position),
        occasion: Occasion::Asked,
    };
    let _turn = turn()?;
    let log = Log::limited(
        ctx.installation.store(),
        ctx.installation.environment.clock.as_ref(),
    );
    let issued = issue((log, &ctx.installation.entities), &key, order).await?;
    let files = kept(&ctx.installation.directory, &issued)?;
    Ok(Done::Changed(Written {
        body: json!({
            "issue": issued.issue,
            "figures": String::from_utf8_lossy(&issued.figures),
            "page": issued.page,
            "note": issued.note,
            "kept": { "page": files.page, "figures": files.figures, "note": files.note },
        }),
        version: None,
        position: None,
    }))
}
