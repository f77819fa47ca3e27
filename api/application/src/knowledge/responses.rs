//! Replies about knowledge bases: the list, the versions of one, the content of one version, and the
//! results of requests.

use super::base::KnowledgeSearchResult;
use super::bases::content_of;
use crate::installation::Installation;
use crate::stream_replay::replay_stream;
use actors::Answer;
use domain::decider::Decider;
use domain::ids::{KnowledgeId, UserId};
use domain::knowledge::{Knowledge, KnowledgeContent, KnowledgeEvent, KnowledgeFile, KnowledgeRef, RowFault};
use domain::problem::Problem;
use domain::spoken_turn::Certainty;
use domain::stored_event::Position;
use domain::time::Timestamp;
use projections::views::knowledge_board;
use schemars::JsonSchema;
use serde::Serialize;

/// Published knowledge bases, ordered by name.
#[derive(Debug, Serialize, JsonSchema)]
pub struct KnowledgeBasesListed {
    pub items: Vec<KnowledgeListed>,
}

/// One knowledge base in the list.
#[derive(Debug, Serialize, JsonSchema)]
pub struct KnowledgeListed {
    pub knowledge: KnowledgeId,
    pub current_version: u64,
    #[schemars(example = &"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08")]
    pub content_hash: String,
}

/// The result of an import.
#[derive(Debug, Serialize, JsonSchema)]
pub struct KnowledgeImported {
    pub knowledge: KnowledgeId,
    /// The version that contains these rows.
    pub version: u32,
    #[schemars(example = &"card_instalment@2")]
    pub named: String,
    #[schemars(example = &"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08")]
    pub content_hash: String,
    /// False if these rows were a version already.
    pub changed: bool,
    pub answers: usize,
    pub objections: usize,
    pub facts: usize,
    /// Number of rows that were left out.
    pub faults_count: u32,
    /// The first hundred rows that were left out, with their faults.
    pub faults: Vec<RowFault>,
    #[serde(serialize_with = "Position::as_text")]
    #[schemars(with = "String")]
    pub position: Position,
}

/// A knowledge base after a publication.
#[derive(Debug, Serialize, JsonSchema)]
pub struct KnowledgeChanged {
    pub knowledge: KnowledgeId,
    /// The knowledge base's current version after the publication.
    pub version: u32,
    /// The name by which campaigns and commands refer to this version.
    #[schemars(example = &"card_instalment@2")]
    pub named: String,
    #[schemars(example = &"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08")]
    pub content_hash: String,
    /// False if the content equals the current version, so that nothing changed.
    pub changed: bool,
    /// True if each version needs the approval of another user.
    pub approvals: bool,
    #[serde(serialize_with = "Position::as_text")]
    #[schemars(with = "String")]
    pub position: Position,
}

/// All versions of a knowledge base.
#[derive(Debug, Serialize, JsonSchema)]
pub struct KnowledgeVersions {
    knowledge: KnowledgeId,
    /// The current version. Absent before the first publication.
    current_version: Option<u32>,
    /// True if each version needs the approval of another user.
    approvals: bool,
    pub items: Vec<KnowledgeVersionResponse>,
}

/// One version of a knowledge base.
#[derive(Debug, Serialize, JsonSchema)]
pub struct KnowledgeVersionResponse {
    pub version: u32,
    #[schemars(example = &"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08")]
    content_hash: String,
    answers: usize,
    objections: usize,
    facts: usize,
    /// Rows of its file that were left out.
    left_out: u32,
    imported_at: Timestamp,
    /// When it was last made current. Absent if it never was.
    published_at: Option<Timestamp>,
    current: bool,
    /// The user who approved it, if any.
    approved_by: Option<UserId>,
}

/// One version with its content.
#[derive(Debug, Serialize, JsonSchema)]
pub struct KnowledgeResponse {
    knowledge: KnowledgeId,
    version: u32,
    #[schemars(example = &"card_instalment@2")]
    named: String,
    #[schemars(example = &"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08")]
    content_hash: String,
    current: bool,
    content: KnowledgeContent,
}

/// The answer of a knowledge base to a question.
#[derive(Debug, Serialize, JsonSchema)]
pub struct KnowledgeAnswerResponse {
    #[schemars(example = &"card_instalment@2")]
    named: String,
    /// `accepted`: the answer is spoken. `to_confirm`: the flow asks back. `abstained`: no answer.
    certainty: Certainty,
    /// Best candidates first, at most three.
    candidates: Vec<KnowledgeAnswerCandidate>,
    accept_permille: u16,
    confirm_permille: u16,
}

/// One answer found for a question.
#[derive(Debug, Serialize, JsonSchema)]
pub struct KnowledgeAnswerCandidate {
    #[schemars(example = &"提前还款")]
    answer: String,
    score_permille: u16,
    #[schemars(example = &"可以提前还清吗")]
    question: String,
    /// The text as it is spoken, with its facts filled in.
    #[schemars(example = &"可以提前还清，需要一次还清剩余本金。")]
    text: String,
}

