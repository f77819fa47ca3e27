//! Requests about retention: a period, or a run.

use domain::calling_plan::Preset;
use domain::ids::ApprovalId;
use domain::retention::{PERIOD_DAYS_MAX, REASON_BYTES_MAX};
use intake::members::{ApiRequest, Members};
use schemars::JsonSchema;

/// A request to set how long a class of data is kept.
#[derive(Debug, Clone, JsonSchema)]
#[schemars(extend("examples" = [
    { "days": 365, "reason": "policy 4" },
    { "preset": "cn-collection", "days": 1096, "reason": "policy 4, collection" }
]))]
pub struct RetentionPeriodRequest {
    /// The preset that the period is for. Without it, the period applies to all presets that have none of
    /// their own.
    pub preset: Option<Preset>,
    /// At least the floor. If several periods apply, the longest is used.
    #[schemars(range(min = 1, max = PERIOD_DAYS_MAX))]
    pub days: Option<u32>,
    /// Instead of `days`: removes the period, so that nothing is disposed of under it.
    #[schemars(with = "Option<bool>")]
    pub keep: bool,
    /// Reason, stored permanently. It must not name a person.
    #[schemars(length(min = 1, max = REASON_BYTES_MAX))]
    pub reason: String,
    /// The approval of another user, needed if the period leads to the erasure of customers.
    pub approval: Option<ApprovalId>,
}

impl ApiRequest for RetentionPeriodRequest {
    fn read(body: &mut Members) -> Self {
        let days: Option<u32> = body.value("days");
        let keep: bool = body.value("keep").unwrap_or(false);
        if days.is_some() == keep {
            body.wrong("days", "or keep must be given, but not both");
        }
        let code = body.text("preset");
        let preset = code.as_deref().and_then(Preset::of_code);
        if code.is_some() && preset.is_none() {
            body.wrong("preset", "is not a preset");
        }
        Self {
            preset,
            days,
            keep,
            reason: body.needed_short_text("reason", REASON_BYTES_MAX),
            approval: body.parsed("approval"),
        }
    }
}

/// A request to run retention.
#[derive(Debug, Clone, Copy, ApiRequest, JsonSchema)]
#[schemars(extend("examples" = [{ "dry_run": true }]))]
pub struct RetentionRunRequest {
    /// If true, nothing is destroyed or stored; the reply lists what is due.
    #[schemars(with = "Option<bool>")]
    pub dry_run: bool,
}
