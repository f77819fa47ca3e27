//! Routes of settings: list and show them, now or at a past moment, and change one with the version that was
//! read and a reason.

use crate::api_description::{ChangeReply, ReadReply, VersionedReply};
use crate::endpoint::{Ctx, Endpoint, EndpointSubject, Input, Permission};
use crate::reply::WriteResult;
use application::as_of::{Moment, PARAMETERS};
use application::settings::{SettingList, SettingResponse, change_setting, setting, settings};
use domain::problem::Problem;
use domain::setting::{REASON_BYTES_MAX, SettingName};
use intake::members::ApiRequest;
use schemars::JsonSchema;
use serde::Serialize;

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get("/api/v1/settings", "List settings", list)
            .describe("Returns every setting with its value, default and bounds, now or at a past moment.")
            .needs(Permission::InstallationRead, EndpointSubject::Everybody)
            .query(PARAMETERS),
        Endpoint::get("/api/v1/settings/{name}", "Get a setting", show)
            .describe("Returns one setting. Send the ETag as `If-Match` to change it.")
            .needs(Permission::InstallationRead, EndpointSubject::Everybody)
            .query(PARAMETERS),
        Endpoint::put("/api/v1/settings/{name}", "Change a setting", change)
            .describe("The new value takes effect at once, without a restart. A reason is required.")
            .needs(Permission::InstallationWrite, EndpointSubject::Everybody)
            .takes::<SettingRequest>(),
    ]
}

/// The body that changes a setting: the value and the reason.
#[derive(ApiRequest, JsonSchema)]
#[schemars(extend("examples" = [{ "value": 250, "reason": "the holidays" }]))]
struct SettingRequest {
    value: u64,
    /// Stored permanently; must not name a person.
    #[schemars(length(min = 1, max = REASON_BYTES_MAX))]
    reason: String,
}

/// A setting after a change.
#[derive(Debug, Serialize, JsonSchema)]
struct SettingChangeResponse {
    #[serde(flatten)]
    setting: SettingResponse,
    position: String,
}

async fn list(ctx: Ctx, input: Input) -> Result<ReadReply<SettingList>, Problem> {
    let moment = Moment::of(input.query())?;
    settings(&ctx.installation, &moment).await.map(ReadReply)
}

async fn show(ctx: Ctx, input: Input) -> Result<VersionedReply<SettingResponse>, Problem> {
    let name = named(&input)?;
    let moment = Moment::of(input.query())?;
    let body = setting(&ctx.installation, name, &moment).await?;
    Ok(VersionedReply {
        version: body.version,
        body,
    })
}

async fn change(ctx: Ctx, input: Input) -> Result<ChangeReply<SettingChangeResponse>, Problem> {
    let name = named(&input)?;
    let cause = input.cause(&ctx.installation, "settings")?;
    let SettingRequest { value, reason } = input.order().await?;
    let changed = change_setting(&ctx.installation, name, value, reason, cause).await?;
    Ok(ChangeReply(WriteResult {
        body: SettingChangeResponse {
            setting: changed.shown,
            position: changed.answer.position.to_string(),
        },
        version: Some(changed.answer.version),
        position: Some(changed.answer.position),
    }))
}

fn named(input: &Input) -> Result<SettingName, Problem> {
    input.id(0, "this setting")
}
