//! A node that hands the call to a colleague. Until agents exist it says that one will call back and ends.

use crate::disposition::Outcome;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Transfer {
    pub text: String,
    #[serde(default = "callback")]
    pub outcome: Outcome,
}

const fn callback() -> Outcome {
    Outcome::Callback
}
