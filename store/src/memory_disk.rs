//! A disk in memory that never fails, for tests that need no disk failures.

use domain::ports::disk::Disk;
use std::collections::BTreeMap;
use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A disk that keeps files as byte vectors. Nothing is ever lost; the simulation has its own disk, which
/// can lose data.
#[derive(Debug, Default)]
pub struct MemoryDisk {
    files: Mutex<BTreeMap<String, Vec<u8>>>,
}

impl MemoryDisk {
    pub fn new() -> Self {
        Self::default()
    }

    fn files(&self) -> MutexGuard<'_, BTreeMap<String, Vec<u8>>> {
        self.files.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Disk for MemoryDisk {
    fn append(&self, file: &str, bytes: &[u8]) -> io::Result<()> {
        self.files()
            .entry(file.to_owned())
            .or_default()
            .extend_from_slice(bytes);
        Ok(())
    }

    fn sync(&self, _file: &str) -> io::Result<()> {
        Ok(())
    }

    fn truncate(&self, file: &str, bytes: u64) -> io::Result<()> {
        let bytes = usize::try_from(bytes).unwrap_or(usize::MAX);
        if let Some(file) = self.files().get_mut(file) {
            file.truncate(bytes);
        }
        Ok(())
    }

    fn read_part(&self, file: &str, from: u64, most: usize) -> io::Result<Vec<u8>> {
        let from = usize::try_from(from).unwrap_or(usize::MAX);
        let files = self.files();
        let rest = files.get(file).and_then(|file| file.get(from..));
        Ok(rest.map_or_else(Vec::new, |rest| rest.iter().take(most).copied().collect()))
    }
}
