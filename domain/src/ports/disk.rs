//! The Disk port: the few file operations a store needs, so that a simulated disk can lose what was not
//! synced.

use std::io;

/// Named files of bytes. `append` may be lost in a crash until `sync` has returned; `replace` is atomic
/// and durable when it returns (write aside, sync, rename, sync the directory).
pub trait Disk: Send + Sync {
    fn append(&self, file: &str, bytes: &[u8]) -> io::Result<()>;
    fn sync(&self, file: &str) -> io::Result<()>;
    fn replace(&self, file: &str, bytes: &[u8]) -> io::Result<()>;
    /// The whole file; empty when it does not exist.
    fn read(&self, file: &str) -> io::Result<Vec<u8>>;
}
