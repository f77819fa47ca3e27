//! Metrics with names and versions: one file defines them, and one pure evaluator computes them from events.
//!
//! A metric is a term, or one term divided by another; a term is a query over events (`metrics.yaml`). The
//! view `metric_board` stores the sums of terms by hour. `drill_down` folds the log through the same
//! evaluator without the view, so a figure and the events behind it confirm each other.

mod catalog;
mod checks;
mod drill_down;
mod evaluate;
mod program;
mod reference;
mod term;

pub use catalog::{Catalog, Metric, MetricText, Unit, UnknownMetric, catalog};
pub use drill_down::{
    DrillDown, DrillError, DrillItem, DrillRequest, DrillTotals, ITEMS_MAX, MetricPart, drill_down,
};
pub(crate) use evaluate::{COMPLAINTS, MetricEventRef, is_of_call};
pub use evaluate::{Contribution, EventCount, MetricEvent, Subject, TrunkChange, subject_of};
pub use reference::reference;
pub use term::{CountingUnit, Term};

use domain::calendar::HOUR_MICROS;
use domain::ids::CampaignId;
use domain::time::Timestamp;

/// The calls or enrolments that a query of metrics covers: an optional campaign, and the hours from `from`
/// up to but not including `to`; both are full hours. `None` is unlimited.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Scope {
    pub campaign: Option<CampaignId>,
    pub from: Option<Timestamp>,
    pub to: Option<Timestamp>,
}

/// The error for a time range that does not start and end at full hours, or that ends before it starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WindowError {
    #[error("{0} is not a full hour: figures are recorded by the hour")]
    NotWholeHour(Timestamp),
    #[error("the time range ends at {to}, which is not after its start {from}")]
    Empty { from: Timestamp, to: Timestamp },
}

impl Scope {
    /// Returns an error if the time range does not start and end at full hours, or is empty: figures are
    /// sums of hours.
    pub fn check(&self) -> Result<(), WindowError> {
        for bound in [self.from, self.to].into_iter().flatten() {
            if bound.micros().rem_euclid(HOUR_MICROS) != 0 {
                return Err(WindowError::NotWholeHour(bound));
            }
        }
        match (self.from, self.to) {
            (Some(from), Some(to)) if to <= from => Err(WindowError::Empty { from, to }),
            _ => Ok(()),
        }
    }

    /// Returns the time range in microseconds since 1970; the end is excluded.
    pub(crate) fn hours(&self) -> (i64, i64) {
        let from = self.from.map_or(i64::MIN, Timestamp::micros);
        (from, self.to.map_or(i64::MAX, Timestamp::micros))
    }
}
