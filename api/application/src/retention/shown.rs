//! Retention as it is shown: each class with its periods, their floors and sources, and what was last done.

use crate::as_of::{Known, Moment, entity_then};
use crate::installation::Installation;
use domain::calling_plan::Preset;
use domain::problem::Problem;
use domain::retention::{DataClass, GENERAL_FLOOR, Retention, RetentionState, Reviewed, floor};
use domain::stored_event::StreamVersion;
use domain::time::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

/// The presets that periods are set for.
pub(super) const PERIODS: [Preset; 7] = Preset::ALL;

/// Milliseconds between two looks of a server.
pub(super) const DAILY_MS: u64 = 86_400_000;

/// What is kept without a period, and why.
const OTHERS: &[Other] = &[
    Other {
        what: "events",
        why: "the log is never rewritten: ids, times, counts and proofs stay; whoever is disposed of in it \
              cannot be read any more",
    },
    Other {
        what: "exports and bundles",
        why: "are files of whoever took them, on record as inquiry.exported; this server keeps none",
    },
    Other {
        what: "backups of keys",
        why: "are refused when they are more than 30 days old",
    },
];

/// Every class, and what has none.
#[derive(Debug, Serialize, JsonSchema)]
pub struct RetentionShown {
    pub classes: Vec<ClassShown>,
    pub others: &'static [Other],
}

/// Something that no period is set for.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Other {
    #[schemars(example = &"events")]
    what: &'static str,
    why: &'static str,
}

/// One class of data.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ClassShown {
    pub class: DataClass,
    pub class_zh: &'static str,
    /// For `If-Match`.
    #[schemars(example = &"\"v3\"")]
    pub etag: String,
    /// What was set for all presets that have none of their own.
    pub days: Option<u32>,
    pub floor_days: u32,
    #[schemars(example = &"six months")]
    pub floor_source: &'static str,
    pub presets: Vec<PeriodShown>,
    /// A disposal that is not completed.
    pub under_way: Option<u64>,
    pub disposals: u64,
    /// By all of them.
    pub destroyed: u64,
    /// When it was last looked for what is due, and what was found.
    pub last_review: Option<ReviewShown>,
    /// When a running server looks next; null where nothing is set.
    pub next_review_at: Option<Timestamp>,
    /// Of the past: where the answer lies.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub known: Option<Known>,
}

/// What applies under a preset.
#[derive(Debug, Serialize, JsonSchema)]
pub struct PeriodShown {
    pub preset: Preset,
    /// What was set for it.
    pub set_days: Option<u32>,
    /// What counts: the longest of what was set and the floor; null where nothing is set, and all is kept.
    pub days: Option<u32>,
    /// What that rests on.
    #[schemars(example = &"set for all presets")]
    pub rule: Option<String>,
    pub floor_days: u32,
    #[schemars(example = &"two years: GB/T 45251-2025")]
    pub floor_source: &'static str,
}

/// A look for what is due.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ReviewShown {
    pub at: Timestamp,
    #[serde(flatten)]
    pub reviewed: Reviewed,
}

/// Every class, now or at a moment.
pub async fn all(installation: &Installation, moment: Moment) -> Result<RetentionShown, Problem> {
    let mut classes = Vec::new();
    for class in DataClass::ALL {
        classes.push(of_class(installation, class, moment).await?);
    }
    Ok(RetentionShown {
        classes,
        others: OTHERS,
    })
}

/// One of them, now or at a moment.
pub async fn of_class(
    installation: &Installation,
    class: DataClass,
    moment: Moment,
) -> Result<ClassShown, Problem> {
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

/// One of them as it stands.
pub fn one(class: DataClass, state: &RetentionState, version: StreamVersion) -> ClassShown {
    let presets = PERIODS.into_iter().map(|preset| {
        let period = state.period(class, preset);
        let least = floor(class, preset);
        PeriodShown {
            preset,
            set_days: state.set_for(Some(preset)),
            days: period.as_ref().map(|period| period.days),
            rule: period.map(|period| period.rule),
            floor_days: least.days,
            floor_source: least.source,
        }
    });
    let last = state.last_review();
    ClassShown {
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
        last_review: last.map(|last| ReviewShown {
            at: last.at,
            reviewed: last.reviewed.clone(),
        }),
        next_review_at: last
            .filter(|_| !state.is_unset())
            .map(|last| last.at.plus_ms(DAILY_MS)),
        known: None,
    }
}
