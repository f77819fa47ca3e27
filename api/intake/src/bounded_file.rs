//! Files from outside, read whole and limited in size while they are read.
//!
//! The size that a file reports is not reliable: a pipe has none, and another program may still be writing
//! the file.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// Returns the bytes of the file at `path`. Fails with `FileTooLarge` if it has more than `bytes_max`; at
/// most one byte more than that is read.
pub fn read(path: &Path, bytes_max: usize) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let limit = u64::try_from(bytes_max).unwrap_or(u64::MAX);
    File::open(path)?
        .take(limit.saturating_add(1))
        .read_to_end(&mut bytes)?;
    if bytes.len() > bytes_max {
        let why = format!("it has more than the {bytes_max} bytes allowed");
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, why));
    }
    Ok(bytes)
}

/// Returns the file at `path` as text. Fails with `FileTooLarge` above `bytes_max` bytes, and with
/// `InvalidData` if it is not UTF-8.
pub fn read_text(path: &Path, bytes_max: usize) -> io::Result<String> {
    String::from_utf8(read(path, bytes_max)?)
        .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, format!("it is not UTF-8: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_read_up_to_its_limit_and_one_that_never_ends_is_given_up() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("flow.yaml");
        std::fs::write(&path, "four").unwrap();
        assert_eq!(read_text(&path, 4).unwrap(), "four");
        let too_large = read(&path, 3).unwrap_err();
        assert_eq!(too_large.kind(), io::ErrorKind::FileTooLarge);
        assert!(read(Path::new("/dev/zero"), 1_000).is_err());
    }
}
