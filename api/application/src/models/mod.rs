//! Published model versions: publication, republication of an earlier one, look-up by `NAME` or `NAME@V`,
//! and the files with their bytes beside the log.

mod blob_store;
mod requests;
mod responses;
pub mod training;

pub use crate::approvals::RollbackRequest;
pub use blob_store::{ModelBlobFault, ModelBlobStore};
pub use requests::ModelRequest;
pub use responses::{
    ModelChanged, ModelDraftResponse, ModelListed, ModelVersionResponse, ModelVersions, Models, listed,
    versions,
};

use crate::access::Caller;
use crate::approvals::{PendingVersion, placeholder_four_eyes};
use crate::body_work::BodyWork;
use crate::installation::Installation;
use crate::rehearsing::Listener;
use actors::{Answer, AskError};
use domain::approval::Act;
use domain::decider::{Context, Decider};
use domain::four_eyes::FourEyes;
use domain::ids::{ApprovalId, ModelId};
use domain::model::{Model, ModelArtifact, ModelCommand, ModelEvent, ModelRef, ModelSelector, ModelState};
use domain::problem::{Problem, ProblemKind};
use domain::stored_event::Cause;

/// Publishes the bytes of a model as a new version. Content equal to the current version changes nothing.
/// If an approval is needed and not given, fails and names it.
pub async fn publish(
    installation: &Installation,
    caller: &Caller,
    order: ModelRequest,
    cause: Cause,
) -> Result<ModelChanged, Problem> {
    let ModelRequest {
        model,
        bytes,
        training,
        approvals,
        reason,
        approval,
    } = order;
    // A model that this build cannot read is refused before an approval is requested.
    let work = BodyWork::of(&installation.environment);
    let (artefact, bytes) = work.run(move || (artefact_of(&bytes), bytes)).await?;
    let artefact = artefact?;
    let state = installation.entities.models.state(&model).await?.state;
    let command = |four_eyes| ModelCommand::Publish {
        model: model.clone(),
        artefact: artefact.clone(),
        training: training.clone(),
        four_eyes,
    };
    let asking = PublicationApproval {
        asks: approvals || approval.is_some() || state.asks_for_approval(),
        reason,
        approval,
    };
    let behind = asking
        .pass(installation, caller, &state, &model, &command, cause)
        .await?;
    // The file is stored before the event that names it. A file without an event does no harm.
    let shelf = ModelBlobStore::of(installation);
    shelf.put(&artefact.digest, &bytes)?;
    let answer = installation
        .entities
        .models
        .ask(&model, command(behind), cause)
        .await?;
    changed(model, &answer)
}

/// Returns digest, size and number of intents of a model's bytes. Fails if this build cannot read them.
fn artefact_of(bytes: &[u8]) -> Result<ModelArtifact, Problem> {
    let listener = Listener::with_model(bytes);
    let listener = listener.map_err(|fault| Problem::refused("model-unreadable", fault.to_string()))?;
    Ok(ModelArtifact {
        digest: listener.model.clone().unwrap_or_default(),
        size_bytes: bytes.len() as u64,
        intents: listener.intents_count(),
    })
}

/// Publishes the content of an earlier version of a model as a new version. Without a version number: the
/// latest one with a content other than the current one. Content that is current already changes nothing,
/// except for the model's first approval.
pub async fn publish_again(
    installation: &Installation,
    caller: &Caller,
    model: ModelId,
    order: RollbackRequest,
    cause: Cause,
) -> Result<ModelChanged, Problem> {
    let RollbackRequest { to, reason, approval } = order;
    let state = installation.entities.models.state(&model).await?.state;
    let command = |four_eyes| ModelCommand::PublishAgain {
        model: model.clone(),
        version: to,
        four_eyes,
    };
    let asking = PublicationApproval {
        asks: state.asks_for_approval(),
        reason,
        approval,
    };
    let behind = asking
        .pass(installation, caller, &state, &model, &command, cause)
        .await?;
    let answer = installation
        .entities
        .models
        .ask(&model, command(behind), cause)
        .await?;
    changed(model, &answer)
}

/// Returns the version that `NAME` or `NAME@V` refers to. Fails if it is not published or its file cannot
/// be read here.
pub async fn find_published_model(
    installation: &Installation,
    named: &ModelSelector,
) -> Result<ModelRef, Problem> {
    let state = installation.entities.models.state(&named.model).await?.state;
    let found = match named.version {
        Some(version) => state.version(version),
        None => state.current(),
    };
    let Some(found) = found else {
        return Err(Problem::refused(
            "model-not-published",
            format!(
                "{named} is not published; {} has {} versions",
                named.model,
                state.versions_count()
            ),
        ));
    };
    let model_ref = found.model_ref.clone();
    ModelBlobStore::of(installation).listener(&model_ref)?;
    Ok(model_ref)
}

struct PublicationApproval {
    asks: bool,
    reason: Option<String>,
    approval: Option<ApprovalId>,
}

impl PublicationApproval {
    /// Returns who requested and approved the publication, or why no approval was needed. Fails with the
    /// approval that is needed. Asks for none if the publication would change nothing.
    async fn pass(
        self,
        installation: &Installation,
        caller: &Caller,
        state: &ModelState,
        model: &ModelId,
        command: &(dyn Fn(Option<Box<FourEyes>>) -> ModelCommand + Sync),
        cause: Cause,
    ) -> Result<Option<Box<FourEyes>>, Problem> {
        let context = Context {
            now: installation.now(),
        };
        let foreseen = Model::decide(state, command(self.asks.then(placeholder_four_eyes)), context);
        let foreseen = foreseen.map_err(AskError::Refused)?;
        let published = foreseen.iter().find_map(|event| match event {
            ModelEvent::Published { artefact, .. } => Some(artefact.digest.clone()),
            ModelEvent::Trained { .. } => None,
        });
        if !self.asks {
            return Ok(None);
        }
        let Some(digest) = published else {
            return Ok(Some(placeholder_four_eyes()));
        };
        let acted = PendingVersion {
            act: Act::PublishModel,
            of: "model",
            name: model.to_string(),
            content_hash: digest,
            reason: self.reason,
            approval: self.approval,
        };
        acted.pass(installation, caller, cause).await.map(Some)
    }
}

fn changed(model: ModelId, answer: &Answer<Model>) -> Result<ModelChanged, Problem> {
    let current = answer.state.current();
    let current = current.ok_or_else(|| Problem::fault("a published model has no version"))?;
    Ok(ModelChanged {
        version: current.model_ref.version,
        digest: current.model_ref.digest.clone(),
        named: current.model_ref.to_string(),
        model,
        changed: !answer.events.is_empty(),
        approvals: answer.state.asks_for_approval(),
        training: answer.state.training(&current.model_ref.digest).cloned(),
        position: answer.position,
    })
}

impl From<ModelBlobFault> for Problem {
    fn from(fault: ModelBlobFault) -> Self {
        match &fault {
            ModelBlobFault::Missing { .. } => {
                Self::new(ProblemKind::Unavailable, "model-not-here", fault.to_string())
            }
            ModelBlobFault::Damaged { .. } | ModelBlobFault::Unreadable { .. } => {
                Self::refused("model-unreadable", fault.to_string())
            }
            ModelBlobFault::Disk(_) => Self::unavailable(fault.to_string()),
        }
    }
}
