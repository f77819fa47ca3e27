//! Replies about retention: each class with its periods, their floors and sources, and its last review.

use crate::as_of::{Moment, PastMomentInfo, entity_then};
use crate::installation::Installation;
use domain::calling_plan::Preset;
use domain::problem::Problem;
use domain::retention::{DataClass, GENERAL_FLOOR, Retention, RetentionState, ReviewCounts, floor};
use domain::stored_event::StreamVersion;
use domain::time::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

/// The presets that periods can be set for.
pub(super) const PERIODS: [Preset; 7] = Preset::ALL;

/// Interval between two runs of a server, in milliseconds.
pub(super) const DAILY_MS: u64 = 86_400_000;

/// The data without a period, and why.
const OTHERS: &[DataWithoutPeriod] = &[
    DataWithoutPeriod {
        what: "events",
        why: "the log is never rewritten: ids, times, counts and proofs stay; personal data disposed of \
              cannot be read any more",
    },
    DataWithoutPeriod {
        what: "exports and bundles",
        why: "are files of the user who made them, recorded as inquiry.exported; this server keeps none",
    },
    DataWithoutPeriod {
        what: "backups of keys",
        why: "are refused when they are more than 30 days old",
    },
];

/// All classes of data, and what has no period.
#[derive(Debug, Serialize, JsonSchema)]
pub struct RetentionResponse {
    pub classes: Vec<DataClassResponse>,
    pub others: &'static [DataWithoutPeriod],
}

/// Data that has no period, with the reason.
#[derive(Debug, Serialize, JsonSchema)]
pub struct DataWithoutPeriod {
    #[schemars(example = &"events")]
    what: &'static str,
    why: &'static str,
}

/// One class of data with its periods, disposals and last review.
#[derive(Debug, Serialize, JsonSchema)]
pub struct DataClassResponse {
    pub class: DataClass,
    pub class_zh: &'static str,
    /// Version that was read. Send it as `If-Match` when you change the period.
    #[schemars(example = &"\"v3\"")]
    pub etag: String,
    /// Period for all presets without one of their own.
    pub days: Option<u32>,
    pub floor_days: u32,
    #[schemars(example = &"six months")]
    pub floor_source: &'static str,
    pub presets: Vec<RetentionPeriodResponse>,
    /// Number of a disposal that is not completed.
    pub under_way: Option<u64>,
    pub disposals: u64,
    /// Things destroyed by all disposals so far.
    pub destroyed: u64,
    /// When it was last reviewed, and what was found.
    pub last_review: Option<RetentionReviewResponse>,
    /// When a running server next disposes of what is due; null if no period is set.
    pub next_review_at: Option<Timestamp>,
    /// For a question about the past: the log position and time up to which this reply was computed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub known: Option<PastMomentInfo>,
}

/// The period of a class of data under one preset, with the rule and the floor.
#[derive(Debug, Serialize, JsonSchema)]
pub struct RetentionPeriodResponse {
    pub preset: Preset,
    /// The period that was set for the preset itself.
    pub set_days: Option<u32>,
    /// The period that applies: the longest of those set and the floor; null if none is set and everything
    /// is kept.
    pub days: Option<u32>,
    /// The rule that this period comes from.
    #[schemars(example = &"set for all presets")]
    pub rule: Option<String>,
    pub floor_days: u32,
    #[schemars(example = &"two years: GB/T 45251-2025")]
    pub floor_source: &'static str,
}

/// A review of the data that is due, and when it was made.
#[derive(Debug, Serialize, JsonSchema)]
pub struct RetentionReviewResponse {
    pub at: Timestamp,
    #[serde(flatten)]
    pub reviewed: ReviewCounts,
}

/// Returns all classes of data with their periods, now or at a past moment, and the data without a period.
pub async fn all(installation: &Installation, moment: Moment) -> Result<RetentionResponse, Problem> {
    let mut classes = Vec::new();
    for class in DataClass::ALL {
        classes.push(of_class(installation, class, moment).await?);
    }
    Ok(RetentionResponse {
        classes,
        others: OTHERS,
    })
}

/// Returns one class of data with its periods, now or at a past moment.
pub async fn of_class(
    installation: &Installation,
    class: DataClass,
    moment: Moment,
) -> Result<DataClassResponse, Problem> {
    let store = installation.store();
    let Some(then) = moment.asked(store, installation.now()).await? else {
        let loaded = installation.entities.retentions.state(&class).await?;
        return Ok(one(class, &loaded.state, loaded.version));
    };
    let entity = entity_then::<Retention>(store, &class, &then, installation.vault(), None).await?;
    let mut shown = one(class, &entity.state, StreamVersion(entity.events));
    shown.known = Some(entity.known(&then));
    Ok(shown)
}

/// Returns one class of data in this state for the API.
pub fn one(class: DataClass, state: &RetentionState, version: StreamVersion) -> DataClassResponse {
    let presets = PERIODS.into_iter().map(|preset| {
        let period = state.period(class, preset);
        let least = floor(class, preset);
        RetentionPeriodResponse {
            preset,
            set_days: state.set_for(Some(preset)),
            days: period.as_ref().map(|period| period.days),
            rule: period.map(|period| period.rule),
            floor_days: least.days,
            floor_source: least.source,
        }
    });
    let last = state.last_review();
    DataClassResponse {
        class,
        class_zh: class.label_zh(),
        etag: format!("\"v{}\"", version.0),
        days: state.set_for(None),
        floor_days: GENERAL_FLOOR.days,
        floor_source: GENERAL_FLOOR.source,
        presets: presets.collect(),
        under_way: state.under_way().map(|under_way| under_way.disposal),
        disposals: state.disposals(),
        destroyed: state.destroyed(),
        last_review: last.map(|last| RetentionReviewResponse {
            at: last.at,
            reviewed: last.reviewed.clone(),
        }),
        next_review_at: last
            .filter(|_| !state.is_unset())
            .map(|last| last.at.plus_ms(DAILY_MS)),
        known: None,
    }
}
