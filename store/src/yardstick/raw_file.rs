//! A baseline: a file that is only appended to and synced. It shows the disk's own limit for a commit.

use super::YardstickError;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::Path;

/// A growing file; each commit is one write and one fdatasync.
pub struct RawFile {
    file: File,
    buffer: Vec<u8>,
}

impl RawFile {
    /// Creates the file, or empties an existing one.
    pub fn create(path: &Path) -> Result<Self, YardstickError> {
        let file = OpenOptions::new()
            .create(true)
            .write(true)
            .truncate(true)
            .open(path)?;
        Ok(Self {
            file,
            buffer: Vec::new(),
        })
    }

    /// Appends the bytes of all records to this file in one write, without framing, then syncs it
    /// (fdatasync). Returns when they are on disk.
    pub fn commit<'a>(&mut self, records: impl Iterator<Item = &'a [u8]>) -> Result<(), YardstickError> {
        self.buffer.clear();
        for record in records {
            self.buffer.extend_from_slice(record);
        }
        self.file.write_all(&self.buffer)?;
        Ok(self.file.sync_data()?)
    }
}
