//! What a flow knows of itself: its published versions. Never judges.

use super::event::FlowEvent;
use super::graph::FlowDefinition;
use crate::calling_plan::FlowRef;
use crate::ids::FlowId;
use std::collections::BTreeMap;
use std::sync::Arc;

/// One published version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublishedFlow {
    /// What a campaign and a call name.
    pub flow_ref: FlowRef,
    /// `None` when this build cannot read what an older or newer one published.
    pub definition: Option<Arc<FlowDefinition>>,
}

#[derive(Debug, Clone, Default)]
pub struct FlowState {
    versions: BTreeMap<u32, PublishedFlow>,
}

impl FlowState {
    /// The version with the highest number.
    pub fn latest(&self) -> Option<&PublishedFlow> {
        self.versions.last_key_value().map(|(_, latest)| latest)
    }
    pub fn version(&self, version: u32) -> Option<&PublishedFlow> {
        self.versions.get(&version)
    }
    /// The newest version with this content.
    pub fn with_hash(&self, content_hash: &str) -> Option<&PublishedFlow> {
        let mut newest_first = self.versions.values().rev();
        newest_first.find(|one| one.flow_ref.content_hash == content_hash)
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
            } => {
                let published = PublishedFlow {
                    flow_ref: flow_ref(flow, *flow_version, content_hash),
                    definition: FlowDefinition::from_value(definition).ok().map(Arc::new),
                };
                self.versions.insert(*flow_version, published);
            }
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
