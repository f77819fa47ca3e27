//! The recent log lines of a server in its data directory, for a support bundle: two files that take turns.
//!
//! Only the owner of the directory may read them. They hold what standard error got; nothing waits for the
//! disk beyond the system's own buffer, and a line that cannot be written is left out.

use application::private_file;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// The file of the newest lines, and the one before it.
pub const RECENT_LOG_FILES: [&str; 2] = ["server.log", "server.log.1"];

/// Most bytes of one file: some thousand lines.
const FILE_BYTES_MAX: u64 = 1_048_576;

/// The file to which lines are written now.
pub(crate) struct RecentLog {
    folder: PathBuf,
    file: File,
    bytes: u64,
}

impl RecentLog {
    /// Begins a new file. The one of the last start becomes the older one.
    pub(crate) fn open(folder: &Path) -> io::Result<Self> {
        Ok(Self {
            folder: folder.to_owned(),
            file: next_file(folder)?,
            bytes: 0,
        })
    }

    /// Writes a line. A line that cannot be written is left out.
    pub(crate) fn write(&mut self, line: &[u8]) {
        let bytes = self.bytes.saturating_add(line.len() as u64);
        if bytes > FILE_BYTES_MAX
            && let Ok(file) = next_file(&self.folder)
        {
            self.file = file;
            self.bytes = 0;
        }
        if self.bytes < FILE_BYTES_MAX && self.file.write_all(line).is_ok() {
            self.bytes = self.bytes.saturating_add(line.len() as u64);
        }
    }

    #[cfg(test)]
    pub(crate) fn read(folder: &Path) -> io::Result<String> {
        read_recent_log(folder)
    }
}

fn next_file(folder: &Path) -> io::Result<File> {
    let [newest, older] = RECENT_LOG_FILES.map(|name| folder.join(name));
    match fs::rename(&newest, older) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    private_file::create(&newest)
}

/// Returns the recent lines in a data directory, oldest first; empty if no server has run there.
pub fn read_recent_log(folder: &Path) -> io::Result<String> {
    let mut text = String::new();
    for name in RECENT_LOG_FILES.iter().rev() {
        match fs::read(folder.join(name)) {
            Ok(bytes) => text.push_str(&String::from_utf8_lossy(&bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_files_of_a_limited_size_hold_the_newest_lines() {
        let folder = tempfile::tempdir().unwrap();
        let mut log = RecentLog::open(folder.path()).unwrap();
        let line = [b"x".repeat(9_999), b"\n".to_vec()].concat();
        for number in 0..400 {
            log.write(format!("{number}\n").as_bytes());
            log.write(&line);
        }
        for name in RECENT_LOG_FILES {
            let bytes = fs::metadata(folder.path().join(name)).unwrap().len();
            assert!((1..=FILE_BYTES_MAX).contains(&bytes), "{name} {bytes}");
        }
        let text = read_recent_log(folder.path()).unwrap();
        let numbers: Vec<u64> = text.lines().filter_map(|line| line.parse().ok()).collect();
        assert_eq!(numbers.last(), Some(&399));
        assert!(numbers.len() > 100 && numbers.is_sorted(), "{numbers:?}");
    }

    #[test]
    fn a_start_keeps_the_lines_of_the_one_before() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(read_recent_log(folder.path()).unwrap(), "");
        for line in ["first\n", "second\n", "third\n"] {
            RecentLog::open(folder.path()).unwrap().write(line.as_bytes());
        }
        assert_eq!(read_recent_log(folder.path()).unwrap(), "second\nthird\n");
    }
}
