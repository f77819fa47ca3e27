//! What the events of one class add up to: its periods, a disposal that is under way, the last review.

use super::class::DataClass;
use super::event::{DisposalRule, DisposedThings, RetentionEvent, Reviewed};
use super::floor::{Floor, floor};
use crate::calling_plan::Preset;
use crate::time::Timestamp;
use std::collections::BTreeMap;

/// State of the retention of one class.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RetentionState {
    /// As set: of a preset, and of all that have none of their own.
    set: BTreeMap<Option<Preset>, u32>,
    disposals: u64,
    under_way: Option<UnderWay>,
    destroyed: u64,
    last_review: Option<LastReview>,
}

/// How long something is kept, and why so long.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Period {
    pub days: u32,
    pub rule: String,
}

/// A disposal that was begun and not completed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnderWay {
    pub disposal: u64,
    pub under: DisposalRule,
    pub what: DisposedThings,
}

/// When it was looked for what is due, and what was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastReview {
    pub at: Timestamp,
    pub reviewed: Reviewed,
}

impl RetentionState {
    /// What was set for a preset, or with none for all that have none of their own.
    pub fn set_for(&self, preset: Option<Preset>) -> Option<u32> {
        self.set.get(&preset).copied()
    }

    /// Nothing was ever set, or all of it was taken back: nothing is disposed of.
    pub fn is_unset(&self) -> bool {
        self.set.is_empty()
    }

    /// For how long data of this preset is kept: the longest of what was set for it, for all, and of the
    /// floor. `None` while nothing is set: then it is kept.
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

    /// The same for an order to destroy something: at the least the floor, whatever was set.
    pub fn period_of_order(&self, class: DataClass, preset: Preset) -> Period {
        let Floor { days, source } = floor(class, preset);
        self.period(class, preset).unwrap_or_else(|| Period {
            days,
            rule: source.to_owned(),
        })
    }

    /// Of a campaign's presets the one under which an order has to leave this class for longest; of equals
    /// the campaign's own, which comes first.
    pub fn longest_of_order(&self, class: DataClass, presets: &[Preset]) -> Preset {
        let presets = presets.iter().rev().copied();
        let longest = presets.max_by_key(|preset| self.period_of_order(class, *preset).days);
        longest.unwrap_or_default()
    }

    /// The disposal that was begun and not completed.
    pub const fn under_way(&self) -> Option<&UnderWay> {
        self.under_way.as_ref()
    }

    /// How many disposals were begun.
    pub const fn disposals(&self) -> u64 {
        self.disposals
    }

    /// How many things were destroyed, by all disposals.
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
                self.under_way = Some(UnderWay {
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
