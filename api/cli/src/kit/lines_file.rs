//! A file of lines from outside: whether its last line was cut off, and a copy of a pipe.

use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::path::Path;

/// Largest list from a pipe: the national registry of the United States is 3 GB.
const FILE_BYTES_MAX: u64 = 8 * 1024 * 1024 * 1024;

/// Whether the last line of a text has no end. A workbook has none that could be cut off.
pub(crate) fn ends_open(path: &Path) -> std::io::Result<bool> {
    let mut file = File::open(path)?;
    let mut head = [0; 4];
    let count = file.read(&mut head)?;
    let is_workbook = head.get(..count).is_some_and(|head| head.starts_with(b"PK"));
    if is_workbook || file.seek(SeekFrom::End(-2)).is_err() {
        return Ok(!is_workbook);
    }
    let mut last = [0; 2];
    file.read_exact(&mut last)?;
    // In UTF-16 the line end is one of two bytes.
    Ok(!last.contains(&b'\n'))
}

/// The file under a path that can be read twice: a pipe is copied first. The copy is in the directory for
/// temporary files, only its owner can read it (0600), and it is removed when it is dropped.
pub(crate) fn regular(path: &Path) -> std::io::Result<Option<tempfile::NamedTempFile>> {
    if std::fs::metadata(path)?.is_file() {
        return Ok(None);
    }
    let mut copy = tempfile::NamedTempFile::new()?;
    let pipe = File::open(path)?.take(FILE_BYTES_MAX);
    if std::io::copy(&mut BufReader::new(pipe), &mut copy)? == FILE_BYTES_MAX {
        // A list that is cut off must not count as a whole one.
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
        let copy = regular(Path::new(&path)).unwrap().unwrap();
        let place = copy.path().to_owned();
        assert_eq!(std::fs::read(&place).unwrap(), b"13800138001\n");
        let mode = std::fs::metadata(&place).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert!(regular(&place).unwrap().is_none(), "a file is read where it is");
        drop(copy);
        assert!(!place.exists());
    }
}
