//! Wording drafts: other wordings for one answer of a knowledge base, requested from a model, shown,
//! adopted into a new version by a user, or rejected. They are not used in calls until that version is
//! published.

mod adoption;
mod brief;
mod refusals;
mod requests;
mod responses;
pub mod writer_service;
mod writing_task;

pub use adoption::{DraftAdopted, adopt};
pub use requests::{DraftAdoptionRequest, DraftRejectionRequest, WordingDraftRequest};
pub use responses::{WordingDraftList, WordingDraftResponse, draft, drafts};

use crate::access::Caller;
use crate::installation::Installation;
use crate::knowledge::content_of;
use crate::transcript_masking::masked_words;
use brief::brief;
use domain::ids::{KnowledgeId, WordingDraftId};
use domain::knowledge::{KnowledgeContent, named_facts};
use domain::ports::assistant::AssistantPrompt;
use domain::ports::writer::Writer;
use domain::problem::{MemberError, Problem, ProblemKind};
use domain::stored_event::{Cause, Position};
use domain::wording_draft::{
    DraftGenerationRequest, DraftPrompt, DraftTask, EntryKind, WordingDraftCommand, WordingDraftState,
};
use refusals::draft_problem;
use std::sync::Arc;
use tokio::sync::oneshot;
use writing_task::{WritingTask, sensitive_words};

/// A wording draft after a change.
pub struct DraftChanged {
    pub shown: WordingDraftResponse,
    pub position: Position,
    /// True if this request created it, also if the request is repeated.
    pub made: bool,
}

/// Requests a wording for an answer from the model, waits until it answers or fails, and returns the draft.
/// A repeated command makes no second request. If the caller disconnects meanwhile, the draft can be found
/// in the list.
pub async fn ask(
    installation: &Arc<Installation>,
    caller: &Caller,
    knowledge: KnowledgeId,
    order: WordingDraftRequest,
    cause: Cause,
) -> Result<DraftChanged, Problem> {
    let id = WordingDraftId::derive(cause.command);
    let drafts = &installation.entities.wording_drafts;
    let writer = installation.writing.writer();
    let task = task(installation, knowledge, &order).await?;
    let is_known = drafts
        .state(&id)
        .await
        .map_err(draft_problem)?
        .state
        .asked()
        .is_some();
    // A repeated command makes no request; the entity checks that it is the same one.
    let sent = match (is_known, writer) {
        (true, _) => nothing_sent(),
        (false, Some(writer)) => sent_to(writer.as_ref(), &task),
        (false, None) => return Err(no_writer()),
    };
    let words = sensitive_words(installation, &task.knowledge).await?;
    let place = installation.writing.place().ok_or_else(too_many)?;
    let asking = DraftGenerationRequest {
        task: task.clone(),
        by: caller.user().map(|known| known.user.clone()),
        sent: sent.clone(),
    };
    let asked = drafts.ask(&id, WordingDraftCommand::Ask(Box::new(asking)), cause);
    let asked = asked.await.map_err(draft_problem)?;
    // A repeat gets its first answer, without a request to the model.
    let made = !asked.events.is_empty();
    let is_new = made && !asked.repeated;
    let mut position = asked.position;
    if let (true, Some(writer)) = (is_new, writer) {
        let writing = WritingTask {
            draft: id,
            task,
            writer: Arc::clone(writer),
            prompt: prompt_of(sent),
            words,
            cause,
        };
        let (done, written) = oneshot::channel();
        let inside = Arc::clone(installation);
        installation.until_stopped("wording-draft", async move {
            // The caller may be gone: the result is recorded anyway.
            let _gone = done.send(writing.done(&inside).await);
            drop(place);
        });
        let stopping =
            |_stopping| Problem::unavailable("the server stops: the wording draft stays requested");
        position = written.await.map_err(stopping)??;
    }
    let state = drafts.state(&id).await.map_err(draft_problem)?.state;
    Ok(DraftChanged {
        shown: responses::describe(installation, id, &state).await?,
        position,
        made,
    })
}

