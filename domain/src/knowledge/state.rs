//! What a knowledge base knows of itself: its versions by number and hash, and which is current. It holds no
//! texts: those are read from its stream by whoever needs them. Never judges.

use super::event::KnowledgeEvent;
use super::named::KnowledgeRef;
use crate::four_eyes::FourEyes;
use std::collections::BTreeMap;

/// One version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownVersion {
    /// What a campaign names.
    pub knowledge_ref: KnowledgeRef,
    /// It was current once.
    pub published: bool,
    /// Who stood behind its last publication, where somebody was asked for.
    pub four_eyes: Option<Box<FourEyes>>,
}

#[derive(Debug, Clone, Default)]
pub struct KnowledgeState {
    versions: BTreeMap<u32, KnownVersion>,
    current: Option<u32>,
    before: Option<u32>,
    asks_for_approval: bool,
}

impl KnowledgeState {
    /// What the base's name means.
    pub fn current(&self) -> Option<&KnownVersion> {
        self.versions.get(&self.current?)
    }
    /// The version that was current before, of another number.
    pub const fn before(&self) -> Option<u32> {
        self.before
    }
    pub fn version(&self, version: u32) -> Option<&KnownVersion> {
        self.versions.get(&version)
    }
    /// Every version, from the first.
    pub fn versions(&self) -> impl DoubleEndedIterator<Item = &KnownVersion> {
        self.versions.values()
    }
    /// The number of the latest version, which is how many there are.
    pub fn versions_count(&self) -> u32 {
        self.versions.last_key_value().map_or(0, |(version, _)| *version)
    }
    /// The version of a content.
    pub fn of_content(&self, content_hash: &str) -> Option<&KnownVersion> {
        let mut all = self.versions.values();
        all.find(|one| one.knowledge_ref.content_hash == content_hash)
    }
    /// True from the first publication on behind which somebody stood.
    pub const fn asks_for_approval(&self) -> bool {
        self.asks_for_approval
    }

    pub(super) fn apply(&mut self, event: &KnowledgeEvent) {
        match event {
            KnowledgeEvent::Imported {
                knowledge,
                knowledge_version,
                content_hash,
                ..
            } => {
                let version = KnownVersion {
                    knowledge_ref: KnowledgeRef {
                        knowledge: knowledge.clone(),
                        version: *knowledge_version,
                        content_hash: content_hash.clone(),
                    },
                    published: false,
                    four_eyes: None,
                };
                self.versions.insert(*knowledge_version, version);
            }
            KnowledgeEvent::Published {
                knowledge_version,
                four_eyes,
                ..
            } => {
                if self.current != Some(*knowledge_version) {
                    self.before = self.current;
                }
                self.current = Some(*knowledge_version);
                self.asks_for_approval |= four_eyes.is_some();
                if let Some(version) = self.versions.get_mut(knowledge_version) {
                    version.published = true;
                    version.four_eyes.clone_from(four_eyes);
                }
            }
        }
    }
}
