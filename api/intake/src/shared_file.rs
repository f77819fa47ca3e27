//! One open file with several readers, each with its own position.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::fs::FileExt;
use std::sync::Arc;

/// A reader of the file, starting at its first byte. Clones do not move each other.
#[derive(Debug, Clone)]
pub(crate) struct SharedFile {
    file: Arc<File>,
    at: u64,
}

impl SharedFile {
    pub(crate) fn new(file: File) -> Self {
        Self {
            file: Arc::new(file),
            at: 0,
        }
    }

    /// Returns another reader, at the first byte.
    pub(crate) fn reopened(&self) -> Self {
        Self {
            file: Arc::clone(&self.file),
            at: 0,
        }
    }
}

impl Read for SharedFile {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.file.read_at(buffer, self.at)?;
        self.at += count as u64;
        Ok(count)
    }
}

impl Seek for SharedFile {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let (from, by) = match to {
            SeekFrom::Start(at) => (at, 0),
            SeekFrom::Current(by) => (self.at, by),
            SeekFrom::End(by) => (self.file.metadata()?.len(), by),
        };
        let before = || io::Error::new(io::ErrorKind::InvalidInput, "a place before the first byte");
        self.at = from.checked_add_signed(by).ok_or_else(before)?;
        Ok(self.at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    #[test]
    fn two_readers_do_not_move_each_other() {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(b"0123456789").unwrap();
        let mut first = SharedFile::new(file);
        let mut second = first.reopened();
        let mut three = [0; 3];
        first.read_exact(&mut three).unwrap();
        second.seek(SeekFrom::End(-1)).unwrap();
        let mut text = String::new();
        first.read_to_string(&mut text).unwrap();
        assert_eq!((&three, text.as_str()), (b"012", "3456789"));
        text.clear();
        second.read_to_string(&mut text).unwrap();
        assert_eq!(text, "9");
        assert!(second.seek(SeekFrom::Current(-11)).is_err());
    }
}
