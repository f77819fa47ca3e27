//! A node that says a text to its end and goes on. Of the keys pressed meanwhile only 谢绝来电 cuts it short.

use super::super::fault::DefinitionFault;
use super::super::variants::Variants;
use super::node_kind::{Facts, NodeKind, Place, Target, Visits};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Say {
    pub text: String,
    pub next: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub variants: Option<Variants>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub visits: Option<Visits>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_exception: Option<String>,
}

impl NodeKind for Say {
    fn text(&self) -> Option<&str> {
        Some(&self.text)
    }

    fn targets(&self) -> Vec<Target<'_>> {
        let next = Target::automatic("next", &self.next);
        std::iter::once(next)
            .chain(self.visits.as_ref().map(Visits::target))
            .collect()
    }

    fn further_texts(&self) -> Vec<(String, &str)> {
        let arms = self.variants.iter().flat_map(|variants| &variants.arms);
        arms.map(|(name, arm)| (format!("variants.arms.{name}.text"), arm.text.as_str()))
            .collect()
    }

    fn next(&self, _: &Facts<'_>) -> Option<&str> {
        Some(&self.next)
    }

    fn variants(&self) -> Option<&Variants> {
        self.variants.as_ref()
    }

    fn check(&self, place: &Place<'_>, faults: &mut Vec<DefinitionFault>) {
        if let Some(variants) = &self.variants {
            variants.check(&place.member("variants"), faults);
        }
    }

    fn visits(&self) -> Option<&Visits> {
        self.visits.as_ref()
    }

    fn on_exception(&self) -> Option<&str> {
        self.on_exception.as_deref()
    }
}