/// Rejects a wording draft, so that it cannot be adopted.
pub async fn reject(
    installation: &Installation,
    caller: &Caller,
    knowledge: &KnowledgeId,
    id: WordingDraftId,
    order: DraftRejectionRequest,
    cause: Cause,
) -> Result<DraftChanged, Problem> {
    of_base(installation, knowledge, id).await?;
    let command = WordingDraftCommand::Reject {
        by: caller.user().map(|known| known.user.clone()),
        reason: order.reason,
    };
    let drafts = &installation.entities.wording_drafts;
    let answer = drafts.ask(&id, command, cause).await.map_err(draft_problem)?;
    Ok(DraftChanged {
        shown: responses::describe(installation, id, &answer.state).await?,
        position: answer.position,
        made: false,
    })
}

/// Returns the state of a draft of this knowledge base. Fails with `Missing` if it does not exist or
/// belongs to another one.
async fn of_base(
    installation: &Installation,
    knowledge: &KnowledgeId,
    id: WordingDraftId,
) -> Result<Arc<WordingDraftState>, Problem> {
    let loaded = installation.entities.wording_drafts.state(&id).await;
    let state = loaded.map_err(draft_problem)?.state;
    let is_of_it = state
        .asked()
        .is_some_and(|asked| asked.task.knowledge == *knowledge);
    is_of_it
        .then_some(state)
        .ok_or_else(|| Problem::missing("this draft"))
}

/// Returns what is to be reworded: the answer with its facts, from the version that the request names.
async fn task(
    installation: &Installation,
    knowledge: KnowledgeId,
    order: &WordingDraftRequest,
) -> Result<DraftTask, Problem> {
    let missing = || Problem::missing("this version of the knowledge base");
    let state = installation.entities.knowledge.state(&knowledge).await?.state;
    let version = match order.version {
        Some(version) => state.version(version),
        None => state.current().or_else(|| state.versions().next_back()),
    };
    let named = version.ok_or_else(missing)?.knowledge_ref.clone();
    let content = content_of(installation.store(), &knowledge, named.version).await?;
    let (content_hash, content) = content.ok_or_else(missing)?;
    let found = entry_of(&content, &order.answer);
    let (entry_kind, question, original) = found.ok_or_else(|| {
        Problem::members(vec![MemberError {
            pointer: "/answer".to_owned(),
            detail: format!("is not an answer or objection of {named}"),
        }])
    })?;
    Ok(DraftTask {
        knowledge,
        knowledge_version: named.version,
        content_hash,
        entry: order.answer.clone(),
        entry_kind,
        facts: named_facts(&original, &content.facts),
        lang: content.lang,
        question,
        original,
        instruction: masked_words(order.instruction.trim()),
    })
}

/// Returns the kind, question and text of the answer or objection with this id; `None` if the content does
/// not have it.
fn entry_of(content: &KnowledgeContent, id: &str) -> Option<(EntryKind, String, String)> {
    let entries = content.entries();
    let entry = entries.iter().find(|entry| entry.id == id)?;
    let kind = match content.answers.iter().any(|answer| answer.id == id) {
        true => EntryKind::Answer,
        false => EntryKind::Objection,
    };
    Some((kind, entry.question.to_owned(), entry.text.clone()))
}

fn sent_to(writer: &dyn Writer, task: &DraftTask) -> DraftPrompt {
    let prompt = writer.prompt(&brief(task));
    DraftPrompt {
        model: writer.model().to_owned(),
        prompt: prompt.body,
        prompt_sha256: prompt.sha256,
    }
}

/// A placeholder for a repeated command, which makes no request. It is never stored.
const fn nothing_sent() -> DraftPrompt {
    DraftPrompt {
        model: String::new(),
        prompt: String::new(),
        prompt_sha256: String::new(),
    }
}

fn prompt_of(sent: DraftPrompt) -> AssistantPrompt {
    AssistantPrompt {
        body: sent.prompt,
        sha256: sent.prompt_sha256,
    }
}

fn no_writer() -> Problem {
    Problem::refused(
        "no-writer",
        "this server was started without a writing model (`serve --llm`) / 未配置可起草文案的模型",
    )
}

fn too_many() -> Problem {
    Problem::new(
        ProblemKind::Busy,
        "busy",
        "the limit of drafts in progress is reached: try again in a minute",
    )
}
