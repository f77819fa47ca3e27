//! Reads small files of an operator: a regular file up to a limit, never a pipe that would block the start.

use application::format_localized;
use rustix::fs::{Mode, OFlags};
use std::fs::File;
use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// The content of a file, and what decides which users can read it.
pub(crate) struct BoundedFile {
    pub(crate) bytes: Vec<u8>,
    /// The permission bits.
    pub(crate) mode: u32,
    /// The user id of the owner.
    pub(crate) owner: u32,
}

/// Reads the file at `path`. Fails if it cannot be opened, is no regular file, or is larger than `bytes_max`.
pub(crate) fn read(path: &Path, bytes_max: u64) -> Result<BoundedFile, String> {
    // Without NONBLOCK, opening a pipe waits for its writer.
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let opened = rustix::fs::open(path, flags, Mode::empty()).map_err(std::io::Error::from);
    let file = File::from(opened.map_err(|error| error.to_string())?);
    let facts = file.metadata().map_err(|error| error.to_string())?;
    if !facts.is_file() {
        return Err(format_localized!("不是普通文件", "it is not a regular file"));
    }
    let mut bytes = Vec::new();
    let read = file.take(bytes_max.saturating_add(1)).read_to_end(&mut bytes);
    let read = read.map_err(|error| error.to_string())?;
    if u64::try_from(read).unwrap_or(u64::MAX) > bytes_max {
        let kib = bytes_max / 1_024;
        return Err(format_localized!(
            "文件超过 {kib} KiB",
            "it is larger than {kib} KiB"
        ));
    }
    Ok(BoundedFile {
        bytes,
        mode: facts.mode() & 0o7777,
        owner: facts.uid(),
    })
}
