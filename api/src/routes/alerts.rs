//! Alerts over HTTP: what stands and what stood, and a person's word on one: seen to, or quiet until a time.

use crate::endpoint::{Ctx, Endpoint, Input, Takes};
use crate::members::Members;
use crate::reply::{Done, Problem, Written};
use domain::alert::{AlertCommand, AlertRefusal, AlertRule};
use domain::ids::AlertId;
use domain::time::Timestamp;
use projections::views::alert_board::{ALERTS_MAX, AlertFilter, list};
use serde_json::json;

pub(crate) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get(
            "/api/v1/alerts",
            "Alerts, standing ones first, the latest first",
            |ctx, input| Box::pin(all(ctx, input)),
        )
        .query(&[
            ("standing", "true or false: only those that stand, or that do not"),
            ("rule", "Only of this rule, such as answer_ratio_low"),
            ("campaign", "Only of this campaign"),
            ("limit", "At most so many; default and most 1000"),
        ]),
        Endpoint::get("/api/v1/alerts/{id}", "One alert", |ctx, input| {
            Box::pin(one(ctx, input))
        }),
        Endpoint::post(
            "/api/v1/alerts/{id}/acknowledge",
            "A person sees to a standing alert, with a note",
            |ctx, input| Box::pin(acknowledge(ctx, input)),
        )
        .takes(Takes::Json("AlertNote")),
        Endpoint::post(
            "/api/v1/alerts/{id}/mute",
            "Nobody is told of this alert until a time, at most a week ahead; it is recorded all the same",
            |ctx, input| Box::pin(mute(ctx, input)),
        )
        .takes(Takes::Json("AlertMute")),
    ]
}

async fn all(ctx: Ctx, input: Input) -> Result<Done, Problem> {
    let rule: Option<AlertRule> = match input.text("rule").map(str::parse) {
        None => None,
        Some(Ok(rule)) => Some(rule),
        Some(Err(_)) => {
            let known: Vec<&str> = AlertRule::ALL.iter().map(|rule| rule.code()).collect();
            let hint = format!("rule must be one of {}", known.join(", "));
            return Err(Problem::invalid("rule-invalid", hint));
        }
    };
    let campaign = input.text("campaign").map(str::parse).transpose();
    let campaign = campaign.map_err(|error| Problem::invalid("query-invalid", format!("{error}")))?;
    let standing = match input.text("standing") {
        None => None,
        Some(_) => Some(input.flag("standing")?),
    };
    let filter = AlertFilter {
        standing,
        rule,
        campaign,
        alert: None,
    };
    let limit = input.number("limit")?.unwrap_or(ALERTS_MAX);
    let rows = list(ctx.views().db().as_ref(), &filter, limit).await?;
    Ok(Done::Read(json!({ "items": rows })))
}

async fn one(ctx: Ctx, input: Input) -> Result<Done, Problem> {
    let alert: AlertId = input.id(0, "this alert")?;
    let filter = AlertFilter {
        alert: Some(alert),
        ..AlertFilter::default()
    };
    let rows = list(ctx.views().db().as_ref(), &filter, 1).await?;
    let row = rows
        .into_iter()
        .next()
        .ok_or_else(|| Problem::missing("this alert"))?;
    Ok(Done::Read(json!(row)))
}

async fn acknowledge(ctx: Ctx, input: Input) -> Result<Done, Problem> {
    let alert: AlertId = input.id(0, "this alert")?;
    let cause = input.cause(&ctx, "alert")?;
    let mut body = Members::new(input.object().await?);
    let note = body.needed_text("note").unwrap_or_default();
    let by = body.text("by");
    body.refuse_the_rest();
    body.finish()?;
    ask(&ctx, alert, AlertCommand::Acknowledge { by, note }, cause).await
}

async fn mute(ctx: Ctx, input: Input) -> Result<Done, Problem> {
    let alert: AlertId = input.id(0, "this alert")?;
    let cause = input.cause(&ctx, "alert")?;
    let mut body = Members::new(input.object().await?);
    let reason = body.needed_text("reason").unwrap_or_default();
    let by = body.text("by");
    let until: Option<Timestamp> = match body.needed_text("until").map(|text| text.parse()) {
        Some(Ok(until)) => Some(until),
        Some(Err(_)) => {
            body.wrong(
                "until",
                "must be an RFC 3339 instant such as 2026-03-02T10:00:00+08:00",
            );
            None
        }
        None => None,
    };
    body.refuse_the_rest();
    body.finish()?;
    let until = until.unwrap_or(Timestamp::EPOCH);
    ask(&ctx, alert, AlertCommand::Mute { until, by, reason }, cause).await
}

async fn ask(
    ctx: &Ctx,
    alert: AlertId,
    command: AlertCommand,
    cause: domain::stored_event::Cause,
) -> Result<Done, Problem> {
    let answer = ctx.system().alerts.ask(&alert, command, cause).await?;
    let now = ctx.now();
    Ok(Done::Changed(Written {
        body: json!({
            "alert": alert,
            "standing": answer.state.standing().is_some(),
            "acknowledged": answer.state.standing().is_some_and(|standing| standing.acknowledged),
            "muted_until": answer.state.muted_at(now),
            "position": answer.position.to_string(),
        }),
        version: Some(answer.version),
        position: Some(answer.position),
    }))
}

impl crate::serving::Explained for AlertRefusal {}
