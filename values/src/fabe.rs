//! FABE: the argument of an answer to an objection, shared by flows and knowledge bases.

use serde::{Deserialize, Serialize};

/// The argument of an answer to an objection: feature, advantage, benefit, evidence.
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
