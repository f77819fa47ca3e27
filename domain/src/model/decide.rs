//! Decides the commands of a model: a content becomes a version, with an approval if one is required.

use super::command::ModelCommand;
use super::event::{ModelArtifact, ModelEvent, Training};
use super::refusal::ModelRefusal;
use super::state::ModelState;
use crate::four_eyes::FourEyes;
use values::ids::ModelId;

/// Largest model file, in bytes; a larger one is refused. The limit of the classifier's reader.
pub const MODEL_FILE_BYTES_MAX: u64 = 10_000_000;

/// Most versions of one model; a further one is refused. Several a day for a year; a loaded model keeps all
/// of them in memory.
pub const VERSIONS_MAX: u32 = 1_000;

/// Most unpublished drafts of one model; a further one is refused. Each is a file of up to ten megabytes.
pub const DRAFTS_MAX: usize = 50;

/// Longest name of the member with the trained labels, in bytes.
const LABEL_BYTES_MAX: usize = 64;

pub(super) fn decide(state: &ModelState, command: ModelCommand) -> Result<Vec<ModelEvent>, ModelRefusal> {
    match command {
        ModelCommand::Publish {
            model,
            artefact,
            training,
            four_eyes,
        } => publish(state, model, artefact, training, four_eyes),
        ModelCommand::KeepDraft {
            model,
            artefact,
            training,
        } => keep_draft(state, model, artefact, training),
        ModelCommand::PublishAgain {
            model,
            version,
            four_eyes,
        } => publish_again(state, model, version, four_eyes),
    }
}

fn publish(
    state: &ModelState,
    model: ModelId,
    artefact: ModelArtifact,
    training: Option<Training>,
    four_eyes: Option<Box<FourEyes>>,
) -> Result<Vec<ModelEvent>, ModelRefusal> {
    fits(&artefact)?;
    training.as_ref().map_or(Ok(()), check)?;
    let known = state.training(&artefact.digest);
    let trained = training
        .filter(|training| known != Some(training))
        .map(|training| ModelEvent::Trained {
            model: model.clone(),
            artefact: artefact.clone(),
            training,
        });
    let published = version_of(state, model, artefact, None, four_eyes)?;
    Ok(trained.into_iter().chain(published).collect())
}

fn fits(artefact: &ModelArtifact) -> Result<(), ModelRefusal> {
    if artefact.size_bytes > MODEL_FILE_BYTES_MAX {
        return Err(ModelRefusal::TooLarge {
            size_bytes: artefact.size_bytes,
            bytes_max: MODEL_FILE_BYTES_MAX,
        });
    }
    Ok(())
}

fn keep_draft(
    state: &ModelState,
    model: ModelId,
    artefact: ModelArtifact,
    training: Training,
) -> Result<Vec<ModelEvent>, ModelRefusal> {
    fits(&artefact)?;
    check(&training)?;
    let known = state.training(&artefact.digest);
    if known == Some(&training) {
        return Ok(Vec::new());
    }
    if known.is_none() && state.drafts().count() >= DRAFTS_MAX {
        return Err(ModelRefusal::TooManyDrafts {
            drafts_max: DRAFTS_MAX,
        });
    }
    Ok(vec![ModelEvent::Trained {
        model,
        artefact,
        training,
    }])
}

/// Publishes the content of an earlier version of the model as a new version. Without `version`: the latest
/// version with a content other than the current one; refused if there is none. If the content is already
/// current, no event, unless this is the model's first approved version.
fn publish_again(
    state: &ModelState,
    model: ModelId,
    version: Option<u32>,
    four_eyes: Option<Box<FourEyes>>,
) -> Result<Vec<ModelEvent>, ModelRefusal> {
    let Some(current) = state.current() else {
        return Err(ModelRefusal::NotPublished { model });
    };
    let earlier = match version {
        Some(version) => state
            .version(version)
            .ok_or_else(|| ModelRefusal::UnknownVersion {
                model: model.clone(),
                version,
                versions: state.versions_count(),
            })?,
        None => state
            .versions()
            .rev()
            .find(|one| one.artefact != current.artefact)
            .ok_or(ModelRefusal::NothingBefore)?,
    };
    let (again_of, artefact) = (earlier.model_ref.version, earlier.artefact.clone());
    Ok(version_of(state, model, artefact, Some(again_of), four_eyes)?
        .into_iter()
        .collect())
}

fn version_of(
    state: &ModelState,
    model: ModelId,
    artefact: ModelArtifact,
    again_of: Option<u32>,
    four_eyes: Option<Box<FourEyes>>,
) -> Result<Option<ModelEvent>, ModelRefusal> {
    let asks = state.asks_for_approval();
    let is_current = state.current().is_some_and(|one| one.artefact == artefact);
    // The same content becomes a new version if the current one has no approval and this one has.
    if is_current && (asks || four_eyes.is_none()) {
        return Ok(None);
    }
    if asks && four_eyes.is_none() {
        return Err(ModelRefusal::NeedsApproval { model });
    }
    if state.versions_count() >= VERSIONS_MAX {
        return Err(ModelRefusal::TooManyVersions {
            versions_max: VERSIONS_MAX,
        });
    }
    Ok(Some(ModelEvent::Published {
        model,
        model_version: state.versions_count() + 1,
        artefact,
        again_of,
        four_eyes,
    }))
}

fn check(training: &Training) -> Result<(), ModelRefusal> {
    let wrong = |what| Err(ModelRefusal::Training { what });
    if training.rows == 0 {
        return wrong("no rows");
    }
    if training.label.is_empty() || training.label.len() > LABEL_BYTES_MAX {
        return wrong("the name of what was learned");
    }
    if training.folds.is_some_and(|folds| folds < 2) {
        return wrong("fewer than two parts held out");
    }
    let ratios = [training.first_permille, training.foreign_recall_permille];
    if ratios.into_iter().flatten().any(|ratio| ratio > 1_000) {
        return wrong("more than a thousand of a thousand");
    }
    Ok(())
}
