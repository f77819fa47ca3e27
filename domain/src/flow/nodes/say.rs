//! A node that says a text to its end and goes on. Of the keys pressed meanwhile only 谢绝来电 cuts it short.

use super::node_kind::{NodeKind, Target, Visits};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Say {
    pub text: String,
    pub next: String,
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

    fn next(&self, _: &BTreeMap<String, String>) -> Option<&str> {
        Some(&self.next)
    }

    fn visits(&self) -> Option<&Visits> {
        self.visits.as_ref()
    }

    fn on_exception(&self) -> Option<&str> {
        self.on_exception.as_deref()
    }
}
