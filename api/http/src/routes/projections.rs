//! The views over HTTP: how far each is, what keeps it, and rebuilding one beside its live rows.

use crate::endpoint::{Ctx, Endpoint, Input, Takes};
use crate::reply::{Done, Written};
use application::installation::Installation;
use domain::problem::Problem;
use domain::stored_event::Cause;
use domain::view::{BY_BYTES_MAX, REASON_BYTES_MAX};
use host::rebuild_record::note;
use intake::members::Members;
use projections::{ViewState, ViewStatus};
use serde_json::{Value, json};

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get(
            "/api/v1/projections",
            "Every view: position, lag in events and time, what keeps it, and its rebuild",
            |ctx, input| Box::pin(list(ctx, input)),
        ),
        Endpoint::get(
            "/api/v1/projections/{name}",
            "One view, with the comparison of its next rows where there is one",
            |ctx, input| Box::pin(show(ctx, input)),
        ),
        Endpoint::post(
            "/api/v1/projections/{name}/rebuild",
            "Make the next rows of a view beside its live ones, or go on with that",
            |ctx, input| Box::pin(rebuild(ctx, input)),
        )
        .takes(Takes::Json("ProjectionRebuild")),
        Endpoint::post(
            "/api/v1/projections/{name}/switch",
            "Make the next rows of a view the live ones, in one transaction",
            |ctx, input| Box::pin(switch(ctx, input)),
        )
        .takes(Takes::Json("ProjectionSwitch")),
        Endpoint::post(
            "/api/v1/projections/{name}/cancel",
            "Drop the next rows of a view",
            |ctx, input| Box::pin(cancel(ctx, input)),
        ),
        Endpoint::post(
            "/api/v1/projections/{name}/retry",
            "Let a parked view try its event again",
            |ctx, input| Box::pin(retry(ctx, input)),
        ),
    ]
}

/// What a state is called, in Chinese and English.
const fn label(state: ViewState) -> (&'static str, &'static str) {
    match state {
        ViewState::Live => ("实时", "live"),
        ViewState::CatchingUp => ("追赶中", "catching up"),
        ViewState::Parked => ("已停驻", "parked"),
        ViewState::Ahead => ("超前于日志", "ahead of the log"),
    }
}

fn value(status: &ViewStatus) -> Result<Value, Problem> {
    let mut value = serde_json::to_value(status).map_err(|error| Problem::fault(error.to_string()))?;
    if let Some(members) = value.as_object_mut() {
        let (zh, en) = label(status.state);
        members.insert("label".to_owned(), json!({ "zh": zh, "en": en }));
    }
    Ok(value)
}

async fn list(ctx: Ctx, _: Input) -> Result<Done, Problem> {
    let statuses = ctx.installation.rows.statuses().await?;
    let views: Vec<Value> = statuses.iter().map(value).collect::<Result<_, _>>()?;
    Ok(Done::Read(json!({ "views": views })))
}

async fn one(installation: &Installation, name: &str) -> Result<Value, Problem> {
    let statuses = installation.rows.statuses().await?;
    let found = statuses.iter().find(|status| status.view == name);
    value(found.ok_or_else(|| Problem::missing("this view"))?)
}

async fn show(ctx: Ctx, input: Input) -> Result<Done, Problem> {
    let name = input.param(0)?;
    Ok(Done::Read(one(&ctx.installation, &name).await?))
}

async fn changed(installation: &Installation, name: &str) -> Result<Done, Problem> {
    Ok(Done::Changed(Written {
        body: one(installation, name).await?,
        version: None,
        position: None,
    }))
}

/// What was done is put on record with who did it.
async fn recorded(
    installation: &Installation,
    name: &str,
    by: Option<String>,
    cause: Cause,
) -> Result<Done, Problem> {
    note(installation, name, by, cause).await?;
    changed(installation, name).await
}

async fn rebuild(ctx: Ctx, input: Input) -> Result<Done, Problem> {
    let (name, cause) = (input.param(0)?, input.cause(&ctx.installation, "view-rebuild")?);
    let mut body = Members::new(input.object().await?);
    let restart = body.value::<bool>("restart").unwrap_or(false);
    let by = body.short_text("by", BY_BYTES_MAX);
    body.refuse_the_rest();
    body.finish()?;
    ctx.installation.rows.rebuild(&name, restart).await?;
    recorded(&ctx.installation, &name, by, cause).await
}

async fn switch(ctx: Ctx, input: Input) -> Result<Done, Problem> {
    let (name, cause) = (input.param(0)?, input.cause(&ctx.installation, "view-switch")?);
    let mut body = Members::new(input.object().await?);
    let accept = body.short_text("accept_differences", REASON_BYTES_MAX);
    let by = body.short_text("by", BY_BYTES_MAX);
    body.refuse_the_rest();
    body.finish()?;
    ctx.installation.rows.switch(&name, accept.as_deref()).await?;
    recorded(&ctx.installation, &name, by, cause).await
}

async fn cancel(ctx: Ctx, input: Input) -> Result<Done, Problem> {
    let (name, cause) = (input.param(0)?, input.cause(&ctx.installation, "view-cancel")?);
    ctx.installation.rows.cancel(&name).await?;
    recorded(&ctx.installation, &name, None, cause).await
}

async fn retry(ctx: Ctx, input: Input) -> Result<Done, Problem> {
    let name = input.param(0)?;
    ctx.installation.rows.retry(&name)?;
    changed(&ctx.installation, &name).await
}
