//! The `say` node: says a text to its end and continues. While it plays, only the key for 谢绝来电 interrupts it.

use super::super::fault::DefinitionFault;
use super::super::variants::Variants;
use super::node_kind::{NodeContext, NodeKind, NodeReference, RunFacts, VisitLimit, offers_of, wordings};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SayNode {
    pub text: String,
    pub next: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub variants: Option<Variants>,
    /// Texts that replace `text`, by offer. The plain offer uses `text`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub by_offer: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub visits: Option<VisitLimit>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_exception: Option<String>,
}

impl NodeKind for SayNode {
    fn text(&self) -> Option<&str> {
        Some(&self.text)
    }

    fn targets(&self) -> Vec<NodeReference<'_>> {
        let next = NodeReference::automatic("next", &self.next);
        std::iter::once(next)
            .chain(self.visits.as_ref().map(VisitLimit::target))
            .collect()
    }

    fn further_texts(&self) -> Vec<(String, &str)> {
        let arms = self.variants.iter().flat_map(|variants| &variants.arms);
        let arms = arms.map(|(name, arm)| (format!("variants.arms.{name}.text"), arm.text.as_str()));
        arms.chain(wordings(&self.by_offer)).collect()
    }

    fn wording_of(&self, offer: &str) -> Option<&str> {
        self.by_offer.get(offer).map(String::as_str)
    }

    fn offers(&self) -> Vec<(String, &str)> {
        offers_of(&self.by_offer)
    }

    fn next(&self, _: &RunFacts<'_>) -> Option<&str> {
        Some(&self.next)
    }

    fn variants(&self) -> Option<&Variants> {
        self.variants.as_ref()
    }

    fn check(&self, place: &NodeContext<'_>, faults: &mut Vec<DefinitionFault>) {
        if let Some(variants) = &self.variants {
            variants.check(&place.member("variants"), faults);
        }
    }

    fn visits(&self) -> Option<&VisitLimit> {
        self.visits.as_ref()
    }

    fn on_exception(&self) -> Option<&str> {
        self.on_exception.as_deref()
    }
}
