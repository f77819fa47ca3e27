//! The state of a model, folded from its events: published versions; the last is current. It makes
//! no decisions.

use super::event::{ModelArtifact, ModelEvent, Training};
use super::selector::ModelRef;
use crate::four_eyes::FourEyes;
use std::collections::BTreeMap;

/// One published version of a model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublishedModel {
    /// The reference that a campaign stores.
    pub model_ref: ModelRef,
    pub artefact: ModelArtifact,
    pub again_of: Option<u32>,
    /// The version's approval, if the model required one.
    pub four_eyes: Option<Box<FourEyes>>,
}

#[derive(Debug, Clone, Default)]
pub struct ModelState {
    versions: BTreeMap<u32, PublishedModel>,
    /// Training data by digest of the content.
    trained: BTreeMap<String, Training>,
    /// Unpublished trained contents, by digest.
    drafts: BTreeMap<String, ModelArtifact>,
}

impl ModelState {
    /// Returns the current version of the model, which is the last published one; `None` before the first.
    pub fn current(&self) -> Option<&PublishedModel> {
        self.versions.last_key_value().map(|(_, current)| current)
    }
    pub fn version(&self, version: u32) -> Option<&PublishedModel> {
        self.versions.get(&version)
    }
    /// Returns all versions of the model, the first one first.
    pub fn versions(&self) -> impl DoubleEndedIterator<Item = &PublishedModel> {
        self.versions.values()
    }
    /// Returns the number of versions, which is the latest version's number.
    pub fn versions_count(&self) -> u32 {
        self.versions.last_key_value().map_or(0, |(version, _)| *version)
    }
    /// Returns true if any version of the model has an approval; then every later version needs one.
    pub fn asks_for_approval(&self) -> bool {
        self.versions.values().any(|one| one.four_eyes.is_some())
    }
    /// Returns the last reported training data of the content with this digest; `None` if none was
    /// reported.
    pub fn training(&self, digest: &str) -> Option<&Training> {
        self.trained.get(digest)
    }

    /// Returns the trained contents that are not published, with the training data of each.
    pub fn drafts(&self) -> impl Iterator<Item = (&ModelArtifact, Option<&Training>)> {
        self.drafts
            .values()
            .map(|one| (one, self.trained.get(&one.digest)))
    }
    pub fn is_draft(&self, digest: &str) -> bool {
        self.drafts.contains_key(digest)
    }

    pub(super) fn apply(&mut self, event: &ModelEvent) {
        match event {
            ModelEvent::Trained {
                artefact, training, ..
            } => {
                self.trained.insert(artefact.digest.clone(), training.clone());
                if !self.versions.values().any(|one| one.artefact == *artefact) {
                    self.drafts.insert(artefact.digest.clone(), artefact.clone());
                }
            }
            ModelEvent::Published {
                model,
                model_version,
                artefact,
                again_of,
                four_eyes,
            } => {
                let published = PublishedModel {
                    model_ref: ModelRef {
                        model: model.clone(),
                        version: *model_version,
                        digest: artefact.digest.clone(),
                    },
                    artefact: artefact.clone(),
                    again_of: *again_of,
                    four_eyes: four_eyes.clone(),
                };
                self.drafts.remove(&artefact.digest);
                self.versions.insert(*model_version, published);
            }
        }
    }
}
