//! A node that says a text to its end and goes on. Of the keys pressed meanwhile only 谢绝来电 cuts it short.

use super::Target;
use serde::{Deserialize, Serialize};

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

/// Bounds how often a node is entered in one call: what the callee may ask to hear again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Visits {
    /// Entries, the first included.
    pub max: u32,
    /// Where the next entry leads instead.
    pub then: String,
}

impl Visits {
    pub(super) fn target(&self) -> Target<'_> {
        Target::automatic("visits.then", &self.then)
    }
}

impl Say {
    pub(super) fn targets(&self) -> Vec<Target<'_>> {
        let next = Target::automatic("next", &self.next);
        std::iter::once(next)
            .chain(self.visits.as_ref().map(Visits::target))
            .collect()
    }
}
