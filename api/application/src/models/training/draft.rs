//! Stores a trained model as a draft, and publishes drafts.

use super::{TrainingResponse, TrainingResult, TrainingStorage};
use crate::access::Caller;
use crate::installation::{Installation, follow};
use crate::models::blob_store::ModelBlobStore;
use crate::models::{ModelChanged, ModelRequest, artefact_of, publish};
use domain::ids::{ApprovalId, ModelId};
use domain::model::ModelCommand;
use domain::problem::{Problem, ProblemKind};
use domain::stored_event::{Cause, Position};
use intake::members::ApiRequest;
use schemars::JsonSchema;

/// Stores a trained model as `keep` says (nothing, a draft, or also a version) and adds what was stored to
/// the reply.
pub async fn keep(
    installation: &Installation,
    caller: &Caller,
    model: ModelId,
    learned: TrainingResult,
    keep: TrainingStorage,
    cause: Cause,
) -> Result<TrainingResponse, Problem> {
    let TrainingResult {
        bytes,
        training,
        mut shown,
    } = learned;
    if keep == TrainingStorage::Nothing {
        return Ok(shown);
    }
    let artefact = artefact_of(&bytes)?;
    // The file is stored before the event that names it. A file without an event does no harm.
    ModelBlobStore::of(installation).put(&artefact.digest, &bytes)?;
    let command = ModelCommand::KeepDraft {
        model: model.clone(),
        artefact,
        training,
    };
    let answer = installation.entities.models.ask(&model, command, cause).await?;
    shown.kept = "draft";
    shown.position = Some(answer.position.to_string());
    if keep == TrainingStorage::Version {
        let order = ModelRequest {
            model,
            bytes,
            training: None,
            approvals: false,
            reason: None,
            approval: None,
        };
        let done = publish(installation, caller, order, follow(cause, "publish")).await?;
        shown.kept = "version";
        shown.position = Some(done.position.to_string());
        shown.version = Some(done);
    }
    Ok(shown)
}

/// A request to publish a draft.
#[derive(Debug, ApiRequest, JsonSchema)]
pub struct ModelDraftRequest {
    /// SHA-256 of its bytes, from the reply to its training.
    #[schemars(example = &"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08")]
    #[schemars(length(min = 64, max = 64))]
    pub digest: String,
    /// If true, each version from this one on needs the approval of another user. Default: unchanged.
    pub approvals: Option<bool>,
    /// Reason, shown to the approver and possibly stored permanently. It must not contain personal data.
    #[schemars(length(max = domain::approval::REASON_BYTES_MAX))]
    pub reason: Option<String>,
    /// The approval of another user, if one is needed.
    #[member(parse)]
    pub approval: Option<ApprovalId>,
}

/// Publishes the draft with this digest, which a training stored, as a new version. Fails if no draft
/// has this digest or an approval is needed.
pub async fn publish_draft(
    installation: &Installation,
    caller: &Caller,
    model: ModelId,
    order: ModelDraftRequest,
    cause: Cause,
) -> Result<ModelChanged, Problem> {
    let state = installation.entities.models.state(&model).await?.state;
    let digest = order.digest.to_lowercase();
    // The digest becomes part of a file name, so it must be one that we stored: of a draft or a version.
    if state.training(&digest).is_none() {
        return Err(Problem::new(
            ProblemKind::Missing,
            "draft-unknown",
            format!("{model} has no training result with this digest"),
        ));
    }
    let bytes = ModelBlobStore::of(installation).bytes(&model, &digest)?;
    let order = ModelRequest {
        model,
        bytes,
        training: None,
        approvals: order.approvals.unwrap_or(false),
        reason: order.reason,
        approval: order.approval,
    };
    publish(installation, caller, order, cause).await
}

/// Returns the log position of what a training stored; `None` if nothing was stored.
pub fn position_of(shown: &TrainingResponse) -> Option<Position> {
    let text = shown.position.as_deref()?;
    text.parse().ok().map(Position)
}
