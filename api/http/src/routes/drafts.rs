//! Drafts over HTTP: what whoever asks has begun to fill in and not sent yet. Everybody has their own alone.

use crate::described::{Changed, MadeOrChanged, Read, ReadAt};
use crate::endpoint::{About, Ctx, Endpoint, Input, Permission};
use crate::reply::Written;
use application::drafts::{
    DraftBegun, DraftKept, DraftList, DraftOrder, DraftShown, begin, draft, drafts, remove, replace,
};
use domain::draft::DraftName;
use domain::ids::UserId;
use domain::problem::{Kind, Problem};
use domain::stored_event::Position;
use schemars::JsonSchema;
use serde::Serialize;

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get(
            "/api/v1/drafts",
            "One's own drafts of campaigns and flows, without their bodies",
            list,
        )
        .needs(Permission::CampaignsWrite, About::Nobody),
        Endpoint::post(
            "/api/v1/drafts",
            "Begin a draft; a user has ten places of each kind",
            add,
        )
        .needs(Permission::CampaignsWrite, About::Nobody)
        .takes::<DraftBegun>(),
        Endpoint::get(
            "/api/v1/drafts/{id}",
            "One draft of one's own; its ETag is what a save names",
            show,
        )
        .needs(Permission::CampaignsWrite, About::Nobody),
        Endpoint::put(
            "/api/v1/drafts/{id}",
            "Save a draft as a whole, over the one that was read",
            save,
        )
        .needs(Permission::CampaignsWrite, About::Nobody)
        .takes::<DraftOrder>(),
        Endpoint::post(
            "/api/v1/drafts/{id}/remove",
            "Remove a draft; the place is free again",
            clear,
        )
        .needs(Permission::CampaignsWrite, About::Nobody),
    ]
}

/// A draft after a save.
#[derive(Debug, Serialize, JsonSchema)]
struct DraftWritten {
    #[serde(flatten)]
    draft: DraftShown,
    #[serde(serialize_with = "Position::as_text")]
    #[schemars(with = "String")]
    position: Position,
}

/// Which draft is gone.
#[derive(Debug, Serialize, JsonSchema)]
struct DraftRemoved {
    #[schemars(example = &"campaign-1")]
    id: String,
    #[serde(serialize_with = "Position::as_text")]
    #[schemars(with = "String")]
    position: Position,
}

async fn list(ctx: Ctx, input: Input) -> Result<Read<DraftList>, Problem> {
    drafts(&ctx.installation, &whose(&input)?).await.map(Read)
}

async fn show(ctx: Ctx, input: Input) -> Result<ReadAt<DraftShown>, Problem> {
    let body = draft(&ctx.installation, &whose(&input)?, named(&input)?).await?;
    Ok(ReadAt {
        version: body.version,
        body,
    })
}

async fn add(ctx: Ctx, input: Input) -> Result<MadeOrChanged<DraftWritten>, Problem> {
    let (user, cause) = (whose(&input)?, input.cause(&ctx.installation, "drafts")?);
    let begun: DraftBegun = input.order().await?;
    let kept = begin(&ctx.installation, &user, begun, cause).await?;
    Ok(match kept.answer.repeated {
        false => MadeOrChanged::Made(written(kept)),
        true => MadeOrChanged::Changed(written(kept)),
    })
}

async fn save(ctx: Ctx, input: Input) -> Result<Changed<DraftWritten>, Problem> {
    let (user, name) = (whose(&input)?, named(&input)?);
    let cause = input.cause(&ctx.installation, "drafts/save")?;
    let order: DraftOrder = input.order().await?;
    let kept = replace(&ctx.installation, &user, name, order, cause).await?;
    Ok(Changed(written(kept)))
}

async fn clear(ctx: Ctx, input: Input) -> Result<Changed<DraftRemoved>, Problem> {
    let (user, name) = (whose(&input)?, named(&input)?);
    let cause = input.cause(&ctx.installation, "drafts/remove")?;
    let answer = remove(&ctx.installation, &user, name, cause).await?;
    Ok(Changed(Written {
        body: DraftRemoved {
            id: name.to_string(),
            position: answer.position,
        },
        version: Some(answer.version),
        position: Some(answer.position),
    }))
}

fn written(DraftKept { shown, answer }: DraftKept) -> Written<DraftWritten> {
    Written {
        body: DraftWritten {
            draft: shown,
            position: answer.position,
        },
        version: Some(answer.version),
        position: Some(answer.position),
    }
}

/// Whose drafts they are: only a user has some.
fn whose(input: &Input) -> Result<UserId, Problem> {
    let known = input.caller.user().map(|known| known.user.clone());
    known.ok_or_else(|| {
        Problem::new(
            Kind::Forbidden,
            "draft-of-a-user",
            "a draft belongs to a user: sign in or use a user's API key",
        )
    })
}

fn named(input: &Input) -> Result<DraftName, Problem> {
    input.id(0, "this draft")
}
