//! Drafts of wording over HTTP: a model asked for other words of an answer, what came of it, and what a
//! person makes of that.

use crate::described::{Changed, MadeOrChanged, Read};
use crate::endpoint::{About, Ctx, Endpoint, Input, Permission};
use crate::paging::{LONG, PAGED, Paged, Paging};
use crate::reply::Written;
use application::wording_drafts::{
    AdoptOrder, DraftAdopted, DraftChanged, DraftList, DraftOrder, DraftShown, RejectOrder, adopt, ask,
    draft, drafts, reject,
};
use domain::ids::{KnowledgeId, WordingDraftId};
use domain::problem::Problem;
use schemars::JsonSchema;
use serde::Serialize;

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::post(
            "/api/v1/knowledge/{name}/drafts",
            "Ask a model for other words of one answer; answers when it wrote them or will not. Nobody hears them",
            ask_one,
        )
        .needs(Permission::CampaignsWrite, About::Everybody)
        .takes::<DraftOrder>(),
        Endpoint::get(
            "/api/v1/knowledge/{name}/drafts",
            "Drafts of wording of a knowledge base, in the order in which they were asked for",
            list,
        )
        .needs(Permission::RulesRead, About::Everybody)
        .query(PAGED),
        Endpoint::get(
            "/api/v1/knowledge/{name}/drafts/{id}",
            "One draft of wording, with all that was sent to the model",
            show,
        )
        .needs(Permission::RulesRead, About::Everybody),
        Endpoint::post(
            "/api/v1/knowledge/{name}/drafts/{id}/adopt",
            "Take a draft that somebody else asked for into a new version of the base, which is not published by this",
            adopt_it,
        )
        .needs(Permission::CampaignsWrite, About::Everybody)
        .takes::<AdoptOrder>(),
        Endpoint::post(
            "/api/v1/knowledge/{name}/drafts/{id}/reject",
            "Say why a draft is not to be said",
            reject_it,
        )
        .needs(Permission::CampaignsWrite, About::Everybody)
        .takes::<RejectOrder>(),
    ]
}

/// A draft after something was done with it.
#[derive(Debug, Serialize, JsonSchema)]
struct WordingDraftWritten {
    #[serde(flatten)]
    draft: DraftShown,
    position: String,
}

async fn ask_one(ctx: Ctx, input: Input) -> Result<MadeOrChanged<WordingDraftWritten>, Problem> {
    let knowledge: KnowledgeId = input.id(0, "this knowledge base")?;
    let cause = input.cause(&ctx.installation, "knowledge/drafts")?;
    let caller = input.caller.clone();
    let order: DraftOrder = input.order().await?;
    let done = ask(&ctx.installation, &caller, knowledge, order, cause).await?;
    let made = done.made;
    let written = written(done);
    Ok(if made {
        MadeOrChanged::Made(written)
    } else {
        MadeOrChanged::Changed(written)
    })
}

async fn list(ctx: Ctx, input: Input) -> Result<Read<Paged<DraftList>>, Problem> {
    let knowledge: KnowledgeId = input.id(0, "this knowledge base")?;
    let paging = Paging::of(&ctx.installation, &input, LONG)?;
    let all = drafts(&ctx.installation, &knowledge).await?;
    let (page, next_cursor) = paging.cut(all, |(position, _)| position.0)?;
    let items = page.into_iter().map(|(_, shown)| shown).collect();
    Ok(Read(Paged {
        list: DraftList { items },
        next_cursor,
    }))
}

async fn show(ctx: Ctx, input: Input) -> Result<Read<DraftShown>, Problem> {
    let knowledge: KnowledgeId = input.id(0, "this knowledge base")?;
    let id: WordingDraftId = input.id(1, "this draft")?;
    draft(&ctx.installation, &knowledge, id).await.map(Read)
}

async fn adopt_it(ctx: Ctx, input: Input) -> Result<Changed<DraftAdopted>, Problem> {
    let knowledge: KnowledgeId = input.id(0, "this knowledge base")?;
    let id: WordingDraftId = input.id(1, "this draft")?;
    let cause = input.cause(&ctx.installation, "knowledge/drafts/adopt")?;
    let caller = input.caller.clone();
    let order: AdoptOrder = input.order().await?;
    let done = adopt(&ctx.installation, &caller, &knowledge, id, order, cause).await?;
    Ok(Changed(Written {
        version: None,
        position: Some(done.position),
        body: done,
    }))
}

async fn reject_it(ctx: Ctx, input: Input) -> Result<Changed<WordingDraftWritten>, Problem> {
    let knowledge: KnowledgeId = input.id(0, "this knowledge base")?;
    let id: WordingDraftId = input.id(1, "this draft")?;
    let cause = input.cause(&ctx.installation, "knowledge/drafts/reject")?;
    let caller = input.caller.clone();
    let order: RejectOrder = input.order().await?;
    let done = reject(&ctx.installation, &caller, &knowledge, id, order, cause).await?;
    Ok(Changed(written(done)))
}

fn written(done: DraftChanged) -> Written<WordingDraftWritten> {
    Written {
        version: None,
        position: Some(done.position),
        body: WordingDraftWritten {
            draft: done.shown,
            position: done.position.to_string(),
        },
    }
}
