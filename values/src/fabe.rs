//! How the answer to an objection argues: feature, advantage, benefit, evidence. Flows and knowledge
//! share it.

use serde::{Deserialize, Serialize};

/// Feature, advantage, benefit, evidence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Fabe {
    #[schemars(example = &"分成三期、六期或十二期")]
    pub feature: String,
    #[schemars(example = &"每期只还一小部分")]
    pub advantage: String,
    #[schemars(example = &"手头更宽松")]
    pub benefit: String,
    #[schemars(example = &"已有很多持卡人办理")]
    pub evidence: String,
}
