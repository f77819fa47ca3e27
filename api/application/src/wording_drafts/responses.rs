//! Replies about drafts: one with everything that was sent, and lists without it.

use super::of_base;
use super::refusals::draft_problem;
use crate::cases::placed_ids_of;
use crate::installation::Installation;
use domain::four_eyes::ApprovalExemption;
use domain::ids::{KnowledgeId, UserId, WordingDraftId};
use domain::problem::Problem;
use domain::stored_event::Position;
use domain::time::Timestamp;
use domain::wording_draft::{
    DraftCost, DraftOutcome, DraftReview, DraftStatus, EntryKind, RequestedDraft, WordingDraftEvent,
    WordingDraftState,
};
use schemars::JsonSchema;
use serde::Serialize;

/// One wording draft, with its request, text and decision.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "WordingDraft")]
pub struct WordingDraftResponse {
    pub id: WordingDraftId,
    pub standing: DraftStatus,
    pub knowledge: KnowledgeId,
    /// The version with the answer that was reworded.
    pub version: u32,
    /// The id of the answer or objection.
    #[schemars(example = &"起点")]
    pub answer: String,
    pub entry_kind: EntryKind,
    #[schemars(example = &"zh-CN")]
    pub lang: String,
    #[schemars(example = &"多少钱可以分期")]
    pub question: String,
    /// The text of the answer in that version.
    #[schemars(example = &"满{{fact:分期.起点}}就可以申请分期。")]
    pub original: String,
    /// How the answer should be worded; masked.
    #[schemars(example = &"说得更亲切")]
    pub instruction: String,
    /// What the model wrote, if it may be adopted.
    #[schemars(example = &"您只要满{{fact:分期.起点}}，就能申请分期。")]
    pub text: Option<String>,
    /// Why the model's text may not be adopted, if so.
    pub failed: Option<WordingDraftFailure>,
    /// The cost of the request; absent until a response arrives.
    pub cost: Option<DraftCost>,
    #[schemars(example = &"qwen")]
    pub model: String,
    #[schemars(example = &"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08")]
    pub prompt_sha256: String,
    /// Everything that was sent; only for a single draft.
    #[schemars(example = &"{\"model\":\"qwen\",\"messages\":[]}")]
    pub prompt: Option<String>,
    /// Null if the directory's own key was used.
    pub asked_by: Option<UserId>,
    pub asked_at: Timestamp,
    pub decision: Option<DraftDecision>,
}

/// Why there is no text to adopt.
#[derive(Debug, Serialize, JsonSchema)]
pub struct WordingDraftFailure {
    #[schemars(example = &"figures")]
    pub failure: String,
    /// The place, figure or word that caused the failure.
    #[schemars(example = &"24")]
    pub detail: Option<String>,
    /// The text that the model wrote, masked.
    #[schemars(example = &"满500元即可，24期免息。")]
    pub output: Option<String>,
}

/// A user's decision to adopt or reject a draft.
#[derive(Debug, Serialize, JsonSchema)]
pub struct DraftDecision {
    pub adopted: bool,
    /// Null if the directory's own key was used.
    pub by: Option<UserId>,
    pub at: Timestamp,
    /// Why the draft was rejected.
    #[schemars(example = &"sounds like a promise")]
    pub reason: Option<String>,
    /// Why no second user was needed, if there was none.
    pub nobody: Option<ApprovalExemption>,
    /// The version with its text; null if it is not created yet. Repeating the request creates it.
    pub version: Option<u32>,
    /// The version that all other content is from.
    pub from_version: Option<u32>,
    #[schemars(example = &"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08")]
    pub content_hash: Option<String>,
}

/// A list of the wording drafts of one knowledge base.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "WordingDrafts")]
pub struct WordingDraftList {
    pub items: Vec<WordingDraftResponse>,
}

