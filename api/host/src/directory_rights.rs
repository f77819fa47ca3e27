//! Whether this process may use a data directory: its user can write it, and no newer version of ledgerline
//! has written into it.

use crate::data_dir::{self, DataDirError, Mode};
use rustix::fs::{Access, access};
use rustix::io::Errno;
use rustix::process::{getegid, geteuid};
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// The version of this program.
const OWN_VERSION: &str = env!("CARGO_PKG_VERSION");

/// A folder that the root of a file system has; it belongs to root on every system.
const RECOVERY_FOLDER: &str = "lost+found";

/// Fails if this process cannot use the directory for a run of this mode. Writes nothing.
pub(crate) fn check_directory(dir: &Path, mode: Mode) -> Result<(), DataDirError> {
    refuse_unwritable(dir)?;
    data_dir::refuse_downgrade(dir)?;
    data_dir::refuse_other_mode(dir, mode)
}

/// Fails if the directory, or a file of another user in it, cannot be written by this process's user. A
/// missing directory passes: it is created later.
fn refuse_unwritable(dir: &Path) -> Result<(), DataDirError> {
    match find_unwritable(dir) {
        None => Ok(()),
        Some(path) => Err(DataDirError::NotWritable {
            path,
            dir: dir.to_owned(),
            user: geteuid().as_raw(),
            group: getegid().as_raw(),
        }),
    }
}

fn find_unwritable(dir: &Path) -> Option<PathBuf> {
    if is_denied(dir, Access::READ_OK | Access::WRITE_OK | Access::EXEC_OK) {
        return Some(dir.to_owned());
    }
    let entries = fs::read_dir(dir).ok()?.flatten();
    let mut foreign = entries.filter(|entry| {
        let owner = entry.metadata().map(|found| found.uid());
        owner.is_ok_and(|owner| owner != geteuid().as_raw()) && entry.file_name() != RECOVERY_FOLDER
    });
    foreign
        .find(|entry| is_denied(&entry.path(), Access::READ_OK | Access::WRITE_OK))
        .map(|entry| entry.path())
}

/// Returns true if the mode or owner of a file denies the access. Other causes, such as a read-only file
/// system, have other remedies and are reported by the write that fails.
fn is_denied(path: &Path, wanted: Access) -> bool {
    access(path, wanted) == Err(Errno::ACCESS)
}

/// Fails if a newer version has written into the directory: this one may not know its events and tables.
pub(crate) fn refuse_newer_version(dir: &Path, written_by: Option<&str>) -> Result<(), DataDirError> {
    match written_by {
        Some(version) if order(version) > order(OWN_VERSION) => Err(DataDirError::NewerVersion {
            dir: dir.to_owned(),
            version: version.to_owned(),
            own: OWN_VERSION,
        }),
        Some(_) | None => Ok(()),
    }
}

/// Returns the version of this program.
pub(crate) const fn own_version() -> &'static str {
    OWN_VERSION
}

/// The order of versions: numbers, then pre-releases before their release (SemVer 2.0.0, 11). A text without
/// numbers is the oldest.
fn order(version: &str) -> ([u64; 3], bool, &str) {
    let version = version.split('+').next().unwrap_or_default();
    let (core, pre) = version.split_once('-').unwrap_or((version, ""));
    let mut parts = core.split('.').map(|part| part.parse().unwrap_or(0));
    let mut next = || parts.next().unwrap_or(0);
    ([next(), next(), next()], pre.is_empty(), pre)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_ordered_by_their_numbers_and_a_pre_release_comes_first() {
        let ordered = [
            "0.1.0-rc.1",
            "0.1.0",
            "0.1.9",
            "0.1.10",
            "0.2.0-rc.1",
            "0.2.0",
            "10.0.0",
        ];
        for pair in ordered.windows(2) {
            assert!(order(pair[0]) < order(pair[1]), "{pair:?}");
        }
        assert_eq!(order("0.1.0"), order("0.1.0+build.7"));
    }

    #[test]
    fn only_a_newer_version_is_refused_and_it_is_named() {
        let dir = Path::new("data");
        for version in [None, Some("0.0.1"), Some(OWN_VERSION), Some("unknown")] {
            assert!(refuse_newer_version(dir, version).is_ok(), "{version:?}");
        }
        let refused = refuse_newer_version(dir, Some("99.1.0")).unwrap_err();
        assert!(refused.to_string().contains("99.1.0"), "{refused}");
    }

    #[test]
    fn an_own_directory_and_a_missing_one_pass() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("events.db"), "").unwrap();
        assert!(refuse_unwritable(dir.path()).is_ok());
        assert!(refuse_unwritable(&dir.path().join("missing")).is_ok());
    }

    #[test]
    fn the_refusal_names_the_path_and_the_remedy() {
        let refused = DataDirError::NotWritable {
            path: "/data/events.db".into(),
            dir: "/data".into(),
            user: 10001,
            group: 10001,
        };
        let text = refused.to_string();
        assert!(
            text.contains("/data/events.db") && text.contains("chown -R 10001:10001 /data"),
            "{text}"
        );
    }
}
