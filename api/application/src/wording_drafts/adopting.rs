//! A draft taken by a person: its words take the place of the answer in a new version of the base, which
//! nobody hears before somebody publishes it.
//!
//! The decision is on record before the version is made. Where the process ends between the two, the same
//! asked again makes the version: its content follows from the event.

use super::refused::told;
use super::shown::{DraftShown, describe};
use super::{AdoptOrder, of_base};
use crate::access::Caller;
use crate::approvals::another_holds;
use crate::installation::{Installation, follow};
use crate::knowledge::content_of;
use actors::AskError;
use domain::approval::{Act, Asked};
use domain::decider::{Context, Decider};
use domain::flow::content_hash;
use domain::four_eyes::NobodyBecause;
use domain::ids::{EventId, KnowledgeId, UserId, WordingDraftId};
use domain::knowledge::{Knowledge, KnowledgeCommand, KnowledgeContent, KnowledgeFile, named_facts};
use domain::problem::Problem;
use domain::stored_event::{Cause, Position};
use domain::wording_draft::{
    Adopting, DecidedDraft, DraftTask, WordingDraft, WordingDraftCommand, WordingDraftRefusal,
    WordingDraftState,
};
use schemars::JsonSchema;
use serde::Serialize;

/// A draft that was taken.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "WordingDraftAdopted")]
pub struct DraftAdopted {
    pub draft: DraftShown,
    /// The version that holds its words; nobody hears it before it is published.
    pub version: u32,
    #[schemars(example = &"card_instalment@3")]
    pub named: String,
    #[schemars(example = &"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08")]
    pub content_hash: String,
    /// The version that everything else of it is from.
    pub from_version: u32,
    #[serde(serialize_with = "Position::as_text")]
    #[schemars(with = "String")]
    pub position: Position,
}

/// Takes it, in the place of the answer as it stands in the newest version, or in the one that is named.
pub async fn adopt(
    installation: &Installation,
    caller: &Caller,
    knowledge: &KnowledgeId,
    id: WordingDraftId,
    order: AdoptOrder,
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
    let adopting = Adopting {
        nobody: nobody(installation, by.as_ref(), &state).await?,
        by,
        from_version,
        content_hash: hash.clone(),
    };
    let command = WordingDraftCommand::Adopt(Box::new(adopting));
    // What the base would refuse is not decided first.
    let context = Context {
        now: installation.now(),
    };
    let foreseen = WordingDraft::decide(&state, command.clone(), context);
    foreseen.map_err(|refusal| told(AskError::Refused(refusal)))?;
    Knowledge::decide(&base, import.clone(), context).map_err(AskError::Refused)?;
    let drafts = &installation.entities.wording_drafts;
    let adopted = drafts.ask(&id, command, cause).await.map_err(told)?;
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

/// Where it was adopted already: into what, whatever is asked now.
fn adopted_from(state: &WordingDraftState) -> Option<u32> {
    match state.decided()? {
        DecidedDraft::Adopted(adopted) => Some(adopted.from_version),
        DecidedDraft::Rejected(_) => None,
    }
}

/// The version with the draft's words in it. The answer stands there as it was when a model was asked, or
/// nobody knows what these words would replace.
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
        return Err(told(AskError::Refused(WordingDraftRefusal::NotDrafted(standing))));
    };
    let content = content_of(installation.store(), knowledge, from_version).await?;
    let (_, content) = content.ok_or_else(|| Problem::missing("this version of the knowledge base"))?;
    let outdated = |why: &str| {
        let entry = &asked.task.entry;
        let detail = format!("{entry} of {knowledge}@{from_version} {why}: request a new wording draft");
        Problem::refused("draft-outdated", detail)
    };
    if !stands(&content, &asked.task) {
        return Err(outdated("is not worded as it was when this was drafted"));
    }
    let reworded = content.reworded(&asked.task.entry, text);
    let reworded = reworded.ok_or_else(|| outdated("is gone"))?;
    let mut file = serde_json::to_value(&reworded).map_err(|error| Problem::fault(error.to_string()))?;
    if let Some(members) = file.as_object_mut() {
        members.insert("knowledge".to_owned(), knowledge.as_str().into());
    }
    let read = KnowledgeFile::from_value(&file);
    let read = read.map_err(|fault| Problem::refused("knowledge-invalid", fault.to_string()))?;
    match read.faults.first() {
        None => Ok(read.content),
        Some(fault) => Err(outdated(&format!(
            "would not be good: {} {}",
            fault.place, fault.what
        ))),
    }
}

/// Whether the answer is said there as it was when a model was asked, by the same facts.
fn stands(content: &KnowledgeContent, task: &DraftTask) -> bool {
    let entries = content.entries();
    let said = entries.iter().find(|entry| entry.id == task.entry);
    said.is_some_and(|entry| {
        let facts = named_facts(&entry.text, &content.facts);
        entry.text == task.original && facts == task.facts
    })
}

/// Why nobody but who asked has to stand behind it, as four eyes has it: the directory's own key, or nobody
/// else who holds the right.
async fn nobody(
    installation: &Installation,
    by: Option<&UserId>,
    state: &WordingDraftState,
) -> Result<Option<NobodyBecause>, Problem> {
    let Some(by) = by else {
        return Ok(Some(NobodyBecause::Directory));
    };
    if state.asked().and_then(|asked| asked.by.as_ref()) != Some(by) {
        return Ok(None);
    }
    let asked = Asked::of(Act::PublishKnowledge);
    let is_alone = !another_holds(installation, by, &asked).await?;
    Ok(is_alone.then_some(NobodyBecause::NobodyElse))
}