/// Returns at most `limit` published knowledge bases, ordered by name, after the name `behind`.
pub async fn listed(
    installation: &Installation,
    behind: Option<&KnowledgeId>,
    limit: usize,
) -> Result<Vec<KnowledgeListed>, Problem> {
    let rows = knowledge_board::list(installation.rows.db().as_ref(), behind, limit).await?;
    let listed = rows.into_iter().map(|row| KnowledgeListed {
        knowledge: row.knowledge,
        current_version: row.current_version,
        content_hash: row.content_hash,
    });
    Ok(listed.collect())
}

/// Returns all versions of a knowledge base, from its own stream.
pub async fn versions(
    installation: &Installation,
    knowledge: &KnowledgeId,
) -> Result<KnowledgeVersions, Problem> {
    let mut items: Vec<KnowledgeVersionResponse> = Vec::new();
    let state =
        replay_stream::<Knowledge>(
            installation,
            &Knowledge::stream(knowledge),
            |event, at| match event {
                KnowledgeEvent::Imported {
                    knowledge_version,
                    content_hash,
                    content,
                    left_out,
                    ..
                } => items.push(KnowledgeVersionResponse {
                    version: knowledge_version,
                    content_hash,
                    answers: content.answers.len(),
                    objections: content.objections.len(),
                    facts: content.facts.len(),
                    left_out,
                    imported_at: at,
                    published_at: None,
                    current: false,
                    approved_by: None,
                }),
                KnowledgeEvent::Published {
                    knowledge_version,
                    four_eyes,
                    ..
                } => {
                    let version = items.iter_mut().find(|one| one.version == knowledge_version);
                    if let Some(version) = version {
                        version.published_at = Some(at);
                        version.approved_by = four_eyes.and_then(|one| one.approved_by().cloned());
                    }
                }
            },
        )
        .await?;
    if items.is_empty() {
        return Err(Problem::missing("this knowledge base"));
    }
    let current_version = state.current().map(|current| current.knowledge_ref.version);
    for one in &mut items {
        one.current = Some(one.version) == current_version;
    }
    Ok(KnowledgeVersions {
        knowledge: knowledge.clone(),
        current_version,
        approvals: state.asks_for_approval(),
        items,
    })
}

/// Returns one version with its content. Without a version number: the current one, or the newest if none
/// is current. Fails with `Missing`.
pub async fn show(
    installation: &Installation,
    knowledge: &KnowledgeId,
    version: Option<u32>,
) -> Result<KnowledgeResponse, Problem> {
    let missing = || Problem::missing("this knowledge base");
    let state = installation.entities.knowledge.state(knowledge).await?.state;
    let found = match version {
        Some(version) => state.version(version),
        None => state.current().or_else(|| state.versions().next_back()),
    };
    let named = found.ok_or_else(missing)?.knowledge_ref.clone();
    let content = content_of(installation.store(), knowledge, named.version).await?;
    Ok(KnowledgeResponse {
        knowledge: knowledge.clone(),
        version: named.version,
        named: named.to_string(),
        current: state
            .current()
            .is_some_and(|current| current.knowledge_ref == named),
        content_hash: named.content_hash,
        content: content.map(|(_, content)| content).ok_or_else(missing)?,
    })
}

pub(super) fn imported(
    file: KnowledgeFile,
    answer: &Answer<Knowledge>,
) -> Result<KnowledgeImported, Problem> {
    let value = serde_json::to_value(&file.content).map_err(|error| Problem::fault(error.to_string()))?;
    let hash = domain::flow::content_hash(&value);
    let version = answer.state.of_content(&hash);
    let version = version.ok_or_else(|| Problem::fault("an imported content has no version"))?;
    Ok(KnowledgeImported {
        version: version.knowledge_ref.version,
        named: version.knowledge_ref.to_string(),
        content_hash: hash,
        changed: !answer.events.is_empty(),
        answers: file.content.answers.len(),
        objections: file.content.objections.len(),
        facts: file.content.facts.len(),
        knowledge: file.knowledge,
        faults_count: file.faults_count,
        faults: file.faults,
        position: answer.position,
    })
}

pub(super) fn changed(
    knowledge: KnowledgeId,
    answer: &Answer<Knowledge>,
) -> Result<KnowledgeChanged, Problem> {
    let current = answer.state.current();
    let current = current.ok_or_else(|| Problem::fault("a published knowledge base has no version"))?;
    Ok(KnowledgeChanged {
        version: current.knowledge_ref.version,
        content_hash: current.knowledge_ref.content_hash.clone(),
        named: current.knowledge_ref.to_string(),
        knowledge,
        changed: !answer.events.is_empty(),
        approvals: answer.state.asks_for_approval(),
        position: answer.position,
    })
}

pub(super) fn answered(named: &KnowledgeRef, mut found: KnowledgeSearchResult) -> KnowledgeAnswerResponse {
    let reading = found.reading;
    let shown = reading.candidates.into_iter().filter_map(|one| {
        let words = found.words.remove(&one.answer)?;
        Some(KnowledgeAnswerCandidate {
            answer: one.answer,
            score_permille: one.score_permille,
            question: words.question,
            text: words.text,
        })
    });
    KnowledgeAnswerResponse {
        named: named.to_string(),
        certainty: reading.certainty,
        candidates: shown.collect(),
        accept_permille: reading.accept_permille,
        confirm_permille: reading.confirm_permille,
    }
}
