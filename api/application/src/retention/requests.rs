//! Requests about retention: a period, or a run.

use domain::calling_plan::Preset;
use domain::ids::ApprovalId;
use domain::retention::{PERIOD_DAYS_MAX, REASON_BYTES_MAX};
use intake::members::{ApiRequest, Members};
use schemars::JsonSchema;

/// A request to set how long a class of data is kept.
#[derive(Debug, Clone, ApiRequest, JsonSchema)]
#[request(check = check_period)]
#[schemars(extend("examples" = [
    { "days": 365, "reason": "policy 4" },
    { "preset": "cn-collection", "days": 1096, "reason": "policy 4, collection" }
]))]
pub struct RetentionPeriodRequest {
    /// The preset that the period is for. Without it, the period applies to all presets that have none of
    /// their own.
    #[member(read = preset)]
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
    #[member(parse)]
    pub approval: Option<ApprovalId>,
}

fn preset(body: &mut Members, name: &str) -> Option<Preset> {
    let code = body.text(name)?;
    let preset = Preset::of_code(&code);
    if preset.is_none() {
        body.wrong(name, "is not a preset");
    }
    preset
}

fn check_period(request: &RetentionPeriodRequest, body: &mut Members) {
    if request.days.is_some() == request.keep {
        body.wrong("days", "or keep must be given, but not both");
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
