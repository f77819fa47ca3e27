//! The mark of a directory whose log is being filled: while the file is there, the log must not be served.
//!
//! It is durable before the first event and removed after the last, so a copy that is killed at any moment
//! leaves it behind. What fills the log writes its own name into it.

use crate::data_lock::sync_dir;
use crate::error::OpenError;
use domain::ports::event_store::StoreError;
use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::path::Path;

/// Beside the log, in the data directory.
const HALF_FILLED_FILE: &str = "half-filled";

/// From now on the directory's log counts as half filled by the command `by`. Answers false when it did
/// before. The caller holds the directory's `DataLock`.
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

/// The log is whole: everybody may open it.
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

/// Refuses a log that was filled half, unless the asker is about to fill it.
pub(super) fn permit(dir: &Path, half_filled: bool) -> Result<(), OpenError> {
    let file = dir.join(HALF_FILLED_FILE);
    if half_filled {
        return Ok(());
    }
    match fs::read_to_string(&file) {
        Ok(by) if by.is_empty() => Err(OpenError::HalfFilled {
            file: dir.to_owned(),
            // Killed between the mark and its name.
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
        assert_eq!(begin_filling(dir.path(), "events copy"), Ok(false), "another go");
        for refused in [open(dir.path(), false), read(dir.path())] {
            let text = refused.unwrap_err().to_string();
            assert!(
                text.contains("`ledgerline events copy`") && text.contains("run again"),
                "{text}"
            );
        }
        open(dir.path(), true).unwrap();
        assert!(
            open(dir.path(), false).is_err(),
            "filling on does not make it whole"
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
