//! Creates files that only their owner can read, whatever the mode of the directory and the process's
//! umask.
//!
//! Reports, exports, samples and the server's address file contain data about persons or the machine. A
//! directory that was made by hand, or that is shared with readers of proofs, must not expose them.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;

/// File mode: read and write for the owner only.
const OWNER_ONLY: u32 = 0o600;

/// Opens a file for writing and empties it, with mode `OWNER_ONLY`. The mode of an existing file is
/// restricted before anything is written.
pub fn create(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    let file = options
        .create(true)
        .write(true)
        .truncate(true)
        .mode(OWNER_ONLY)
        .open(path)?;
    // A device or a pipe keeps its mode.
    if file.metadata()?.is_file() {
        file.set_permissions(Permissions::from_mode(OWNER_ONLY))?;
    }
    Ok(file)
}

/// Replaces the content of the file by `bytes`, with mode `OWNER_ONLY`.
pub fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    create(path)?.write_all(bytes)
}

/// Sets mode `OWNER_ONLY` on the files in a folder, which an earlier release may have created with a wider
/// one. A missing folder is not an error.
pub fn narrow(folder: &Path) -> io::Result<()> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    for entry in entries {
        let entry = entry?;
        let found = entry.metadata()?;
        let mode = found.permissions().mode();
        if found.is_file() && mode & 0o077 != 0 {
            fs::set_permissions(entry.path(), Permissions::from_mode(mode & 0o700))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn a_file_is_its_owners_alone_also_where_a_wider_one_stood() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("report.html");
        fs::write(&path, "old").unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o644)).unwrap();
        write(&path, b"new").unwrap();
        assert_eq!((mode(&path), fs::read(&path).unwrap()), (0o600, b"new".to_vec()));
    }

    #[test]
    fn what_an_earlier_release_left_is_narrowed_and_folders_are_not() {
        let folder = tempfile::tempdir().unwrap();
        let (file, inner) = (folder.path().join("a.wav"), folder.path().join("tile"));
        fs::write(&file, "x").unwrap();
        fs::set_permissions(&file, Permissions::from_mode(0o664)).unwrap();
        fs::create_dir(&inner).unwrap();
        fs::set_permissions(&inner, Permissions::from_mode(0o755)).unwrap();
        narrow(folder.path()).unwrap();
        assert_eq!((mode(&file), mode(&inner)), (0o600, 0o755));
        narrow(&folder.path().join("missing")).unwrap();
    }
}
