//! Adoption of a draft by a user: its text replaces the answer in a new version of the knowledge base,
//! which is not used in calls until it is published.
//!
//! The decision is recorded before the version is created. If the process ends in between, repeating the
//! request creates the version: its content follows from the event.

use super::refusals::draft_problem;
use super::responses::{WordingDraftResponse, describe};
use super::{DraftAdoptionRequest, of_base};
use crate::access::Caller;
use crate::approvals::another_holds;
use crate::installation::{Installation, follow};
use crate::knowledge::content_of;
use actors::AskError;
use domain::approval::{Act, ApprovalSubject};
use domain::decider::{Context, Decider};
use domain::flow::content_hash;
use domain::four_eyes::ApprovalExemption;
use domain::ids::{EventId, KnowledgeId, UserId, WordingDraftId};
use domain::knowledge::{Knowledge, KnowledgeCommand, KnowledgeContent, KnowledgeFile, named_facts};
use domain::problem::Problem;
use domain::stored_event::{Cause, Position};
use domain::wording_draft::{
    DraftAdoption, DraftReview, DraftTask, WordingDraft, WordingDraftCommand, WordingDraftRefusal,
    WordingDraftState,
};
use schemars::JsonSchema;
use serde::Serialize;

/// A wording draft that was adopted, with the version that contains it.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "WordingDraftAdoptionResponse")]
pub struct DraftAdopted {
    pub draft: WordingDraftResponse,
    /// Number of the new knowledge-base version that contains the draft's text. Calls do not use this
    /// version until it is published.
    pub version: u32,
    #[schemars(example = &"card_instalment@3")]
    pub named: String,
    #[schemars(example = &"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08")]
    pub content_hash: String,
    /// The version that all other content is from.
    pub from_version: u32,
    #[serde(serialize_with = "Position::as_text")]
    #[schemars(with = "String")]
    pub position: Position,
}

/// Adopts a draft: its text replaces the answer in a new version of the knowledge base, made from the
/// newest version or the one that the request names. Calls do not use it until it is published. A repeated
/// request changes nothing.
pub async fn adopt(
    installation: &Installation,
    caller: &Caller,
    knowledge: &KnowledgeId,
    id: WordingDraftId,
    order: DraftAdoptionRequest,
    cause: Cause,
) -> Result<DraftAdopted, Problem> {
    let state = of_base(installation, knowledge, id).await?;
    let base = installation.entities.knowledge.state(knowledge).await?.state;
    let from_version = adopted_from(&state)
        .or(order.onto)
        .unwrap_or_else(|| base.versions_count());
    let content = content_with(installation, knowledge, from_version, &state).await?;
    let value = serde_json::to_value(&content).map_err(|error| Problem::fault(error.to_string()))?;
    let hash = content_hash(&value);
    let import = KnowledgeCommand::Import {
        knowledge: knowledge.clone(),
        content: Box::new(content),
        faults: 0,
    };
    let by = caller.user().map(|known| known.user.clone());
    let adopting = DraftAdoption {
        exemption: find_exemption(installation, by.as_ref(), &state).await?,
        by,
        from_version,
        content_hash: hash.clone(),
    };
    let command = WordingDraftCommand::Adopt(Box::new(adopting));
    // If the knowledge base would refuse the version, the decision is not recorded.
    let context = Context {
        now: installation.now(),
    };
    let foreseen = WordingDraft::decide(&state, command.clone(), context);
    foreseen.map_err(|refusal| draft_problem(AskError::Refused(refusal)))?;
    Knowledge::decide(&base, import.clone(), context).map_err(AskError::Refused)?;
    let drafts = &installation.entities.wording_drafts;
    let adopted = drafts.ask(&id, command, cause).await.map_err(draft_problem)?;
    let import_cause = Cause {
        causation: (!adopted.events.is_empty()).then(|| EventId::derive(cause.command, 0)),
        ..follow(cause, "import")
    };
    let bases = &installation.entities.knowledge;
    let imported = bases.ask(knowledge, import, import_cause).await?;
    let version = imported.state.of_content(&hash);
    let version = version.ok_or_else(|| Problem::fault("an adopted content has no version"))?;
    Ok(DraftAdopted {
        version: version.knowledge_ref.version,
        named: version.knowledge_ref.to_string(),
        content_hash: hash,
        from_version,
        draft: describe(installation, id, &adopted.state).await?,
        position: imported.position.max(adopted.position),
    })
}

