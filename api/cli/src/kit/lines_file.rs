//! Text files with one entry per line that the user supplies: detects a cut-off last line, and copies a pipe
//! to a file.

use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::path::Path;

/// Largest input read from a pipe, in bytes. The national do-not-call registry of the United States has 3 GB.
const FILE_BYTES_MAX: u64 = 8 * 1024 * 1024 * 1024;

/// Returns true if the last line of a text file has no line end, so the file may be cut off. A workbook
/// returns false.
pub(crate) fn lacks_final_newline(path: &Path) -> std::io::Result<bool> {
    let mut file = File::open(path)?;
    let mut head = [0; 4];
    let count = file.read(&mut head)?;
    let is_workbook = head.get(..count).is_some_and(|head| head.starts_with(b"PK"));
    if is_workbook || file.seek(SeekFrom::End(-2)).is_err() {
        return Ok(!is_workbook);
    }
    let mut last = [0; 2];
    file.read_exact(&mut last)?;
    // In UTF-16 the line end is one of the last two bytes.
    Ok(!last.contains(&b'\n'))
}

/// Copies a pipe to a temporary file, so that it can be read twice; returns `None` for a regular file. The
/// copy is in the directory for temporary files, only its owner can read it (0600), and dropping the handle
/// deletes it.
pub(crate) fn copy_pipe(path: &Path) -> std::io::Result<Option<tempfile::NamedTempFile>> {
    if std::fs::metadata(path)?.is_file() {
        return Ok(None);
    }
    let mut copy = tempfile::NamedTempFile::new()?;
    let pipe = File::open(path)?.take(FILE_BYTES_MAX);
    if std::io::copy(&mut BufReader::new(pipe), &mut copy)? == FILE_BYTES_MAX {
        // A list that is cut off must not count as complete.
        let why = format!("a pipe must hold less than {FILE_BYTES_MAX} bytes: name a file");
        return Err(std::io::Error::other(why));
    }
    Ok(Some(copy))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;
    use std::os::fd::AsRawFd;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn the_copy_of_a_pipe_is_private_and_removed() {
        let (pipe, mut to) = std::io::pipe().unwrap();
        to.write_all(b"13800138001\n").unwrap();
        drop(to);
        let path = format!("/dev/fd/{}", pipe.as_raw_fd());
        let copy = copy_pipe(Path::new(&path)).unwrap().unwrap();
        let place = copy.path().to_owned();
        assert_eq!(std::fs::read(&place).unwrap(), b"13800138001\n");
        let mode = std::fs::metadata(&place).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert!(copy_pipe(&place).unwrap().is_none(), "a file is read where it is");
        drop(copy);
        assert!(!place.exists());
    }
}
