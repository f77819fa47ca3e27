//! More readers of a `views.db` that another part of this process has open and writes: long reads have
//! connections that nobody waits for.

use super::{FILE_NAME, Place, SqliteReadDb, workers};
use crate::error::ProjectionError;
use crate::threads::Threads;
use domain::ports::tasks::Tasks;
use std::path::Path;

impl SqliteReadDb {
    /// Reads only, on threads of its own, which end when this is dropped or the tasks are stopping.
    pub fn open_beside(dir: &Path, tasks: &dyn Tasks) -> Result<Self, ProjectionError> {
        let readers = workers(&dir.join(FILE_NAME))?;
        Ok(Self {
            place: Place::Threads(Threads::begin(None, readers, tasks)),
        })
    }
}
