//! The Disk port: the few file operations that a store needs. A simulated disk can lose what was not synced.

use std::io;

/// Bytes that `read` requests from a file at a time.
pub const READ_BYTES: usize = 1 << 20;

/// Named files of a store. A crash may lose an `append` until `sync` has returned. `truncate` is atomic,
/// and durable when it returns.
pub trait Disk: Send + Sync {
    fn append(&self, file: &str, bytes: &[u8]) -> io::Result<()>;
    fn sync(&self, file: &str) -> io::Result<()>;
    /// Cuts the file to its first `bytes` bytes.
    fn truncate(&self, file: &str, bytes: u64) -> io::Result<()>;
    /// Returns at most `most` bytes of the file from offset `from`; empty at the end of the file or if it
    /// does not exist.
    fn read_part(&self, file: &str, from: u64, most: usize) -> io::Result<Vec<u8>>;
    /// Returns the whole file; empty if it does not exist.
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
