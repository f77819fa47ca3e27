//! More readers of a `views.db` that another part of this process has open for writing, so that long reads do
//! not block other readers.

use super::{ExecutionMode, FILE_NAME, SqliteReadDb, workers};
use crate::error::ProjectionError;
use crate::threads::Threads;
use domain::ports::tasks::Tasks;
use std::path::Path;

impl SqliteReadDb {
    /// Opens `views.db` for reading on threads of its own, which end when this is dropped or the tasks
    /// stop. Writing is refused.
    pub fn open_readers(dir: &Path, tasks: &dyn Tasks) -> Result<Self, ProjectionError> {
        let readers = workers(&dir.join(FILE_NAME))?;
        Ok(Self {
            place: ExecutionMode::Threads(Threads::begin(None, readers, tasks)),
        })
    }
}
