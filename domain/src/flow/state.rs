//! The state of a flow, folded from its events: published versions and the current one. It makes no
//! decisions.

use super::event::FlowEvent;
use super::graph::FlowDefinition;
use crate::calling_plan::FlowRef;
use crate::four_eyes::FourEyes;
use std::collections::BTreeMap;
use std::sync::Arc;
use values::ids::FlowId;

/// One published version of a flow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublishedFlow {
    /// The reference that campaigns and calls store.
    pub flow_ref: FlowRef,
    /// `None` if this build cannot read the definition that another build published.
    pub definition: Option<Arc<FlowDefinition>>,
    /// The version's approval, if the flow required one.
    pub four_eyes: Option<Box<FourEyes>>,
}

#[derive(Debug, Clone, Default)]
pub struct FlowState {
    versions: BTreeMap<u32, PublishedFlow>,
    /// Number of the version that a reference without a version means.
    current: u32,
}

impl FlowState {
    /// Returns the version of the flow with the highest number; `None` before the first.
    pub fn latest(&self) -> Option<&PublishedFlow> {
        self.versions.last_key_value().map(|(_, latest)| latest)
    }
    /// Returns the current version of the flow: the last published one, or an earlier one after a rollback.
    /// `None` before the first.
    pub fn current(&self) -> Option<&PublishedFlow> {
        self.versions.get(&self.current)
    }
    /// Returns all versions, the first one first.
    pub fn versions(&self) -> impl DoubleEndedIterator<Item = &PublishedFlow> {
        self.versions.values()
    }
    /// Returns true if any version of the flow has an approval; then every later version needs one.
    pub fn asks_for_approval(&self) -> bool {
        self.versions.values().any(|one| one.four_eyes.is_some())
    }
    pub fn version(&self, version: u32) -> Option<&PublishedFlow> {
        self.versions.get(&version)
    }
    /// Returns the newest version with this content hash; `None` if there is none.
    pub fn with_hash(&self, content_hash: &str) -> Option<&PublishedFlow> {
        let mut newest_first = self.versions.values().rev();
        newest_first.find(|one| one.flow_ref.content_hash == content_hash)
    }
    /// Returns the numbers of all versions for error messages: `@1, @2`.
    pub fn describe_versions(&self) -> String {
        let versions = self.versions.keys();
        versions
            .map(|version| format!("@{version}"))
            .collect::<Vec<_>>()
            .join(", ")
    }
    pub fn versions_count(&self) -> usize {
        self.versions.len()
    }

    pub(super) fn apply(&mut self, event: &FlowEvent) {
        match event {
            FlowEvent::Published {
                flow,
                flow_version,
                content_hash,
                definition,
                four_eyes,
            } => {
                let published = PublishedFlow {
                    flow_ref: flow_ref(flow, *flow_version, content_hash),
                    definition: FlowDefinition::from_value(definition).ok().map(Arc::new),
                    four_eyes: four_eyes.clone(),
                };
                self.versions.insert(*flow_version, published);
                self.current = *flow_version;
            }
            FlowEvent::RolledBack { to_version, .. } => self.current = *to_version,
        }
    }
}

fn flow_ref(flow: &FlowId, version: u32, content_hash: &str) -> FlowRef {
    FlowRef {
        flow: flow.clone(),
        version,
        content_hash: content_hash.to_owned(),
    }
}
