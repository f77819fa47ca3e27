//! Routes of knowledge bases: import a file, publish and roll back versions, list and show them, and ask
//! questions.

use crate::api_description::{ChangeReply, CreationReply, ReadReply};
use crate::endpoint::{Ctx, Endpoint, EndpointSubject, Input, Permission};
use crate::paging::{LONG, ListPage, PAGED, Paging};
use crate::reply::WriteResult;
use application::knowledge::{
    KnowledgeAnswerResponse, KnowledgeBasesListed, KnowledgeChanged, KnowledgeImportRequest,
    KnowledgeImported, KnowledgePublishRequest, KnowledgeQuestionRequest, KnowledgeResponse,
    KnowledgeVersions, RollbackRequest, ask, import, listed, publish, roll_back, show, versions,
};
use application::parameter::Parameter;
use domain::ids::KnowledgeId;
use domain::problem::Problem;

/// Query parameter: a version of the knowledge base.
const VERSION: Parameter = Parameter::number(
    "version",
    "A version of the base; default: the current one, else the newest",
    1,
);

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::post("/api/v1/knowledge", "Import a knowledge file", import_one)
            .describe(
                "Reads answers, objections and facts from a file. The valid rows become a new version, \
                 which calls do not use before it is published. Invalid rows are listed.",
            )
            .needs(Permission::CampaignsWrite, EndpointSubject::Everybody)
            .takes::<KnowledgeImportRequest>()
            .heavy(),
        Endpoint::get("/api/v1/knowledge", "List knowledge bases", list)
            .describe("Returns published knowledge bases by name with their current versions.")
            .needs(Permission::RulesRead, EndpointSubject::Everybody)
            .query(PAGED),
        Endpoint::get("/api/v1/knowledge/{name}", "Get a knowledge base", show_one)
            .describe("Returns the content of the current version, or of another one.")
            .needs(Permission::RulesRead, EndpointSubject::Everybody)
            .query(const { &[VERSION] }),
        Endpoint::get(
            "/api/v1/knowledge/{name}/versions",
            "List the versions of a knowledge base",
            show_versions,
        )
        .describe("Returns when each version was imported and published, and who approved it.")
        .needs(Permission::RulesRead, EndpointSubject::Everybody)
        .query(PAGED),
        Endpoint::post(
            "/api/v1/knowledge/{name}/publish",
            "Publish a version of a knowledge base",
            publish_one,
        )
        .describe("Makes an imported version current. Campaigns keep the version they were created with.")
        .needs(Permission::CampaignsWrite, EndpointSubject::Everybody)
        .takes::<KnowledgePublishRequest>(),
        Endpoint::post(
            "/api/v1/knowledge/{name}/rollback",
            "Roll back a knowledge base",
            back,
        )
        .describe("Makes a version current again that was current before.")
        .needs(Permission::CampaignsWrite, EndpointSubject::Everybody)
        .takes::<RollbackRequest>(),
        Endpoint::post(
            "/api/v1/knowledge/{name}/ask",
            "Ask a knowledge base a question",
            ask_one,
        )
        .describe(
            "Returns what a call would answer, with the version of a campaign's calls or another one. \
             Nothing is stored.",
        )
        .needs(Permission::RulesRead, EndpointSubject::Everybody)
        .takes::<KnowledgeQuestionRequest>(),
    ]
}

async fn import_one(ctx: Ctx, input: Input) -> Result<CreationReply<KnowledgeImported>, Problem> {
    let cause = input.cause(&ctx.installation, "knowledge")?;
    let order: KnowledgeImportRequest = input.order().await?;
    let done = import(&ctx.installation, order, cause).await?;
    let made = done.changed;
    let written = WriteResult {
        version: None,
        position: Some(done.position),
        body: done,
    };
    Ok(if made {
        CreationReply::Made(written)
    } else {
        CreationReply::Changed(written)
    })
}

async fn publish_one(ctx: Ctx, input: Input) -> Result<ChangeReply<KnowledgeChanged>, Problem> {
    let knowledge: KnowledgeId = input.id(0, "this knowledge base")?;
    let cause = input.cause(&ctx.installation, "knowledge/publish")?;
    let caller = input.caller.clone();
    let order: KnowledgePublishRequest = input.order().await?;
    let done = publish(&ctx.installation, &caller, knowledge, order, cause).await?;
    Ok(ChangeReply(written(done)))
}

async fn back(ctx: Ctx, input: Input) -> Result<ChangeReply<KnowledgeChanged>, Problem> {
    let knowledge: KnowledgeId = input.id(0, "this knowledge base")?;
    let cause = input.cause(&ctx.installation, "knowledge/rollback")?;
    let caller = input.caller.clone();
    let order: RollbackRequest = input.order().await?;
    let done = roll_back(&ctx.installation, &caller, knowledge, order, cause).await?;
    Ok(ChangeReply(written(done)))
}

fn written(done: KnowledgeChanged) -> WriteResult<KnowledgeChanged> {
    WriteResult {
        version: None,
        position: Some(done.position),
        body: done,
    }
}

async fn list(ctx: Ctx, input: Input) -> Result<ReadReply<ListPage<KnowledgeBasesListed>>, Problem> {
    let paging = Paging::of(&ctx.installation, &input, LONG)?;
    let behind: Option<KnowledgeId> = paging.place()?;
    let items = listed(&ctx.installation, behind.as_ref(), paging.limit).await?;
    let last = items.last().filter(|_| items.len() == paging.limit);
    let next_cursor = last.map(|row| paging.cursor(&row.knowledge)).transpose()?;
    Ok(ReadReply(ListPage {
        list: KnowledgeBasesListed { items },
        next_cursor,
    }))
}

async fn show_one(ctx: Ctx, input: Input) -> Result<ReadReply<KnowledgeResponse>, Problem> {
    let knowledge: KnowledgeId = input.id(0, "this knowledge base")?;
    let version: Option<u32> = input.number(VERSION.name)?;
    show(&ctx.installation, &knowledge, version).await.map(ReadReply)
}

async fn show_versions(ctx: Ctx, input: Input) -> Result<ReadReply<ListPage<KnowledgeVersions>>, Problem> {
    let paging = Paging::of(&ctx.installation, &input, LONG)?;
    let knowledge: KnowledgeId = input.id(0, "this knowledge base")?;
    let mut list = versions(&ctx.installation, &knowledge).await?;
    let (items, next_cursor) = paging.cut(list.items, |one| one.version)?;
    list.items = items;
    Ok(ReadReply(ListPage { list, next_cursor }))
}

async fn ask_one(ctx: Ctx, input: Input) -> Result<ReadReply<KnowledgeAnswerResponse>, Problem> {
    let knowledge: KnowledgeId = input.id(0, "this knowledge base")?;
    let order: KnowledgeQuestionRequest = input.order().await?;
    ask(&ctx.installation, &knowledge, order).await.map(ReadReply)
}
