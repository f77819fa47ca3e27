//! Preferences over HTTP: in which language and theme whoever asks sees the console, and which page first.

use crate::described::{Changed, ReadAt};
use crate::endpoint::{Ctx, Endpoint, Input};
use crate::reply::Written;
use application::preferences::{PreferenceOrder, PreferencesShown, choose, preferences};
use domain::ids::UserId;
use domain::problem::{Kind, Problem};
use domain::stored_event::Position;
use schemars::JsonSchema;
use serde::Serialize;

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get(
            "/api/v1/preferences",
            "One's own language, theme and first page of the console; the ETag is what a change names",
            show,
        )
        .for_whoever_is_known(),
        Endpoint::put(
            "/api/v1/preferences",
            "Choose one's own language, theme and first page, all of them at once",
            change,
        )
        .for_whoever_is_known()
        .takes::<PreferenceOrder>(),
    ]
}

/// Preferences after a change.
#[derive(Debug, Serialize, JsonSchema)]
struct PreferencesWritten {
    #[serde(flatten)]
    preferences: PreferencesShown,
    #[serde(serialize_with = "Position::as_text")]
    #[schemars(with = "String")]
    position: Position,
}

async fn show(ctx: Ctx, input: Input) -> Result<ReadAt<PreferencesShown>, Problem> {
    let body = preferences(&ctx.installation, &whose(&input)?).await?;
    Ok(ReadAt {
        version: body.version,
        body,
    })
}

async fn change(ctx: Ctx, input: Input) -> Result<Changed<PreferencesWritten>, Problem> {
    let (user, cause) = (whose(&input)?, input.cause(&ctx.installation, "preferences")?);
    let order: PreferenceOrder = input.order().await?;
    let kept = choose(&ctx.installation, &user, order, cause).await?;
    Ok(Changed(Written {
        body: PreferencesWritten {
            preferences: kept.shown,
            position: kept.answer.position,
        },
        version: Some(kept.answer.version),
        position: Some(kept.answer.position),
    }))
}

/// Whose they are: only a user has some.
fn whose(input: &Input) -> Result<UserId, Problem> {
    let known = input.caller.user().map(|known| known.user.clone());
    known.ok_or_else(|| {
        Problem::new(
            Kind::Forbidden,
            "preferences-of-a-user",
            "preferences belong to a user: sign in or use a user's API key",
        )
    })
}
