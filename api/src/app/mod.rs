//! The composition root: every choice of store, vault, views, lines and speech is made here and nowhere else.

mod belonging;
mod closing;
mod driver_lock;
mod error;
mod kurrent_log;
mod left_behind;
mod lines;
mod log;
mod opened;
mod put_together;
mod questions;
mod rows;
mod shared;
mod speech;
mod vault;

pub(crate) use driver_lock::HeldLock;
pub(crate) use error::AppError;
pub(crate) use left_behind::left_behind;
pub(crate) use log::{ReadOnly, RecordableLog, WritableLog};
pub(crate) use opened::Opened;
pub(crate) use put_together::Askers;
pub(crate) use questions::missing_grant;
pub(crate) use rows::WritableRows;
pub(crate) use speech::synthesizer;
pub(crate) use vault::{LookupVault, lookup_vault};

use domain::ports::worklist::Worklist;
use projections::Projections;
use std::sync::Arc;

/// The worklist over running views.
pub(crate) fn worklist(views: &Projections) -> Arc<dyn Worklist> {
    Arc::new(views.worklist())
}
