//! The `knowledge` node: says an approved answer of the dialogue, then continues at `next` or returns to the
//! last question.

use super::super::fault::DefinitionFault;
use super::node_kind::{NodeContext, NodeKind, NodeReference, RunFacts, VisitLimit};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "KnowledgeNode")]
pub struct KnowledgeNode {
    /// Id of the answer in `dialogue.answers`.
    pub answer: String,
    /// The next node. Absent: the call returns to the last question.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub visits: Option<VisitLimit>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_exception: Option<String>,
}

impl NodeKind for KnowledgeNode {
    fn text(&self) -> Option<&str> {
        None
    }

    fn answer(&self) -> Option<&str> {
        Some(&self.answer)
    }

    fn targets(&self) -> Vec<NodeReference<'_>> {
        let next = self
            .next
            .as_deref()
            .map(|next| NodeReference::automatic("next", next));
        let visits = self.visits.as_ref().map(VisitLimit::target);
        next.into_iter().chain(visits).collect()
    }

    fn next(&self, _: &RunFacts<'_>) -> Option<&str> {
        self.next.as_deref()
    }

    fn visits(&self) -> Option<&VisitLimit> {
        self.visits.as_ref()
    }

    fn on_exception(&self) -> Option<&str> {
        self.on_exception.as_deref()
    }

    fn check(&self, place: &NodeContext<'_>, faults: &mut Vec<DefinitionFault>) {
        if !place.dialogue.answers.contains_key(&self.answer) {
            faults.push(DefinitionFault::UnknownAnswer {
                member: place.member("answer"),
                answer: self.answer.clone(),
            });
        }
        // Without a visit limit a call could return to the question and hear the same answer forever.
        if self.next.is_none() && self.visits.is_none() {
            faults.push(DefinitionFault::UnboundedReturn {
                node: place.node.to_owned(),
            });
        }
    }
}
