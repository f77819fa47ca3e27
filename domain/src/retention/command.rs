//! The commands of the retention of one data class: set a period, begin and complete a disposal, record a
//! review.

use super::class::DataClass;
use super::event::{DisposalResult, DisposedItems, ReviewCounts};
use crate::calling_plan::Preset;
use crate::time::Timestamp;

/// The data of a disposal to begin. The decider adds its number and rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DisposalRequest {
    pub class: DataClass,
    pub preset: Preset,
    pub oldest_at: Timestamp,
    pub newest_at: Timestamp,
    pub what: DisposedItems,
    pub under: DisposalBasis,
}

/// The basis of a disposal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DisposalBasis {
    /// The retention period that was set.
    Period,
    /// An order that is recorded elsewhere. If no period is set, the floor must have passed.
    Order,
}

#[derive(Debug, Clone, PartialEq, Eq, derive::CommandName)]
#[command(aggregate = "retention")]
pub enum RetentionCommand {
    /// Sets the period in days for one preset, or for all presets without their own period. `days: None`
    /// removes it; the data is then kept.
    SetPeriod {
        class: DataClass,
        preset: Option<Preset>,
        days: Option<u32>,
        reason: String,
    },
    /// Begins a disposal: these items are destroyed next.
    BeginDisposal(Box<DisposalRequest>),
    /// Completes a disposal: the items are destroyed.
    CompleteDisposal { disposal: u64, result: DisposalResult },
    /// Records that a review looked for data to dispose of.
    Review(ReviewCounts),
}
