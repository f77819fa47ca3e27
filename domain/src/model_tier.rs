//! Model tiers of a campaign: each assigns a model to customers with a grade or another value of a variable.
//! Without a matching tier the campaign's own model is used, or the bundled one.

use crate::model::ModelRef;
use serde::{Deserialize, Serialize};

/// The most tiers of one campaign; more are refused. As many as there are grades, and two.
pub const TIERS_MAX: usize = 10;

/// The column or attribute with a customer's grade by recency, frequency and money.
pub const GRADE: &str = "rfm_grade";

/// One tier: the customers that it is for, and the model of their calls.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ModelTier {
    /// A variable of the list; without a value there, the attribute of that name.
    #[schemars(example = &"rfm_grade")]
    pub by: String,
    /// The value that selects customers, without regard to case.
    #[schemars(example = &"champion")]
    pub is: String,
    pub model: ModelRef,
}

/// The model tiers of a campaign, in the order in which they are checked; the first that matches applies.
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
