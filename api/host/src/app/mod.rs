//! The composition root: store, vault, views, lines and speech are chosen here and nowhere else.

mod advertised;
mod assembly;
mod closable;
mod driver_lock;
mod error;
mod key_ownership;
mod kurrent_log;
mod lines;
mod lock_right;
mod log;
mod lost_log_check;
mod open_data_dir;
mod questions;
mod recognition;
mod rehearsal_time;
mod rows;
mod sandbox_assembly;
mod shared_log;
mod shutdown;
mod speech;
mod vault;

pub use advertised::resolve_advertised;
pub use assembly::InstallationUse;
pub(crate) use driver_lock::DriverLockAnswer;
pub use driver_lock::HeldLock;
pub use error::AppError;
pub use log::{ReadOnlyLog, RecordableLog, WritableLog};
pub use lost_log_check::find_log_leftovers;
pub use open_data_dir::OpenDataDir;
pub use questions::{idle_powers, missing_grant};
pub use recognition::{ask_writer, open_recognition, recognizer, writer};
pub use rows::WritableRows;
pub use speech::synthesizer;
pub use vault::{LookupVault, lookup_vault};

use domain::ports::worklist::Worklist;
use projections::Projections;
use std::sync::Arc;

/// Returns the worklist (due enrolments, open calls, timers) that reads the rows of running views.
pub fn worklist(views: &Projections) -> Arc<dyn Worklist> {
    Arc::new(views.worklist())
}
