//! Routes of views: show their positions and states, and rebuild one next to its live rows.

use crate::api_description::{ChangeReply, ReadReply};
use crate::endpoint::{Ctx, Endpoint, EndpointSubject, Input, Permission};
use crate::reply::WriteResult;
use application::installation::Installation;
use domain::problem::Problem;
use domain::stored_event::Cause;
use domain::view::{BY_BYTES_MAX, REASON_BYTES_MAX};
use host::rebuild_record::note;
use intake::members::ApiRequest;
use projections::metrics::MetricText;
use projections::{ViewState, ViewStatus};
use schemars::JsonSchema;
use serde::Serialize;

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get("/api/v1/projections", "List views", list)
            .describe(
                "For each view: position, lag in events and time, the event that blocks it, and its rebuild.",
            )
            .needs(Permission::ProjectionsRead, EndpointSubject::Unscoped)
            .skip_view_wait(),
        Endpoint::get("/api/v1/projections/{name}", "Get a view", show)
            .describe("Returns one view; during a rebuild also the comparison of new and live rows.")
            .needs(Permission::ProjectionsRead, EndpointSubject::Unscoped)
            .skip_view_wait(),
        Endpoint::post("/api/v1/projections/{name}/rebuild", "Rebuild a view", rebuild)
            .describe(
                "Builds new rows next to the live ones, or continues an interrupted rebuild. The live rows \
                 stay in use until the switch.",
            )
            .needs(Permission::ProjectionsWrite, EndpointSubject::Everybody)
            .takes::<ProjectionRebuild>(),
        Endpoint::post(
            "/api/v1/projections/{name}/switch",
            "Switch a view to its rebuilt rows",
            switch,
        )
        .describe(
            "Makes the new rows the live ones, in one transaction. Rows that differ must be accepted with \
             a reason.",
        )
        .needs(Permission::ProjectionsWrite, EndpointSubject::Everybody)
        .takes::<ProjectionSwitch>(),
        Endpoint::post(
            "/api/v1/projections/{name}/cancel",
            "Cancel the rebuild of a view",
            cancel,
        )
        .describe("Drops the new rows. The live rows stay.")
        .needs(Permission::ProjectionsWrite, EndpointSubject::Everybody),
        Endpoint::post("/api/v1/projections/{name}/retry", "Retry a parked view", retry)
            .describe("Lets a view that is blocked by an event try that event again.")
            .needs(Permission::ProjectionsWrite, EndpointSubject::Everybody),
    ]
}

/// Returns the name of a state in Chinese and English.
const fn label(state: ViewState) -> (&'static str, &'static str) {
    match state {
        ViewState::Live => ("实时", "live"),
        ViewState::CatchingUp => ("追赶中", "catching up"),
        ViewState::Parked => ("已停驻", "parked"),
        ViewState::Ahead => ("超前于日志", "ahead of the log"),
    }
}

/// A view with its state.
#[derive(Debug, Serialize, JsonSchema)]
struct ViewResponse {
    #[serde(flatten)]
    status: ViewStatus,
    label: MetricText,
}

/// All views.
#[derive(Debug, Serialize, JsonSchema)]
struct ViewsResponse {
    views: Vec<ViewResponse>,
}

/// The body that starts a rebuild.
#[derive(ApiRequest, JsonSchema)]
struct ProjectionRebuild {
    /// Starts at the first event, even if an earlier rebuild was interrupted.
    restart: Option<bool>,
    /// The user who requests it; stored in an event.
    #[schemars(length(max = BY_BYTES_MAX))]
    by: Option<String>,
}

/// The body that switches a view to its rebuilt rows.
#[derive(ApiRequest, JsonSchema)]
struct ProjectionSwitch {
    /// The reason why new rows that differ from the live ones are correct.
    #[schemars(length(max = REASON_BYTES_MAX), example = &"the rule was corrected")]
    accept_differences: Option<String>,
    /// The user who requests it; stored in an event.
    #[schemars(length(max = BY_BYTES_MAX))]
    by: Option<String>,
}

fn described(status: ViewStatus) -> ViewResponse {
    let (zh, en) = label(status.state);
    ViewResponse {
        status,
        label: MetricText {
            zh: zh.to_owned(),
            en: en.to_owned(),
        },
    }
}

async fn list(ctx: Ctx, _: Input) -> Result<ReadReply<ViewsResponse>, Problem> {
    let statuses = ctx.installation.rows.statuses().await?;
    Ok(ReadReply(ViewsResponse {
        views: statuses.into_iter().map(described).collect(),
    }))
}

async fn one(installation: &Installation, name: &str) -> Result<ViewResponse, Problem> {
    let statuses = installation.rows.statuses().await?;
    let found = statuses.into_iter().find(|status| status.view == name);
    found.map(described).ok_or_else(|| Problem::missing("this view"))
}

async fn show(ctx: Ctx, input: Input) -> Result<ReadReply<ViewResponse>, Problem> {
    let name = input.param(0)?;
    one(&ctx.installation, &name).await.map(ReadReply)
}

async fn changed(installation: &Installation, name: &str) -> Result<ChangeReply<ViewResponse>, Problem> {
    Ok(ChangeReply(WriteResult {
        body: one(installation, name).await?,
        version: None,
        position: None,
    }))
}

/// Records in the log which user requested this change of a view, and returns the view.
async fn recorded(
    installation: &Installation,
    name: &str,
    by: Option<String>,
    cause: Cause,
) -> Result<ChangeReply<ViewResponse>, Problem> {
    note(installation, name, by, cause).await?;
    changed(installation, name).await
}

async fn rebuild(ctx: Ctx, input: Input) -> Result<ChangeReply<ViewResponse>, Problem> {
    let (name, cause) = (input.param(0)?, input.cause(&ctx.installation, "view-rebuild")?);
    let ProjectionRebuild { restart, by } = input.order().await?;
    ctx.installation
        .rows
        .rebuild(&name, restart.unwrap_or(false))
        .await?;
    recorded(&ctx.installation, &name, by, cause).await
}

async fn switch(ctx: Ctx, input: Input) -> Result<ChangeReply<ViewResponse>, Problem> {
    let (name, cause) = (input.param(0)?, input.cause(&ctx.installation, "view-switch")?);
    let ProjectionSwitch {
        accept_differences,
        by,
    } = input.order().await?;
    ctx.installation
        .rows
        .switch(&name, accept_differences.as_deref())
        .await?;
    recorded(&ctx.installation, &name, by, cause).await
}

async fn cancel(ctx: Ctx, input: Input) -> Result<ChangeReply<ViewResponse>, Problem> {
    let (name, cause) = (input.param(0)?, input.cause(&ctx.installation, "view-cancel")?);
    ctx.installation.rows.cancel(&name).await?;
    recorded(&ctx.installation, &name, None, cause).await
}

async fn retry(ctx: Ctx, input: Input) -> Result<ChangeReply<ViewResponse>, Problem> {
    let name = input.param(0)?;
    ctx.installation.rows.retry(&name)?;
    changed(&ctx.installation, &name).await
}
