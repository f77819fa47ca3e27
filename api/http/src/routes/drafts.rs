//! Routes of drafts: unfinished forms of the caller. A user sees only their own drafts.

use crate::api_description::{ChangeReply, CreationReply, ReadReply, VersionedReply};
use crate::endpoint::{Ctx, Endpoint, EndpointSubject, Input, Permission};
use crate::reply::WriteResult;
use application::drafts::{
    DraftList, DraftRequest, DraftResponse, NewDraftRequest, SavedDraft, begin, draft, drafts, remove,
    replace,
};
use domain::draft::DraftName;
use domain::ids::UserId;
use domain::problem::{Problem, ProblemKind};
use domain::stored_event::Position;
use schemars::JsonSchema;
use serde::Serialize;

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get("/api/v1/drafts", "List own drafts", list)
            .describe("Returns the caller's drafts of campaigns and flows, without their content.")
            .needs(Permission::CampaignsWrite, EndpointSubject::Unscoped),
        Endpoint::post("/api/v1/drafts", "Create a draft", add)
            .describe("A user can have ten drafts of each kind.")
            .needs(Permission::CampaignsWrite, EndpointSubject::Unscoped)
            .takes::<NewDraftRequest>(),
        Endpoint::get("/api/v1/drafts/{id}", "Get a draft", show)
            .describe(
                "Returns one of the caller's drafts with its content. Send its ETag as `If-Match` to save \
                 it.",
            )
            .needs(Permission::CampaignsWrite, EndpointSubject::Unscoped),
        Endpoint::put("/api/v1/drafts/{id}", "Save a draft", save)
            .describe("Replaces the whole content. Refused if the draft has changed since it was read.")
            .needs(Permission::CampaignsWrite, EndpointSubject::Unscoped)
            .takes::<DraftRequest>(),
        Endpoint::post("/api/v1/drafts/{id}/remove", "Remove a draft", clear)
            .describe("Its slot, one of ten, is free again.")
            .needs(Permission::CampaignsWrite, EndpointSubject::Unscoped),
    ]
}

/// A draft after it was saved.
#[derive(Debug, Serialize, JsonSchema)]
struct DraftChangeResponse {
    #[serde(flatten)]
    draft: DraftResponse,
    #[serde(serialize_with = "Position::as_text")]
    #[schemars(with = "String")]
    position: Position,
}

/// The id of the removed draft.
#[derive(Debug, Serialize, JsonSchema)]
struct DraftRemovalResponse {
    #[schemars(example = &"campaign-1")]
    id: String,
    #[serde(serialize_with = "Position::as_text")]
    #[schemars(with = "String")]
    position: Position,
}

async fn list(ctx: Ctx, input: Input) -> Result<ReadReply<DraftList>, Problem> {
    drafts(&ctx.installation, &require_user(&input)?)
        .await
        .map(ReadReply)
}

async fn show(ctx: Ctx, input: Input) -> Result<VersionedReply<DraftResponse>, Problem> {
    let body = draft(&ctx.installation, &require_user(&input)?, named(&input)?).await?;
    Ok(VersionedReply {
        version: body.version,
        body,
    })
}

async fn add(ctx: Ctx, input: Input) -> Result<CreationReply<DraftChangeResponse>, Problem> {
    let (user, cause) = (require_user(&input)?, input.cause(&ctx.installation, "drafts")?);
    let begun: NewDraftRequest = input.order().await?;
    let kept = begin(&ctx.installation, &user, begun, cause).await?;
    Ok(match kept.answer.repeated {
        false => CreationReply::Made(written(kept)),
        true => CreationReply::Changed(written(kept)),
    })
}

async fn save(ctx: Ctx, input: Input) -> Result<ChangeReply<DraftChangeResponse>, Problem> {
    let (user, name) = (require_user(&input)?, named(&input)?);
    let cause = input.cause(&ctx.installation, "drafts/save")?;
    let order: DraftRequest = input.order().await?;
    let kept = replace(&ctx.installation, &user, name, order, cause).await?;
    Ok(ChangeReply(written(kept)))
}

async fn clear(ctx: Ctx, input: Input) -> Result<ChangeReply<DraftRemovalResponse>, Problem> {
    let (user, name) = (require_user(&input)?, named(&input)?);
    let cause = input.cause(&ctx.installation, "drafts/remove")?;
    let answer = remove(&ctx.installation, &user, name, cause).await?;
    Ok(ChangeReply(WriteResult {
        body: DraftRemovalResponse {
            id: name.to_string(),
            position: answer.position,
        },
        version: Some(answer.version),
        position: Some(answer.position),
    }))
}

fn written(SavedDraft { shown, answer }: SavedDraft) -> WriteResult<DraftChangeResponse> {
    WriteResult {
        body: DraftChangeResponse {
            draft: shown,
            position: answer.position,
        },
        version: Some(answer.version),
        position: Some(answer.position),
    }
}

/// Returns the signed-in user, who owns the drafts. Fails for a caller that is not a user.
fn require_user(input: &Input) -> Result<UserId, Problem> {
    let known = input.caller.user().map(|known| known.user.clone());
    known.ok_or_else(|| {
        Problem::new(
            ProblemKind::Forbidden,
            "draft-of-a-user",
            "a draft belongs to a user: sign in or use a user's API key",
        )
    })
}

fn named(input: &Input) -> Result<DraftName, Problem> {
    input.id(0, "this draft")
}
