//! What somebody orders of retention: a period, or a run.

use domain::calling_plan::Preset;
use domain::ids::ApprovalId;
use domain::retention::{PERIOD_DAYS_MAX, REASON_BYTES_MAX};
use intake::members::{Members, Order};
use schemars::JsonSchema;

/// For how long a class of data is kept.
#[derive(Debug, Clone, JsonSchema)]
#[schemars(extend("examples" = [
    { "days": 365, "reason": "policy 4" },
    { "preset": "cn-collection", "days": 1096, "reason": "policy 4, collection" }
]))]
pub struct PeriodOrder {
    /// Of campaigns under this preset; without it, of all that have none of their own.
    pub preset: Option<Preset>,
    /// No less than the floor; the longest that applies counts.
    #[schemars(range(min = 1, max = PERIOD_DAYS_MAX))]
    pub days: Option<u32>,
    /// Instead of days: the period is taken back, and nothing is disposed of by it.
    #[schemars(with = "Option<bool>")]
    pub keep: bool,
    /// Stored for ever; nothing personal.
    #[schemars(length(min = 1, max = REASON_BYTES_MAX))]
    pub reason: String,
    /// The approval that another person gave, where persons are erased by it.
    pub approval: Option<ApprovalId>,
}

impl Order for PeriodOrder {
    fn read(body: &mut Members) -> Self {
        let days: Option<u32> = body.value("days");
        let keep: bool = body.value("keep").unwrap_or(false);
        if days.is_some() == keep {
            body.wrong("days", "or keep is given: one of them");
        }
        let code = body.text("preset");
        let preset = code.as_deref().and_then(Preset::of_code);
        if code.is_some() && preset.is_none() {
            body.wrong("preset", "is none of the presets");
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

/// Whether it is only looked.
#[derive(Debug, Clone, Copy, JsonSchema)]
#[schemars(extend("examples" = [{ "dry_run": true }]))]
pub struct RunOrder {
    /// Nothing is destroyed, and nothing stored: it says what is due.
    #[schemars(with = "Option<bool>")]
    pub dry_run: bool,
}

impl Order for RunOrder {
    fn read(body: &mut Members) -> Self {
        Self {
            dry_run: body.value("dry_run").unwrap_or(false),
        }
    }
}
