//! Knowledge bases as versions: import of a file row by row, publication, rollback, and answering of a
//! question as in calls.

mod base;
mod bases;
mod evaluation;
mod requests;
mod responses;

pub use crate::approvals::RollbackRequest;
pub use base::{KnowledgeSearchResult, SearchableBase};
pub(crate) use bases::content_of;
pub use bases::{LoggedKnowledge, base};
pub use evaluation::{EvaluationRow, KnowledgeEvaluation, evaluate_knowledge, rows};
pub use requests::{KnowledgeImportRequest, KnowledgePublishRequest, KnowledgeQuestionRequest};
pub use responses::{
    KnowledgeAnswerCandidate, KnowledgeAnswerResponse, KnowledgeBasesListed, KnowledgeChanged,
    KnowledgeImported, KnowledgeListed, KnowledgeResponse, KnowledgeVersionResponse, KnowledgeVersions,
    listed, show, versions,
};

use crate::access::Caller;
use crate::approvals::{PendingVersion, placeholder_four_eyes};
use crate::body_work::BodyWork;
use crate::installation::Installation;
use actors::AskError;
use domain::approval::Act;
use domain::approval_requirements::{ApprovalRequirement, ApprovalRequirements};
use domain::decider::{Context, Decider};
use domain::four_eyes::FourEyes;
use domain::ids::KnowledgeId;
use domain::knowledge::{
    FileFault, Knowledge, KnowledgeCommand, KnowledgeEvent, KnowledgeFile, KnowledgeRef, KnowledgeSelector,
    KnowledgeState,
};
use domain::problem::Problem;
use domain::stored_event::Cause;
use requests::VersionPublication;

/// Imports the good rows of a file as a new version, which calls do not use until it is published. Bad rows
/// are returned. The same content again makes no new version.
pub async fn import(
    installation: &Installation,
    order: KnowledgeImportRequest,
    cause: Cause,
) -> Result<KnowledgeImported, Problem> {
    let refused = |fault: FileFault| Problem::refused("knowledge-invalid", fault.to_string());
    let work = BodyWork::of(&installation.environment);
    let read = work.run(move || KnowledgeFile::from_value(&order.file)).await?;
    let file = read.map_err(refused)?;
    let command = KnowledgeCommand::Import {
        knowledge: file.knowledge.clone(),
        content: Box::new(file.content.clone()),
        faults: file.faults_count,
    };
    let entities = &installation.entities.knowledge;
    let answer = entities.ask(&file.knowledge, command, cause).await?;
    responses::imported(file, &answer)
}

/// Makes an imported version the current one. If an approval is needed and not given, fails and names it.
pub async fn publish(
    installation: &Installation,
    caller: &Caller,
    knowledge: KnowledgeId,
    order: KnowledgePublishRequest,
    cause: Cause,
) -> Result<KnowledgeChanged, Problem> {
    make_current(installation, caller, knowledge, order.into(), cause).await
}

/// Makes an earlier version of a knowledge base current again; without a version number, the one before.
/// Fails if an approval is needed and not given.
pub async fn roll_back(
    installation: &Installation,
    caller: &Caller,
    knowledge: KnowledgeId,
    order: RollbackRequest,
    cause: Cause,
) -> Result<KnowledgeChanged, Problem> {
    make_current(installation, caller, knowledge, order.into(), cause).await
}

async fn make_current(
    installation: &Installation,
    caller: &Caller,
    knowledge: KnowledgeId,
    making: VersionPublication,
    cause: Cause,
) -> Result<KnowledgeChanged, Problem> {
    let state = installation.entities.knowledge.state(&knowledge).await?.state;
    let asks = making.approvals || making.approval.is_some() || state.asks_for_approval();
    let command = |four_eyes: Option<Box<FourEyes>>| KnowledgeCommand::Publish {
        knowledge: knowledge.clone(),
        wanted: making.wanted,
        four_eyes,
    };
    // No approval is requested for a command that would be refused or change nothing.
    let context = Context {
        now: installation.now(),
    };
    let foreseen = Knowledge::decide(&state, command(asks.then(placeholder_four_eyes)), context);
    let foreseen = foreseen.map_err(AskError::Refused)?;
    let content_hash = foreseen.first().map(|event| match event {
        KnowledgeEvent::Published { content_hash, .. } | KnowledgeEvent::Imported { content_hash, .. } => {
            content_hash.clone()
        }
    });
    let behind = match content_hash {
        Some(content_hash) if asks => {
            let acted = PendingVersion {
                act: Act::PublishKnowledge,
                of: "knowledge",
                name: knowledge.to_string(),
                content_hash,
                reason: making.reason.clone(),
                approval: making.approval,
            };
            Some(acted.pass(installation, caller, cause).await?)
        }
        Some(_) => None,
        None => asks.then(placeholder_four_eyes),
    };
    let entities = &installation.entities.knowledge;
    let answer = entities.ask(&knowledge, command(behind), cause).await?;
    responses::changed(knowledge.clone(), &answer)
}

/// Returns the published version that `NAME` or `NAME@V` refers to, for a campaign. Fails if it is not
/// published, or if the campaign requires approvals of answers and the version has none.
pub async fn find_published_knowledge(
    installation: &Installation,
    named: &KnowledgeSelector,
    asked: ApprovalRequirements,
) -> Result<KnowledgeRef, Problem> {
    let state = installation
        .entities
        .knowledge
        .state(&named.knowledge)
        .await?
        .state;
    let found = match named.version {
        Some(version) => state.version(version).filter(|one| one.published),
        None => state.current(),
    };
    let found = found.ok_or_else(|| Problem::refused("knowledge-not-published", not_there(named, &state)))?;
    if asked.ask_for(ApprovalRequirement::Answers) && found.four_eyes.is_none() {
        return Err(Problem::refused(
            "answers-not-approved",
            format!(
                "{named} was published without approval: publish it with `ledgerline knowledge publish \
                 {named} --approvals`"
            ),
        ));
    }
    Ok(found.knowledge_ref.clone())
}

fn not_there(named: &KnowledgeSelector, state: &KnowledgeState) -> String {
    match state.current() {
        None => format!("{named} is not published: no knowledge base has this name"),
        Some(current) => format!(
            "{named} is not published; {} versions are imported, and {} is current",
            state.versions_count(),
            current.knowledge_ref
        ),
    }
}

/// Returns the answer of a knowledge base to a question, as a call would give it. Nothing is stored.
pub async fn ask(
    installation: &Installation,
    knowledge: &KnowledgeId,
    order: KnowledgeQuestionRequest,
) -> Result<KnowledgeAnswerResponse, Problem> {
    let state = installation.entities.knowledge.state(knowledge).await?.state;
    let of_campaign = match &order.campaign {
        Some(campaign) => {
            let campaign = installation.entities.campaigns.state(campaign).await?.state;
            let plan = campaign
                .plan()
                .and_then(|plan| plan.knowledge.as_deref().cloned());
            Some(plan.filter(|named| named.knowledge == *knowledge))
        }
        None => None,
    };
    let version = order.version.and_then(|version| state.version(version));
    let named = match (of_campaign, order.version) {
        (Some(named), _) => named,
        (None, Some(_)) => version.map(|one| one.knowledge_ref.clone()),
        (None, None) => state.current().map(|one| one.knowledge_ref.clone()),
    };
    let named = named.ok_or_else(|| Problem::missing("this version of the knowledge base"))?;
    let base = base(installation.store(), &named).await?;
    let at = order.at.unwrap_or_else(|| installation.now());
    Ok(responses::answered(
        &named,
        base.search(&order.text, &order.values, at),
    ))
}
