//! Routes of wording drafts: ask a model for another wording of an answer, list and show the drafts, adopt or
//! reject one.

use crate::api_description::{ChangeReply, CreationReply, ReadReply};
use crate::endpoint::{Ctx, Endpoint, EndpointSubject, Input, Permission};
use crate::paging::{LONG, ListPage, PAGED, Paging};
use crate::reply::WriteResult;
use application::wording_drafts::{
    DraftAdopted, DraftAdoptionRequest, DraftChanged, DraftRejectionRequest, WordingDraftList,
    WordingDraftRequest, WordingDraftResponse, adopt, ask, draft, drafts, reject,
};
use domain::ids::{KnowledgeId, WordingDraftId};
use domain::problem::Problem;
use schemars::JsonSchema;
use serde::Serialize;

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::post(
            "/api/v1/knowledge/{name}/drafts",
            "Ask a model for another wording of an answer",
            ask_one,
        )
        .describe(
            "The reply is sent when the model has written the draft or declined. A draft is not spoken \
             before it is adopted and published.",
        )
        .needs(Permission::CampaignsWrite, EndpointSubject::Everybody)
        .takes::<WordingDraftRequest>(),
        Endpoint::get(
            "/api/v1/knowledge/{name}/drafts",
            "List the wording drafts of a knowledge base",
            list,
        )
        .describe("Returns drafts in the order in which they were requested.")
        .needs(Permission::RulesRead, EndpointSubject::Everybody)
        .query(PAGED),
        Endpoint::get(
            "/api/v1/knowledge/{name}/drafts/{id}",
            "Get a wording draft",
            show,
        )
        .describe("Returns the draft with everything that was sent to the model.")
        .needs(Permission::RulesRead, EndpointSubject::Everybody),
        Endpoint::post(
            "/api/v1/knowledge/{name}/drafts/{id}/adopt",
            "Adopt a wording draft",
            adopt_it,
        )
        .describe(
            "Adds a draft that another user requested to a new version of the knowledge base. The version \
             is not published by this.",
        )
        .needs(Permission::CampaignsWrite, EndpointSubject::Everybody)
        .takes::<DraftAdoptionRequest>(),
        Endpoint::post(
            "/api/v1/knowledge/{name}/drafts/{id}/reject",
            "Reject a wording draft",
            reject_it,
        )
        .describe("Stores the reason why the draft is not to be spoken.")
        .needs(Permission::CampaignsWrite, EndpointSubject::Everybody)
        .takes::<DraftRejectionRequest>(),
    ]
}

/// A wording draft after it was requested or rejected.
#[derive(Debug, Serialize, JsonSchema)]
struct WordingDraftChangeResponse {
    #[serde(flatten)]
    draft: WordingDraftResponse,
    position: String,
}

async fn ask_one(ctx: Ctx, input: Input) -> Result<CreationReply<WordingDraftChangeResponse>, Problem> {
    let knowledge: KnowledgeId = input.id(0, "this knowledge base")?;
    let cause = input.cause(&ctx.installation, "knowledge/drafts")?;
    let caller = input.caller.clone();
    let order: WordingDraftRequest = input.order().await?;
    let done = ask(&ctx.installation, &caller, knowledge, order, cause).await?;
    let made = done.made;
    let written = written(done);
    Ok(if made {
        CreationReply::Made(written)
    } else {
        CreationReply::Changed(written)
    })
}

async fn list(ctx: Ctx, input: Input) -> Result<ReadReply<ListPage<WordingDraftList>>, Problem> {
    let knowledge: KnowledgeId = input.id(0, "this knowledge base")?;
    let paging = Paging::of(&ctx.installation, &input, LONG)?;
    let all = drafts(&ctx.installation, &knowledge).await?;
    let (page, next_cursor) = paging.cut(all, |(position, _)| position.0)?;
    let items = page.into_iter().map(|(_, shown)| shown).collect();
    Ok(ReadReply(ListPage {
        list: WordingDraftList { items },
        next_cursor,
    }))
}

async fn show(ctx: Ctx, input: Input) -> Result<ReadReply<WordingDraftResponse>, Problem> {
    let knowledge: KnowledgeId = input.id(0, "this knowledge base")?;
    let id: WordingDraftId = input.id(1, "this draft")?;
    draft(&ctx.installation, &knowledge, id).await.map(ReadReply)
}

async fn adopt_it(ctx: Ctx, input: Input) -> Result<ChangeReply<DraftAdopted>, Problem> {
    let knowledge: KnowledgeId = input.id(0, "this knowledge base")?;
    let id: WordingDraftId = input.id(1, "this draft")?;
    let cause = input.cause(&ctx.installation, "knowledge/drafts/adopt")?;
    let caller = input.caller.clone();
    let order: DraftAdoptionRequest = input.order().await?;
    let done = adopt(&ctx.installation, &caller, &knowledge, id, order, cause).await?;
    Ok(ChangeReply(WriteResult {
        version: None,
        position: Some(done.position),
        body: done,
    }))
}

async fn reject_it(ctx: Ctx, input: Input) -> Result<ChangeReply<WordingDraftChangeResponse>, Problem> {
    let knowledge: KnowledgeId = input.id(0, "this knowledge base")?;
    let id: WordingDraftId = input.id(1, "this draft")?;
    let cause = input.cause(&ctx.installation, "knowledge/drafts/reject")?;
    let caller = input.caller.clone();
    let order: DraftRejectionRequest = input.order().await?;
    let done = reject(&ctx.installation, &caller, &knowledge, id, order, cause).await?;
    Ok(ChangeReply(written(done)))
}

fn written(done: DraftChanged) -> WriteResult<WordingDraftChangeResponse> {
    WriteResult {
        version: None,
        position: Some(done.position),
        body: WordingDraftChangeResponse {
            draft: done.shown,
            position: done.position.to_string(),
        },
    }
}