/// Returns one draft of this knowledge base, with everything that was sent to the model. Fails with
/// `Missing`.
pub async fn draft(
    installation: &Installation,
    knowledge: &KnowledgeId,
    id: WordingDraftId,
) -> Result<WordingDraftResponse, Problem> {
    let state = of_base(installation, knowledge, id).await?;
    let prompt = state.asked().map(|asked| asked.prompt.clone());
    Ok(WordingDraftResponse {
        prompt,
        ..describe(installation, id, &state).await?
    })
}

/// Returns the drafts of a knowledge base in log order, each with the position at which it was requested.
pub async fn drafts(
    installation: &Installation,
    knowledge: &KnowledgeId,
) -> Result<Vec<(Position, WordingDraftResponse)>, Problem> {
    let mut found = Vec::new();
    for (position, id) in placed_ids_of::<WordingDraftId>(installation, WordingDraftEvent::ASKED).await? {
        let loaded = installation.entities.wording_drafts.state(&id).await;
        let state = loaded.map_err(draft_problem)?.state;
        let is_of_it = state
            .asked()
            .is_some_and(|asked| asked.task.knowledge == *knowledge);
        if is_of_it {
            found.push((position, describe(installation, id, &state).await?));
        }
    }
    Ok(found)
}

/// Returns the draft as shown in lists and after a decision.
pub(super) async fn describe(
    installation: &Installation,
    id: WordingDraftId,
    state: &WordingDraftState,
) -> Result<WordingDraftResponse, Problem> {
    let missing = || Problem::missing("this draft");
    let standing = state.standing(installation.now()).ok_or_else(missing)?;
    let asked = state.asked().ok_or_else(missing)?;
    let mut shown = of_asked(id, standing, asked);
    match state.outcome() {
        None => {}
        Some(DraftOutcome::Drafted { text, cost }) => {
            shown.text = Some(text.clone());
            shown.cost = Some(*cost);
        }
        Some(DraftOutcome::Failed {
            failure,
            detail,
            output,
            cost,
        }) => {
            shown.failed = Some(WordingDraftFailure {
                failure: failure.clone(),
                detail: detail.clone(),
                output: output.clone(),
            });
            shown.cost = Some(*cost);
        }
    }
    if let Some(decided) = state.decided() {
        shown.decision = Some(decision(installation, &asked.task.knowledge, decided).await?);
    }
    Ok(shown)
}

fn of_asked(id: WordingDraftId, standing: DraftStatus, asked: &RequestedDraft) -> WordingDraftResponse {
    let task = asked.task.clone();
    WordingDraftResponse {
        id,
        standing,
        knowledge: task.knowledge,
        version: task.knowledge_version,
        answer: task.entry,
        entry_kind: task.entry_kind,
        lang: task.lang,
        question: task.question,
        original: task.original,
        instruction: task.instruction,
        text: None,
        failed: None,
        cost: None,
        model: asked.model.clone(),
        prompt_sha256: asked.prompt_sha256.clone(),
        prompt: None,
        asked_by: asked.by.clone(),
        asked_at: asked.at,
        decision: None,
    }
}

async fn decision(
    installation: &Installation,
    knowledge: &KnowledgeId,
    decided: &DraftReview,
) -> Result<DraftDecision, Problem> {
    match decided.clone() {
        DraftReview::Adopted(adopted) => {
            let base = installation.entities.knowledge.state(knowledge).await?.state;
            let made = base.of_content(&adopted.content_hash);
            Ok(DraftDecision {
                adopted: true,
                by: adopted.by,
                at: adopted.at,
                reason: None,
                nobody: adopted.exemption,
                version: made.map(|version| version.knowledge_ref.version),
                from_version: Some(adopted.from_version),
                content_hash: Some(adopted.content_hash),
            })
        }
        DraftReview::Rejected(rejected) => Ok(DraftDecision {
            adopted: false,
            by: rejected.by,
            at: rejected.at,
            reason: Some(rejected.reason),
            nobody: None,
            version: None,
            from_version: None,
            content_hash: None,
        }),
    }
}
