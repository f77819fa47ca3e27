//! How the answer to an objection argues: feature, advantage, benefit, evidence. Flows and knowledge
//! share it.

use serde::{Deserialize, Serialize};

/// Feature, advantage, benefit, evidence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Fabe {
    pub feature: String,
    pub advantage: String,
    pub benefit: String,
    pub evidence: String,
}
