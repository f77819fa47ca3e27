//! The views over HTTP: how far each is, what keeps it, and rebuilding one beside its live rows.

use crate::endpoint::{Ctx, Endpoint, Input, Takes};
use crate::members::Members;
use crate::reply::{Done, Problem, Written};
use projections::{RebuildError, ViewState, ViewStatus};
use serde_json::{Value, json};

/// Longest reason to accept differences; it is kept with the rebuild.
const REASON_BYTES_MAX: usize = 500;

pub(crate) fn endpoints() -> Vec<Endpoint> {
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
    }
}

fn value(status: &ViewStatus) -> Result<Value, Problem> {
    let mut value = serde_json::to_value(status).map_err(|error| Problem::fault(&error.to_string()))?;
    if let Some(members) = value.as_object_mut() {
        let (zh, en) = label(status.state);
        members.insert("label".to_owned(), json!({ "zh": zh, "en": en }));
    }
    Ok(value)
}

async fn list(ctx: Ctx, _: Input) -> Result<Done, Problem> {
    let statuses = ctx.views().statuses().await?;
    let views: Vec<Value> = statuses.iter().map(value).collect::<Result<_, _>>()?;
    Ok(Done::Read(json!({ "views": views })))
}

async fn one(ctx: &Ctx, name: &str) -> Result<Value, Problem> {
    let statuses = ctx.views().statuses().await?;
    let found = statuses.iter().find(|status| status.view == name);
    value(found.ok_or_else(|| Problem::missing("this view"))?)
}

async fn show(ctx: Ctx, input: Input) -> Result<Done, Problem> {
    let name = input.param(0)?;
    Ok(Done::Read(one(&ctx, &name).await?))
}

async fn changed(ctx: &Ctx, name: &str) -> Result<Done, Problem> {
    Ok(Done::Changed(Written {
        body: one(ctx, name).await?,
        version: None,
        position: None,
    }))
}

async fn rebuild(ctx: Ctx, input: Input) -> Result<Done, Problem> {
    let name = input.param(0)?;
    let mut body = Members::new(input.object().await?);
    let restart = body.value::<bool>("restart").unwrap_or(false);
    body.refuse_the_rest();
    body.finish()?;
    ctx.views().rebuild(&name, restart).await?;
    changed(&ctx, &name).await
}

async fn switch(ctx: Ctx, input: Input) -> Result<Done, Problem> {
    let name = input.param(0)?;
    let mut body = Members::new(input.object().await?);
    let accept = body.text("accept_differences");
    if accept
        .as_ref()
        .is_some_and(|reason| reason.len() > REASON_BYTES_MAX)
    {
        body.wrong(
            "accept_differences",
            format!("has more than {REASON_BYTES_MAX} bytes"),
        );
    }
    body.refuse_the_rest();
    body.finish()?;
    ctx.views().switch(&name, accept.as_deref()).await?;
    changed(&ctx, &name).await
}

async fn cancel(ctx: Ctx, input: Input) -> Result<Done, Problem> {
    let name = input.param(0)?;
    ctx.views().cancel(&name).await?;
    changed(&ctx, &name).await
}

async fn retry(ctx: Ctx, input: Input) -> Result<Done, Problem> {
    let name = input.param(0)?;
    ctx.views().retry(&name)?;
    changed(&ctx, &name).await
}

impl From<RebuildError> for Problem {
    fn from(error: RebuildError) -> Self {
        match error {
            RebuildError::NoView(_) => Self::missing("this view"),
            RebuildError::Refused(why) => Self::refused("rebuild-refused", why),
            RebuildError::Failed(error) => error.into(),
        }
    }
}
