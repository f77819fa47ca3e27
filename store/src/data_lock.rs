//! The lock of a data directory: one process writes to it; a second one is refused with the first one's
//! process id.
//!
//! The kernel releases the lock when the process ends, however it ends, so a stale lock cannot remain.

use crate::error::LockError;
use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// The name of the locked file in the directory. It contains the process id of its holder, which only the
/// error message uses.
pub const LOCK_FILE: &str = "lock";

/// The most bytes of a process id that are read from the lock file, including the line end.
const PID_BYTES_MAX: u64 = 16;

/// The lock of a data directory. It is held as long as this value lives.
#[derive(Debug)]
pub struct DataLock {
    file: File,
    dir: PathBuf,
}

impl DataLock {
    /// Creates the directory (mode 0700) if it does not exist, and locks it without waiting. Returns
    /// `Held`, with the holder's process id if known, if another process has the lock.
    pub fn acquire(dir: &Path) -> Result<Self, LockError> {
        let unavailable = |error: std::io::Error| LockError::Unavailable {
            dir: dir.to_owned(),
            why: error.to_string(),
        };
        create_private_dir(dir).map_err(unavailable)?;
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(dir.join(LOCK_FILE))
            .map_err(unavailable)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(LockError::Held {
                    dir: dir.to_owned(),
                    pid: read_pid(&mut file),
                });
            }
            Err(TryLockError::Error(error)) => return Err(unavailable(error)),
        }
        write_pid(&mut file).map_err(unavailable)?;
        Ok(Self {
            file,
            dir: dir.to_owned(),
        })
    }

    /// Returns the locked directory.
    pub fn dir(&self) -> &Path {
        &self.dir
    }
}

impl Drop for DataLock {
    fn drop(&mut self) {
        // Closing the file unlocks it as well; a failure here has no effect.
        drop(self.file.unlock());
    }
}

/// Creates a directory and its parents with mode 0700. An existing one is left unchanged.
pub(crate) fn create_private_dir(dir: &Path) -> std::io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(dir)
}

/// Syncs the directory and its parent, so that the names in it and its own name are durable.
pub(crate) fn sync_dir(dir: &Path) -> std::io::Result<()> {
    File::open(dir)?.sync_all()?;
    match dir.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        Some(parent) => File::open(parent)?.sync_all(),
        None => File::open(".")?.sync_all(),
    }
}

fn write_pid(file: &mut File) -> std::io::Result<()> {
    file.set_len(0)?;
    file.rewind()?;
    writeln!(file, "{}", std::process::id())
}

fn read_pid(file: &mut File) -> Option<u32> {
    let mut text = String::new();
    file.take(PID_BYTES_MAX).read_to_string(&mut text).ok()?;
    text.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_holder_is_refused_by_name_until_the_first_lets_go() {
        let dir = tempfile::tempdir().unwrap();
        let data = dir.path().join("data");
        let first = DataLock::acquire(&data).unwrap();
        let refused = DataLock::acquire(&data).unwrap_err();
        assert_eq!(
            refused,
            LockError::Held {
                dir: data.clone(),
                pid: Some(std::process::id())
            }
        );
        assert!(refused.to_string().contains("one process writes"), "{refused}");
        drop(first);
        assert_eq!(DataLock::acquire(&data).unwrap().dir(), data);
    }
}
