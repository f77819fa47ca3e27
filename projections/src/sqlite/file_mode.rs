//! The file mode of `views.db` and of SQLite's files beside it: read and written by the owner only.

use crate::error::ProjectionError;
use std::fs::{OpenOptions, Permissions};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;

/// Creates the file with mode 0600, whatever the directory's mode. SQLite gives its log and index files the
/// mode of the database; wider modes set by an earlier release are narrowed.
pub(super) fn make(path: &Path) -> Result<(), ProjectionError> {
    let narrow = || -> std::io::Result<()> {
        let mut options = OpenOptions::new();
        options.append(true).create(true).mode(0o600).open(path)?;
        for beside in ["", "-wal", "-shm"] {
            let mut name = path.as_os_str().to_owned();
            name.push(beside);
            match std::fs::set_permissions(&name, Permissions::from_mode(0o600)) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
                Ok(()) | Err(_) => {}
            }
        }
        Ok(())
    };
    narrow().map_err(|error| ProjectionError::Unavailable(format!("{}: {error}", path.display())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_their_owners_alone_also_those_of_an_earlier_release() {
        let folder = tempfile::tempdir().unwrap();
        let mode = |name: &str| {
            let found = std::fs::metadata(folder.path().join(name)).unwrap();
            found.permissions().mode() & 0o777
        };
        let path = folder.path().join("views.db");
        make(&path).unwrap();
        assert_eq!(mode("views.db"), 0o600);
        for name in ["views.db", "views.db-wal"] {
            let file = folder.path().join(name);
            std::fs::write(&file, "").unwrap();
            std::fs::set_permissions(&file, Permissions::from_mode(0o664)).unwrap();
        }
        make(&path).unwrap();
        assert_eq!((mode("views.db"), mode("views.db-wal")), (0o600, 0o600));
    }
}
