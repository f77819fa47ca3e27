//! What was learned over the API, kept as a draft, and a draft published.

use super::{Keep, Learned, TrainingShown};
use crate::access::Caller;
use crate::installation::{Installation, follow};
use crate::models::shelf::ModelShelf;
use crate::models::{ModelChanged, ModelOrder, artefact_of, publish};
use domain::ids::{ApprovalId, ModelId};
use domain::model::ModelCommand;
use domain::problem::{Kind, Problem};
use domain::stored_event::{Cause, Position};
use intake::members::{Members, Order};
use schemars::JsonSchema;

/// Keeps what was learned as it was wished, and tells of it.
pub async fn keep(
    installation: &Installation,
    caller: &Caller,
    model: ModelId,
    learned: Learned,
    keep: Keep,
    cause: Cause,
) -> Result<TrainingShown, Problem> {
    let Learned {
        bytes,
        training,
        mut shown,
    } = learned;
    if keep == Keep::Nothing {
        return Ok(shown);
    }
    let artefact = artefact_of(&bytes)?;
    // The file is there before the event that names it: a file that nobody names does no harm.
    ModelShelf::of(installation).put(&artefact.digest, &bytes)?;
    let command = ModelCommand::KeepDraft {
        model: model.clone(),
        artefact,
        training,
    };
    let answer = installation.entities.models.ask(&model, command, cause).await?;
    shown.kept = "draft";
    shown.position = Some(answer.position.to_string());
    if keep == Keep::Version {
        let order = ModelOrder {
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

/// A draft to be published.
#[derive(Debug, JsonSchema)]
pub struct ModelDraftOrder {
    /// SHA-256 of its bytes, as its training told it.
    #[schemars(example = &"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08")]
    #[schemars(length(min = 64, max = 64))]
    pub digest: String,
    /// From this version on another person approves each; default: as it is.
    pub approvals: Option<bool>,
    /// Nothing personal: it is read by whoever approves, and may be stored for ever.
    #[schemars(length(max = domain::approval::REASON_BYTES_MAX))]
    pub reason: Option<String>,
    /// The approval that another person gave, where one is asked for.
    pub approval: Option<ApprovalId>,
}

impl Order for ModelDraftOrder {
    fn read(body: &mut Members) -> Self {
        Self {
            digest: body.needed_short_text("digest", 64),
            approvals: body.value("approvals"),
            reason: body.short_text("reason", domain::approval::REASON_BYTES_MAX),
            approval: body.parsed("approval"),
        }
    }
}

/// Publishes what was learned and kept before.
pub async fn publish_draft(
    installation: &Installation,
    caller: &Caller,
    model: ModelId,
    order: ModelDraftOrder,
    cause: Cause,
) -> Result<ModelChanged, Problem> {
    let state = installation.entities.models.state(&model).await?.state;
    let digest = order.digest.to_lowercase();
    // Its name becomes a file's, so it is one that we wrote: of a draft, or of a version that there is.
    if state.training(&digest).is_none() {
        return Err(Problem::new(
            Kind::Missing,
            "draft-unknown",
            format!("{model} has no training result with this digest"),
        ));
    }
    let bytes = ModelShelf::of(installation).bytes(&model, &digest)?;
    let order = ModelOrder {
        model,
        bytes,
        training: None,
        approvals: order.approvals.unwrap_or(false),
        reason: order.reason,
        approval: order.approval,
    };
    publish(installation, caller, order, cause).await
}

/// The position of what was kept, for whoever reads on behind it.
pub fn position_of(shown: &TrainingShown) -> Option<Position> {
    let text = shown.position.as_deref()?;
    text.parse().ok().map(Position)
}
