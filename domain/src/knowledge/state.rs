//! The state of a knowledge base, folded from its events: versions by number and hash, and the current one.
//! It holds no content; readers take that from the stream. It makes no decisions.

use super::event::KnowledgeEvent;
use super::selector::KnowledgeRef;
use crate::four_eyes::FourEyes;
use std::collections::BTreeMap;

/// One version of a knowledge base.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnowledgeVersion {
    /// The reference that a campaign stores.
    pub knowledge_ref: KnowledgeRef,
    /// The version is or was current.
    pub published: bool,
    /// The approval of its last publication, if one was required.
    pub four_eyes: Option<Box<FourEyes>>,
}

#[derive(Debug, Clone, Default)]
pub struct KnowledgeState {
    versions: BTreeMap<u32, KnowledgeVersion>,
    current: Option<u32>,
    before: Option<u32>,
    asks_for_approval: bool,
}

impl KnowledgeState {
    /// Returns the current version of the knowledge base; `None` before the first publication.
    pub fn current(&self) -> Option<&KnowledgeVersion> {
        self.versions.get(&self.current?)
    }
    /// Returns the number of the version that was current before the current one; `None` if there was none.
    pub const fn before(&self) -> Option<u32> {
        self.before
    }
    pub fn version(&self, version: u32) -> Option<&KnowledgeVersion> {
        self.versions.get(&version)
    }
    /// Returns all versions of the knowledge base, the first one first.
    pub fn versions(&self) -> impl DoubleEndedIterator<Item = &KnowledgeVersion> {
        self.versions.values()
    }
    /// Returns the number of versions, which is the latest version's number.
    pub fn versions_count(&self) -> u32 {
        self.versions.last_key_value().map_or(0, |(version, _)| *version)
    }
    /// Returns the version with this content hash; `None` if there is none.
    pub fn of_content(&self, content_hash: &str) -> Option<&KnowledgeVersion> {
        let mut all = self.versions.values();
        all.find(|one| one.knowledge_ref.content_hash == content_hash)
    }
    /// Returns true if any publication had an approval; then every later publication needs one.
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
                let version = KnowledgeVersion {
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
