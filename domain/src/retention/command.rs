//! Requests to the retention of one class: set a period, begin and end a disposal, say that it was looked.

use super::class::DataClass;
use super::event::{DisposalResult, DisposedThings, Reviewed};
use crate::calling_plan::Preset;
use crate::time::Timestamp;

/// A disposal as it is asked for; its number and its rule are the decider's to say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Beginning {
    pub class: DataClass,
    pub preset: Preset,
    pub oldest_at: Timestamp,
    pub newest_at: Timestamp,
    pub what: DisposedThings,
    pub under: Under,
}

/// By what something is disposed of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Under {
    /// The period that was set.
    Period,
    /// An order that is on record elsewhere; where no period was set, the floor has to be past.
    Order,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RetentionCommand {
    /// For so many days; without them it is kept. Of one preset, or of all that have none of their own.
    SetPeriod {
        class: DataClass,
        preset: Option<Preset>,
        days: Option<u32>,
        reason: String,
    },
    /// These are destroyed next.
    BeginDisposal(Box<Beginning>),
    /// They are destroyed.
    CompleteDisposal { disposal: u64, result: DisposalResult },
    /// What is due was looked for.
    Review(Reviewed),
}

impl RetentionCommand {
    /// Its name, for logs.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::SetPeriod { .. } => "retention.set_period",
            Self::BeginDisposal(_) => "retention.begin_disposal",
            Self::CompleteDisposal { .. } => "retention.complete_disposal",
            Self::Review(_) => "retention.review",
        }
    }
}
