//! The composition root: store, vault, views, lines and speech are chosen here and nowhere else.

mod belonging;
mod closing;
mod driver_lock;
mod ending;
mod error;
mod hearing;
mod kurrent_log;
mod left_behind;
mod lines;
mod lock_right;
mod log;
mod opened;
mod put_together;
mod questions;
mod rows;
mod shared;
mod speech;
mod vault;

pub(crate) use driver_lock::Asked;
pub use driver_lock::HeldLock;
pub use error::AppError;
pub use hearing::{ask_writer, hearing, recognizer, writer};
pub use left_behind::left_behind;
pub use log::{ReadOnly, RecordableLog, WritableLog};
pub use opened::Opened;
pub use put_together::Askers;
pub use questions::{idle_powers, missing_grant};
pub use rows::WritableRows;
pub use speech::synthesizer;
pub use vault::{LookupVault, lookup_vault};

use domain::ports::worklist::Worklist;
use projections::Projections;
use std::sync::Arc;

/// Returns the worklist that reads from running views.
pub fn worklist(views: &Projections) -> Arc<dyn Worklist> {
    Arc::new(views.worklist())
}
