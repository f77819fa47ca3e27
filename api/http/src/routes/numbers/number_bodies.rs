//! Bodies of opt-outs and suppressions that contain the phone number, so that it is in no URL.

use super::orders::{OptOut, Suppression};
use intake::members::ApiRequest;
use schemars::JsonSchema;

/// The body of an opt-out: the number, and the reason.
#[derive(ApiRequest, JsonSchema)]
#[schemars(rename = "OptOutOfNumber")]
#[schemars(extend("examples" = [{ "number": "13800138000", "reason": "asked at the branch" }]))]
pub(super) struct NumberOptOutRequest {
    /// The phone number in any common notation.
    pub(super) number: String,
    #[schemars(flatten)]
    pub(super) order: OptOut,
}

/// The body of a suppression: the number, the reason, and its end.
#[derive(ApiRequest, JsonSchema)]
#[schemars(rename = "SuppressionOfNumber")]
#[schemars(extend("examples" = [{ "number": "13800138000", "reason": "a court's order" }]))]
pub(super) struct NumberSuppressionRequest {
    /// The phone number in any common notation.
    pub(super) number: String,
    #[schemars(flatten)]
    pub(super) order: Suppression,
}
