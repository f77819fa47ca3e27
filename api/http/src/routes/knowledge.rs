//! Knowledge over HTTP: files imported, versions published and gone back to, listed, shown; questions
//! answered as calls are.

use crate::described::{Changed, MadeOrChanged, Read};
use crate::endpoint::{About, Ctx, Endpoint, Input, Permission};
use crate::paging::{LONG, PAGED, Paged, Paging};
use crate::reply::Written;
use application::knowledge::{
    ImportOrder, KnowledgeAnswered, KnowledgeBasesListed, KnowledgeChanged, KnowledgeImported,
    KnowledgeShown, KnowledgeVersions, PublishOrder, QuestionOrder, RollbackOrder, ask, import, listed,
    publish, roll_back, show, versions,
};
use application::parameter::Parameter;
use domain::ids::KnowledgeId;
use domain::problem::Problem;

/// Which version of a base.
const VERSION: Parameter = Parameter::number(
    "version",
    "A version of the base; default: the current one, else the newest",
    1,
);

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::post(
            "/api/v1/knowledge",
            "Import a file of answers, objections and facts: its good rows are a version that nobody hears yet",
            import_one,
        )
        .needs(Permission::CampaignsWrite, About::Everybody)
        .takes::<ImportOrder>()
        .heavy(),
        Endpoint::get(
            "/api/v1/knowledge",
            "Published knowledge bases by name, with their current versions",
            list,
        )
        .needs(Permission::RulesRead, About::Everybody)
        .query(PAGED),
        Endpoint::get(
            "/api/v1/knowledge/{name}",
            "One knowledge base: the content of the current version, or of the one asked for",
            show_one,
        )
        .needs(Permission::RulesRead, About::Everybody)
        .query(const { &[VERSION] }),
        Endpoint::get(
            "/api/v1/knowledge/{name}/versions",
            "Every version of a knowledge base: when it was imported and published, and who approved it",
            show_versions,
        )
        .needs(Permission::RulesRead, About::Everybody)
        .query(PAGED),
        Endpoint::post(
            "/api/v1/knowledge/{name}/publish",
            "Make an imported version current; campaigns keep the version that they were made with",
            publish_one,
        )
        .needs(Permission::CampaignsWrite, About::Everybody)
        .takes::<PublishOrder>(),
        Endpoint::post(
            "/api/v1/knowledge/{name}/rollback",
            "Make a version current again that was current before",
            back,
        )
        .needs(Permission::CampaignsWrite, About::Everybody)
        .takes::<RollbackOrder>(),
        Endpoint::post(
            "/api/v1/knowledge/{name}/ask",
            "What a knowledge base answers to a question, at the version of a campaign's calls or another; nothing is stored",
            ask_one,
        )
        .needs(Permission::RulesRead, About::Everybody)
        .takes::<QuestionOrder>(),
    ]
}

async fn import_one(ctx: Ctx, input: Input) -> Result<MadeOrChanged<KnowledgeImported>, Problem> {
    let cause = input.cause(&ctx.installation, "knowledge")?;
    let order: ImportOrder = input.order().await?;
    let done = import(&ctx.installation, order, cause).await?;
    let made = done.changed;
    let written = Written {
        version: None,
        position: Some(done.position),
        body: done,
    };
    Ok(if made {
        MadeOrChanged::Made(written)
    } else {
        MadeOrChanged::Changed(written)
    })
}

async fn publish_one(ctx: Ctx, input: Input) -> Result<Changed<KnowledgeChanged>, Problem> {
    let knowledge: KnowledgeId = input.id(0, "this knowledge base")?;
    let cause = input.cause(&ctx.installation, "knowledge/publish")?;
    let caller = input.caller.clone();
    let order: PublishOrder = input.order().await?;
    let done = publish(&ctx.installation, &caller, knowledge, order, cause).await?;
    Ok(Changed(written(done)))
}

async fn back(ctx: Ctx, input: Input) -> Result<Changed<KnowledgeChanged>, Problem> {
    let knowledge: KnowledgeId = input.id(0, "this knowledge base")?;
    let cause = input.cause(&ctx.installation, "knowledge/rollback")?;
    let caller = input.caller.clone();
    let order: RollbackOrder = input.order().await?;
    let done = roll_back(&ctx.installation, &caller, knowledge, order, cause).await?;
    Ok(Changed(written(done)))
}

fn written(done: KnowledgeChanged) -> Written<KnowledgeChanged> {
    Written {
        version: None,
        position: Some(done.position),
        body: done,
    }
}

async fn list(ctx: Ctx, input: Input) -> Result<Read<Paged<KnowledgeBasesListed>>, Problem> {
    let paging = Paging::of(&ctx.installation, &input, LONG)?;
    let behind: Option<KnowledgeId> = paging.place()?;
    let items = listed(&ctx.installation, behind.as_ref(), paging.limit).await?;
    let last = items.last().filter(|_| items.len() == paging.limit);
    let next_cursor = last.map(|row| paging.cursor(&row.knowledge)).transpose()?;
    Ok(Read(Paged {
        list: KnowledgeBasesListed { items },
        next_cursor,
    }))
}

async fn show_one(ctx: Ctx, input: Input) -> Result<Read<KnowledgeShown>, Problem> {
    let knowledge: KnowledgeId = input.id(0, "this knowledge base")?;
    let version: Option<u32> = input.number(VERSION.name)?;
    show(&ctx.installation, &knowledge, version).await.map(Read)
}

async fn show_versions(ctx: Ctx, input: Input) -> Result<Read<Paged<KnowledgeVersions>>, Problem> {
    let paging = Paging::of(&ctx.installation, &input, LONG)?;
    let knowledge: KnowledgeId = input.id(0, "this knowledge base")?;
    let mut list = versions(&ctx.installation, &knowledge).await?;
    let (items, next_cursor) = paging.cut(list.items, |one| one.version)?;
    list.items = items;
    Ok(Read(Paged { list, next_cursor }))
}

async fn ask_one(ctx: Ctx, input: Input) -> Result<Read<KnowledgeAnswered>, Problem> {
    let knowledge: KnowledgeId = input.id(0, "this knowledge base")?;
    let order: QuestionOrder = input.order().await?;
    ask(&ctx.installation, &knowledge, order).await.map(Read)
}
