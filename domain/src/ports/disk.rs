//! The Disk port: the few file operations a store needs, so that a simulated disk can lose what was not
//! synced.

use std::io;

/// A part of a file as its readers ask for it.
pub const READ_BYTES: usize = 1 << 20;

/// Named files of bytes. `append` may be lost in a crash until `sync` has returned; `truncate` is atomic and
/// durable when it returns.
pub trait Disk: Send + Sync {
    fn append(&self, file: &str, bytes: &[u8]) -> io::Result<()>;
    fn sync(&self, file: &str) -> io::Result<()>;
    /// Keeps the file's first `bytes`.
    fn truncate(&self, file: &str, bytes: u64) -> io::Result<()>;
    /// At most `most` bytes from `from` on; none where the file ends there or does not exist.
    fn read_part(&self, file: &str, from: u64, most: usize) -> io::Result<Vec<u8>>;
    /// The whole file; empty when it does not exist.
    fn read(&self, file: &str) -> io::Result<Vec<u8>> {
        let mut whole = Vec::new();
        loop {
            let part = self.read_part(file, whole.len() as u64, READ_BYTES)?;
            if part.is_empty() {
                return Ok(whole);
            }
            whole.extend(part);
        }
    }
}
