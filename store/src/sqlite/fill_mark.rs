//! The mark of a directory with a log that is being filled: while the file exists, the log must not
//! be served.
//!
//! The mark is durable before the first event and removed after the last, so a copy that is killed at any
//! moment leaves it behind. It contains the name of the command that fills the log.

use crate::data_lock::sync_dir;
use crate::error::OpenError;
use domain::ports::event_store::StoreError;
use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::path::Path;

/// The name of the mark, in the data directory.
const HALF_FILLED_FILE: &str = "half-filled";

/// Marks the directory's log as being filled by the command `by`: until `end_filling` it cannot be served.
/// If it is marked already, returns false and keeps the mark. The caller holds the directory's `DataLock`.
pub fn begin_filling(dir: &Path, by: &str) -> Result<bool, StoreError> {
    let file = dir.join(HALF_FILLED_FILE);
    let made = || -> io::Result<()> {
        let mut file = File::create_new(&file)?;
        file.write_all(by.as_bytes())?;
        file.sync_all()?;
        sync_dir(dir)
    };
    match made() {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(unavailable(&file, &error)),
    }
}

/// Removes the mark of `begin_filling`: the log is complete and may be opened. Does nothing without a mark.
pub fn end_filling(dir: &Path) -> Result<(), StoreError> {
    let file = dir.join(HALF_FILLED_FILE);
    let removed = match fs::remove_file(&file) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        Ok(()) | Err(_) => sync_dir(dir),
    };
    removed.map_err(|error| unavailable(&file, &error))
}

fn unavailable(file: &Path, error: &io::Error) -> StoreError {
    StoreError::Unavailable(format!("{}: {error}", file.display()))
}

/// Returns an error if the log is incomplete, unless the caller opens it to fill it (`half_filled`).
pub(super) fn permit(dir: &Path, half_filled: bool) -> Result<(), OpenError> {
    let file = dir.join(HALF_FILLED_FILE);
    if half_filled {
        return Ok(());
    }
    match fs::read_to_string(&file) {
        Ok(by) if by.is_empty() => Err(OpenError::HalfFilled {
            file: dir.to_owned(),
            // The command was killed before it wrote its name.
            by: "events copy".to_owned(),
        }),
        Ok(by) => Err(OpenError::HalfFilled {
            file: dir.to_owned(),
            by,
        }),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        Err(error) => Err(OpenError::unavailable(&file, &error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::SuiteTasks;
    use crate::sqlite::{SqliteEventStore, SqliteOptions};
    use crate::test_ports::StepClock;
    use domain::ports::clock::Clock;
    use std::sync::Arc;

    fn open(dir: &Path, half_filled: bool) -> Result<(), OpenError> {
        let (clock, tasks) = (Arc::<StepClock>::default(), SuiteTasks::default());
        let options = SqliteOptions {
            half_filled,
            ..SqliteOptions::default()
        };
        SqliteEventStore::open(dir, clock, &tasks, &options).map(drop)
    }

    fn read(dir: &Path) -> Result<(), OpenError> {
        let clock: Arc<dyn Clock> = Arc::<StepClock>::default();
        SqliteEventStore::open_read_only(dir, clock, &SuiteTasks::default()).map(drop)
    }

    #[tokio::test]
    async fn a_half_filled_directory_is_refused_to_all_but_those_who_fill_it_until_it_is_whole() {
        let dir = tempfile::tempdir().unwrap();
        open(dir.path(), false).unwrap();
        assert_eq!(begin_filling(dir.path(), "events copy"), Ok(true));
        assert_eq!(
            begin_filling(dir.path(), "events copy"),
            Ok(false),
            "a second call"
        );
        for refused in [open(dir.path(), false), read(dir.path())] {
            let text = refused.unwrap_err().to_string();
            assert!(
                text.contains("`ledgerline events copy`") && text.contains("run it again"),
                "{text}"
            );
        }
        open(dir.path(), true).unwrap();
        assert!(
            open(dir.path(), false).is_err(),
            "opening it to fill it does not remove the mark"
        );
        end_filling(dir.path()).unwrap();
        open(dir.path(), false).unwrap();
        read(dir.path()).unwrap();
        end_filling(dir.path()).unwrap();
    }

    #[tokio::test]
    async fn a_mark_without_a_name_is_a_mark() {
        let dir = tempfile::tempdir().unwrap();
        open(dir.path(), false).unwrap();
        File::create(dir.path().join(HALF_FILLED_FILE)).unwrap();
        assert!(matches!(
            open(dir.path(), false),
            Err(OpenError::HalfFilled { .. })
        ));
    }
}
