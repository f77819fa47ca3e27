//! How a call ended, as found: what its last event said, and what every correction of it says again.

use serde::{Deserialize, Serialize};
use values::disposition::{Disposition, Outcome};

/// How a call ended, as found: its disposition and, when it was answered, its outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Finding {
    pub disposition: Disposition,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Outcome>,
}
