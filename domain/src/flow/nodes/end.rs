//! A node that says a last text and hangs up, with the outcome of the conversation.

use crate::disposition::Outcome;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct End {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    pub outcome: Outcome,
    /// The callee's number is not called again, by anyone: at once and everywhere.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub opt_out: bool,
}
