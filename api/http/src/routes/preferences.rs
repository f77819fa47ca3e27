//! Routes of the caller's console preferences: language, theme and first page.

use crate::api_description::{ChangeReply, VersionedReply};
use crate::endpoint::{Ctx, Endpoint, Input};
use crate::reply::WriteResult;
use application::preferences::{PreferencesRequest, PreferencesResponse, choose, preferences};
use domain::ids::UserId;
use domain::problem::{Problem, ProblemKind};
use domain::stored_event::Position;
use schemars::JsonSchema;
use serde::Serialize;

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get("/api/v1/preferences", "Get own preferences", show)
            .describe(
                "Returns the language, theme and first page of the console. Send the ETag as `If-Match` to \
                 change them.",
            )
            .for_any_caller(),
        Endpoint::put("/api/v1/preferences", "Set own preferences", change)
            .describe("Replaces language, theme and first page of the console, all at once.")
            .for_any_caller()
            .takes::<PreferencesRequest>(),
    ]
}

/// Preferences after a change.
#[derive(Debug, Serialize, JsonSchema)]
struct PreferencesChangeResponse {
    #[serde(flatten)]
    preferences: PreferencesResponse,
    #[serde(serialize_with = "Position::as_text")]
    #[schemars(with = "String")]
    position: Position,
}

async fn show(ctx: Ctx, input: Input) -> Result<VersionedReply<PreferencesResponse>, Problem> {
    let body = preferences(&ctx.installation, &require_user(&input)?).await?;
    Ok(VersionedReply {
        version: body.version,
        body,
    })
}

async fn change(ctx: Ctx, input: Input) -> Result<ChangeReply<PreferencesChangeResponse>, Problem> {
    let (user, cause) = (
        require_user(&input)?,
        input.cause(&ctx.installation, "preferences")?,
    );
    let order: PreferencesRequest = input.order().await?;
    let kept = choose(&ctx.installation, &user, order, cause).await?;
    Ok(ChangeReply(WriteResult {
        body: PreferencesChangeResponse {
            preferences: kept.shown,
            position: kept.answer.position,
        },
        version: Some(kept.answer.version),
        position: Some(kept.answer.position),
    }))
}

/// Returns the signed-in user, who owns the preferences. Fails for a caller that is not a user.
fn require_user(input: &Input) -> Result<UserId, Problem> {
    let known = input.caller.user().map(|known| known.user.clone());
    known.ok_or_else(|| {
        Problem::new(
            ProblemKind::Forbidden,
            "preferences-of-a-user",
            "preferences belong to a user: sign in or use a user's API key",
        )
    })
}
