//! Orders about a phone number that stands in the body, so that no address holds it.

use super::orders::{OptOut, Suppression};
use intake::members::{Members, Order};
use schemars::JsonSchema;

/// The person of this number asked not to be called.
#[derive(JsonSchema)]
#[schemars(rename = "OptOutOfNumber")]
#[schemars(extend("examples" = [{ "number": "13800138000", "reason": "asked at the branch" }]))]
pub(super) struct OptOutHere {
    /// In any usual form.
    pub(super) number: String,
    #[schemars(flatten)]
    pub(super) order: OptOut,
}

impl Order for OptOutHere {
    fn read(body: &mut Members) -> Self {
        Self {
            number: body.needed_text("number").unwrap_or_default(),
            order: OptOut::read(body),
        }
    }
}

/// This number must not be dialed.
#[derive(JsonSchema)]
#[schemars(rename = "SuppressionOfNumber")]
#[schemars(extend("examples" = [{ "number": "13800138000", "reason": "a court's order" }]))]
pub(super) struct SuppressionHere {
    /// In any usual form.
    pub(super) number: String,
    #[schemars(flatten)]
    pub(super) order: Suppression,
}

impl Order for SuppressionHere {
    fn read(body: &mut Members) -> Self {
        Self {
            number: body.needed_text("number").unwrap_or_default(),
            order: Suppression::read(body),
        }
    }
}
