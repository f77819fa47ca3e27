//! The rows of a directory that no server writes, with the log they are made from: for rebuilding them.

use super::{AppError, ReadOnly};
use crate::store_spec::StoreSpec;
use projections::SqliteReadDb;
use std::path::Path;
use std::sync::Arc;
use store::DataLock;

/// Rows to write, and a log to read.
pub(crate) struct WritableRows {
    pub(crate) log: ReadOnly,
    rows: Arc<SqliteReadDb>,
    _lock: DataLock,
}

impl WritableRows {
    pub(crate) async fn open(directory: &Path, spec: &StoreSpec) -> Result<Self, AppError> {
        let lock = DataLock::acquire(directory)?;
        let log = ReadOnly::of(spec).await?;
        let rows = Arc::new(SqliteReadDb::open(directory, log.tasks.as_ref())?);
        Ok(Self {
            log,
            rows,
            _lock: lock,
        })
    }

    pub(crate) fn rows(&self) -> Arc<SqliteReadDb> {
        Arc::clone(&self.rows)
    }

    pub(crate) async fn close(self) {
        drop(self.rows);
        self.log.close().await;
    }
}
