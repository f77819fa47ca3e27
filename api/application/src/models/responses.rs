//! Replies about models: all models with their current versions, and all versions of one model.

use super::blob_store::ModelBlobStore;
use crate::installation::Installation;
use crate::stream_replay::replay_stream;
use domain::decider::Decider;
use domain::ids::{ModelId, UserId};
use domain::model::{Model, ModelEvent, Training};
use domain::problem::Problem;
use domain::stored_event::Position;
use domain::time::Timestamp;
use projections::views::model_board;
use schemars::JsonSchema;
use serde::Serialize;

/// A list of models, ordered by name.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Models {
    pub items: Vec<ModelListed>,
}

/// One model in the list.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ModelListed {
    pub model: ModelId,
    pub current_version: u64,
    #[schemars(example = &"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08")]
    pub digest: String,
    pub intents: u64,
}

/// A model after a publication.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ModelChanged {
    pub model: ModelId,
    /// The model's current version after the publication.
    pub version: u32,
    /// The name by which campaigns and commands refer to this version.
    #[schemars(example = &"zh_outbound@2")]
    pub named: String,
    #[schemars(example = &"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08")]
    pub digest: String,
    /// False if the content equals the current version, so that nothing changed.
    pub changed: bool,
    /// True if each version needs the approval of another user.
    pub approvals: bool,
    pub training: Option<Training>,
    #[serde(serialize_with = "Position::as_text")]
    #[schemars(with = "String")]
    pub position: Position,
}

/// All versions of a model.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ModelVersions {
    model: ModelId,
    /// The current version; 0 if nothing is published yet.
    current_version: u32,
    /// True if each version needs the approval of another user.
    approvals: bool,
    pub items: Vec<ModelVersionResponse>,
    /// Models that were trained here and not published.
    drafts: Vec<ModelDraftResponse>,
}

/// A model that was trained and not published.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ModelDraftResponse {
    #[schemars(example = &"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08")]
    digest: String,
    size_bytes: u64,
    intents: u32,
    training: Option<Training>,
    /// True if a file with this digest is on this machine.
    here: bool,
}

/// One version of a model.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ModelVersionResponse {
    pub version: u32,
    #[schemars(example = &"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08")]
    digest: String,
    size_bytes: u64,
    intents: u32,
    published_at: Timestamp,
    current: bool,
    /// The earlier version that was republished, if this is a republication.
    again_of: Option<u32>,
    /// The user who approved it, if any.
    approved_by: Option<UserId>,
    training: Option<Training>,
    /// True if a file with this digest is on this machine.
    here: bool,
}

/// Returns at most `limit` models with their current versions, ordered by name, after the name `behind`.
pub async fn listed(
    installation: &Installation,
    behind: Option<&ModelId>,
    limit: usize,
) -> Result<Vec<ModelListed>, Problem> {
    let rows = model_board::list(installation.rows.db().as_ref(), behind, limit).await?;
    let listed = rows.into_iter().map(|row| ModelListed {
        model: row.model,
        current_version: row.current_version,
        digest: row.digest,
        intents: row.intents,
    });
    Ok(listed.collect())
}

/// Returns all versions of a model, and its unpublished drafts, from its own stream.
pub async fn versions(installation: &Installation, model: &ModelId) -> Result<ModelVersions, Problem> {
    let mut published = Vec::new();
    let state = replay_stream::<Model>(installation, &Model::stream(model), |event, at| {
        if let ModelEvent::Published { model_version, .. } = event {
            published.push((model_version, at));
        }
    })
    .await?;
    let shelf = ModelBlobStore::of(installation);
    let drafts: Vec<ModelDraftResponse> = state
        .drafts()
        .map(|(artefact, training)| ModelDraftResponse {
            digest: artefact.digest.clone(),
            size_bytes: artefact.size_bytes,
            intents: artefact.intents,
            training: training.cloned(),
            here: shelf.has(&artefact.digest),
        })
        .collect();
    let current_version = match state.current() {
        Some(current) => current.model_ref.version,
        None if drafts.is_empty() => return Err(Problem::missing("this model")),
        None => 0,
    };
    let shown = published.into_iter().filter_map(|(version, published_at)| {
        let one = state.version(version)?;
        Some(ModelVersionResponse {
            version,
            digest: one.artefact.digest.clone(),
            size_bytes: one.artefact.size_bytes,
            intents: one.artefact.intents,
            published_at,
            current: version == current_version,
            again_of: one.again_of,
            approved_by: one.four_eyes.as_ref().and_then(|one| one.approved_by().cloned()),
            training: state.training(&one.artefact.digest).cloned(),
            here: shelf.has(&one.artefact.digest),
        })
    });
    Ok(ModelVersions {
        model: model.clone(),
        current_version,
        approvals: state.asks_for_approval(),
        items: shown.collect(),
        drafts,
    })
}
