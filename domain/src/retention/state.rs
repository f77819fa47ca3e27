//! The state of one data class, folded from its events: its periods, the open disposal and the last review.

use super::class::DataClass;
use super::event::{DisposalRule, DisposedItems, RetentionEvent, ReviewCounts};
use super::floor::{Floor, floor};
use crate::calling_plan::Preset;
use crate::time::Timestamp;
use std::collections::BTreeMap;

/// The state of the retention of one data class: periods, disposals and reviews.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RetentionState {
    /// Periods in days: by preset, and under `None` for all presets without their own.
    set: BTreeMap<Option<Preset>, u32>,
    disposals: u64,
    under_way: Option<OpenDisposal>,
    destroyed: u64,
    last_review: Option<LastReview>,
}

/// A retention period, with the rule that sets its length.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Period {
    pub days: u32,
    pub rule: String,
}

/// A disposal that has begun and is not completed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenDisposal {
    pub disposal: u64,
    pub under: DisposalRule,
    pub what: DisposedItems,
}

/// The last review of due data: its time and its result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastReview {
    pub at: Timestamp,
    pub reviewed: ReviewCounts,
}

impl RetentionState {
    /// Returns the period in days that a user set for a preset; with `None`, the one for all presets
    /// without their own. `None` if none is set.
    pub fn set_for(&self, preset: Option<Preset>) -> Option<u32> {
        self.set.get(&preset).copied()
    }

    /// Returns true if no retention period is set; then there is no disposal by period.
    pub fn is_unset(&self) -> bool {
        self.set.is_empty()
    }

    /// Returns the retention period for data of a preset: the longest of its own, the general one and the
    /// floor. `None` if no period is set; the data is then kept.
    pub fn period(&self, class: DataClass, preset: Preset) -> Option<Period> {
        let own = self
            .set_for(Some(preset))
            .map(|days| (days, "set for this preset"));
        let of_all = self.set_for(None).map(|days| (days, "set for all presets"));
        let least = floor(class, preset);
        let (days, why) = [own, of_all]
            .into_iter()
            .flatten()
            .max_by_key(|(days, _)| *days)?;
        let (days, rule) = if days >= least.days {
            (days, why)
        } else {
            (least.days, least.source)
        };
        Some(Period {
            days,
            rule: rule.to_owned(),
        })
    }

    /// Returns the age that data of a preset must have for a disposal by order: the retention period, or
    /// the floor if none is set.
    pub fn period_of_order(&self, class: DataClass, preset: Preset) -> Period {
        let Floor { days, source } = floor(class, preset);
        self.period(class, preset).unwrap_or_else(|| Period {
            days,
            rule: source.to_owned(),
        })
    }

    /// Returns that preset of a campaign with the longest period for a disposal by order. Of equal ones the
    /// first, which is the campaign's own.
    pub fn longest_of_order(&self, class: DataClass, presets: &[Preset]) -> Preset {
        let presets = presets.iter().rev().copied();
        let longest = presets.max_by_key(|preset| self.period_of_order(class, *preset).days);
        longest.unwrap_or_default()
    }

    /// Returns the disposal that has begun and is not completed; `None` if there is none.
    pub const fn under_way(&self) -> Option<&OpenDisposal> {
        self.under_way.as_ref()
    }

    /// Returns the number of disposals that have begun so far.
    pub const fn disposals(&self) -> u64 {
        self.disposals
    }

    /// Returns the number of items that all disposals of the class destroyed.
    pub const fn destroyed(&self) -> u64 {
        self.destroyed
    }

    pub const fn last_review(&self) -> Option<&LastReview> {
        self.last_review.as_ref()
    }

    pub(super) fn apply(&mut self, event: &RetentionEvent, at: Timestamp) {
        match event {
            RetentionEvent::PeriodSet {
                preset, after_days, ..
            } => match after_days {
                Some(days) => drop(self.set.insert(*preset, *days)),
                None => drop(self.set.remove(preset)),
            },
            RetentionEvent::DisposalBegun {
                disposal,
                under,
                what,
            } => {
                self.disposals = *disposal;
                self.under_way = Some(OpenDisposal {
                    disposal: *disposal,
                    under: under.clone(),
                    what: what.as_ref().clone(),
                });
            }
            RetentionEvent::Disposed { result, .. } => {
                self.under_way = None;
                self.destroyed = self.destroyed.saturating_add(result.destroyed);
            }
            RetentionEvent::Reviewed { reviewed } => {
                self.last_review = Some(LastReview {
                    at,
                    reviewed: reviewed.clone(),
                });
            }
        }
    }
}
