//! What a flow knows of itself: its published versions, and which is current. Never judges.

use super::event::FlowEvent;
use super::graph::FlowDefinition;
use crate::calling_plan::FlowRef;
use crate::four_eyes::FourEyes;
use std::collections::BTreeMap;
use std::sync::Arc;
use values::ids::FlowId;

/// One published version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublishedFlow {
    /// What a campaign and a call name.
    pub flow_ref: FlowRef,
    /// `None` when this build cannot read what an older or newer one published.
    pub definition: Option<Arc<FlowDefinition>>,
    /// Who stood behind it, where somebody was asked for.
    pub four_eyes: Option<Box<FourEyes>>,
}

#[derive(Debug, Clone, Default)]
pub struct FlowState {
    versions: BTreeMap<u32, PublishedFlow>,
    /// What the flow's name means without a version.
    current: u32,
}

impl FlowState {
    /// The version with the highest number.
    pub fn latest(&self) -> Option<&PublishedFlow> {
        self.versions.last_key_value().map(|(_, latest)| latest)
    }
    /// What the flow's name means: the version published last, or gone back to since.
    pub fn current(&self) -> Option<&PublishedFlow> {
        self.versions.get(&self.current)
    }
    /// Every version, from the first.
    pub fn versions(&self) -> impl DoubleEndedIterator<Item = &PublishedFlow> {
        self.versions.values()
    }
    /// True from the first version on behind which somebody stood.
    pub fn asks_for_approval(&self) -> bool {
        self.versions.values().any(|one| one.four_eyes.is_some())
    }
    pub fn version(&self, version: u32) -> Option<&PublishedFlow> {
        self.versions.get(&version)
    }
    /// The newest version with this content.
    pub fn with_hash(&self, content_hash: &str) -> Option<&PublishedFlow> {
        let mut newest_first = self.versions.values().rev();
        newest_first.find(|one| one.flow_ref.content_hash == content_hash)
    }
    /// Which versions there are, for people.
    pub fn versions_told(&self) -> String {
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
