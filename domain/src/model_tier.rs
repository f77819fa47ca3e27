//! Which model a call is understood by, by what its person is worth: tiers of a campaign, each for a grade
//! or a value of a variable. The bundled model, or the campaign's own, where no tier is meant.

use crate::model::ModelRef;
use serde::{Deserialize, Serialize};

/// Most tiers of one campaign: as many as there are grades, and two.
pub const TIERS_MAX: usize = 10;

/// Where a person's grade by recency, frequency and money stands: a column of their list, or an attribute.
pub const GRADE: &str = "rfm_grade";

/// One tier.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ModelTier {
    /// A variable of the list; where the list says nothing, an attribute of that name.
    #[schemars(example = &"rfm_grade")]
    pub by: String,
    /// The value for whose people it is, without regard to case.
    #[schemars(example = &"champion")]
    pub is: String,
    pub model: ModelRef,
}

/// The tiers of a campaign, in the order in which they are asked.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(transparent)]
pub struct ModelTiers(Vec<ModelTier>);

impl ModelTiers {
    pub const fn new(tiers: Vec<ModelTier>) -> Self {
        Self(tiers)
    }

    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn tiers(&self) -> &[ModelTier] {
        &self.0
    }
}
