//! What a model knows of itself: its published versions, the last of which is current. Never judges.

use super::event::{Artefact, ModelEvent, Training};
use super::named::ModelRef;
use crate::four_eyes::FourEyes;
use std::collections::BTreeMap;

/// One published version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublishedModel {
    /// What a campaign names.
    pub model_ref: ModelRef,
    pub artefact: Artefact,
    pub again_of: Option<u32>,
    /// Who stood behind it, where somebody was asked for.
    pub four_eyes: Option<Box<FourEyes>>,
}

#[derive(Debug, Clone, Default)]
pub struct ModelState {
    versions: BTreeMap<u32, PublishedModel>,
    /// By the content's hash: what its bytes were learned from.
    trained: BTreeMap<String, Training>,
    /// By the content's hash: what was learned here and has not been published.
    drafts: BTreeMap<String, Artefact>,
}

impl ModelState {
    /// What the model's name means: the version published last.
    pub fn current(&self) -> Option<&PublishedModel> {
        self.versions.last_key_value().map(|(_, current)| current)
    }
    pub fn version(&self, version: u32) -> Option<&PublishedModel> {
        self.versions.get(&version)
    }
    /// Every version, from the first.
    pub fn versions(&self) -> impl DoubleEndedIterator<Item = &PublishedModel> {
        self.versions.values()
    }
    /// The number of the latest version, which is how many there are.
    pub fn versions_count(&self) -> u32 {
        self.versions.last_key_value().map_or(0, |(version, _)| *version)
    }
    /// True from the first version on behind which somebody stood.
    pub fn asks_for_approval(&self) -> bool {
        self.versions.values().any(|one| one.four_eyes.is_some())
    }
    /// What a content was learned from, as it was told last.
    pub fn training(&self, digest: &str) -> Option<&Training> {
        self.trained.get(digest)
    }

    /// Contents that were learned and have not been published.
    pub fn drafts(&self) -> impl Iterator<Item = (&Artefact, Option<&Training>)> {
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
