//! The finding of a call: the disposition and outcome that `call.ended` records and corrections repeat.

use serde::{Deserialize, Serialize};
use values::disposition::{Disposition, Outcome};

/// The recorded end of a call: its disposition and, if it was answered, its outcome.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema, derive::EventMembers,
)]
pub struct Finding {
    pub disposition: Disposition,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Outcome>,
}

impl Finding {
    /// Returns the codes of disposition and outcome, for example `answered/success`.
    pub fn code(self) -> String {
        let disposition = self.disposition.code();
        self.outcome.map_or_else(
            || disposition.to_owned(),
            |outcome| format!("{disposition}/{}", outcome.code()),
        )
    }
}