/// Returns the version from which a draft that is adopted already was adopted; `None` if it is not adopted.
fn adopted_from(state: &WordingDraftState) -> Option<u32> {
    match state.decided()? {
        DraftReview::Adopted(adopted) => Some(adopted.from_version),
        DraftReview::Rejected(_) => None,
    }
}

/// Returns the version's content with the draft's text. Fails if the answer there is not the same as when
/// the draft was requested: then it is unknown what the draft would replace.
async fn content_with(
    installation: &Installation,
    knowledge: &KnowledgeId,
    from_version: u32,
    state: &WordingDraftState,
) -> Result<KnowledgeContent, Problem> {
    let asked = state.asked().ok_or_else(|| Problem::missing("this draft"))?;
    let Some(text) = state.text() else {
        let standing = state
            .standing(installation.now())
            .ok_or_else(|| Problem::missing("this draft"))?;
        return Err(draft_problem(AskError::Refused(WordingDraftRefusal::NotDrafted(
            standing,
        ))));
    };
    let content = content_of(installation.store(), knowledge, from_version).await?;
    let (_, content) = content.ok_or_else(|| Problem::missing("this version of the knowledge base"))?;
    let outdated = |why: &str| {
        let entry = &asked.task.entry;
        let detail = format!("{entry} of {knowledge}@{from_version} {why}: request a new wording draft");
        Problem::refused("draft-outdated", detail)
    };
    if !is_unchanged(&content, &asked.task) {
        return Err(outdated("no longer has the wording that the draft was made for"));
    }
    let reworded = content.reworded(&asked.task.entry, text);
    let reworded = reworded.ok_or_else(|| outdated("no longer exists"))?;
    let mut file = serde_json::to_value(&reworded).map_err(|error| Problem::fault(error.to_string()))?;
    if let Some(members) = file.as_object_mut() {
        members.insert("knowledge".to_owned(), knowledge.as_str().into());
    }
    let read = KnowledgeFile::from_value(&file);
    let read = read.map_err(|fault| Problem::refused("knowledge-invalid", fault.to_string()))?;
    match read.faults.first() {
        None => Ok(read.content),
        Some(fault) => Err(outdated(&format!(
            "would be invalid: {} {}",
            fault.place, fault.what
        ))),
    }
}

/// Returns true if the answer and the facts it names are the same in this content as when the draft was
/// requested.
fn is_unchanged(content: &KnowledgeContent, task: &DraftTask) -> bool {
    let entries = content.entries();
    let said = entries.iter().find(|entry| entry.id == task.entry);
    said.is_some_and(|entry| {
        let facts = named_facts(&entry.text, &content.facts);
        entry.text == task.original && facts == task.facts
    })
}

/// Returns why no second user needs to adopt the draft, as for approvals: the directory's own key was used,
/// or no other user holds the right. `None` if one is needed.
async fn find_exemption(
    installation: &Installation,
    by: Option<&UserId>,
    state: &WordingDraftState,
) -> Result<Option<ApprovalExemption>, Problem> {
    let Some(by) = by else {
        return Ok(Some(ApprovalExemption::Directory));
    };
    if state.asked().and_then(|asked| asked.by.as_ref()) != Some(by) {
        return Ok(None);
    }
    let asked = ApprovalSubject::of(Act::PublishKnowledge);
    let is_alone = !another_holds(installation, by, &asked).await?;
    Ok(is_alone.then_some(ApprovalExemption::NobodyElse))
}
