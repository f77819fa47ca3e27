//! `destroyed.list`: the ids of persons whose keys are gone for good, in a file that only grows.
//!
//! It stands beside `keys.db` and not in it, so that an older `keys.db` put back in its place brings no key
//! back: whoever opens the keys applies the list first. One line per person: the id, a space, the instant
//! (RFC 3339, UTC). A line is durable before the key's row is touched; a line cut by a crash is no line.

use crate::data_lock::sync_dir;
use domain::ids::CustomerId;
use domain::ports::vault::VaultError;
use domain::time::Timestamp;
use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Read, Write};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// The list's file inside the keys directory.
pub(super) const DESTROYED_FILE: &str = "destroyed.list";

/// Largest list that is read: about ten million persons.
const LIST_BYTES_MAX: u64 = 1 << 30;

/// Longest line: an id of 32 digits and an instant.
const LINE_BYTES_MAX: u64 = 128;

/// The list as it stands in a keys directory.
pub(super) struct DestroyedList {
    file: PathBuf,
}

impl DestroyedList {
    pub(super) fn of(dir: &Path) -> Self {
        Self {
            file: dir.join(DESTROYED_FILE),
        }
    }

    /// By person, the first instant; empty when there is no file.
    pub(super) fn read(&self) -> Result<BTreeMap<CustomerId, Timestamp>, VaultError> {
        let mut text = String::new();
        match File::open(&self.file) {
            Ok(file) => {
                let mut whole = file.take(LIST_BYTES_MAX);
                whole
                    .read_to_string(&mut text)
                    .map_err(|error| self.failed(&error))?;
            }
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(BTreeMap::new()),
            Err(error) => return Err(self.failed(&error)),
        }
        let mut destroyed = BTreeMap::new();
        // What stands behind the last line feed was cut by a crash and never acknowledged.
        for line in text.split_inclusive('\n').filter(|line| line.ends_with('\n')) {
            let (person, at) = parse(line).ok_or_else(|| {
                VaultError::WrongMaster(format!(
                    "{} is damaged: a line names no person and instant",
                    self.file.display()
                ))
            })?;
            destroyed.entry(person).or_insert(at);
        }
        Ok(destroyed)
    }

    /// Adds a person; file and name are durable when this returns.
    pub(super) fn add(&self, person: &CustomerId, at: Timestamp) -> Result<(), VaultError> {
        self.append(person, at).map_err(|error| self.failed(&error))
    }

    fn append(&self, person: &CustomerId, at: Timestamp) -> std::io::Result<()> {
        let mut options = OpenOptions::new();
        options.read(true).append(true).create(true).mode(0o600);
        let mut file = options.open(&self.file)?;
        cut_behind_last_line(&mut file)?;
        file.write_all(format!("{person} {at}\n").as_bytes())?;
        file.sync_all()?;
        match self.file.parent() {
            Some(dir) => sync_dir(dir),
            None => Ok(()),
        }
    }

    fn failed(&self, error: &std::io::Error) -> VaultError {
        VaultError::Unavailable(format!("{}: {error}", self.file.display()))
    }
}

/// What a crash cut is taken away, so that the next line stands on its own.
fn cut_behind_last_line(file: &mut File) -> std::io::Result<()> {
    let length = file.metadata()?.len();
    let start = length.saturating_sub(LINE_BYTES_MAX);
    let mut end = vec![0; usize::try_from(length - start).unwrap_or(0)];
    file.read_exact_at(&mut end, start)?;
    let whole = end
        .iter()
        .rposition(|byte| *byte == b'\n')
        .map_or(0, |at| at as u64 + 1);
    if start + whole < length {
        file.set_len(start + whole)?;
    }
    Ok(())
}

/// A whole line, or nothing.
pub(super) fn parse(line: &str) -> Option<(CustomerId, Timestamp)> {
    let (person, at) = line.strip_suffix('\n')?.split_once(' ')?;
    Some((person.parse().ok()?, at.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vault_contract::person;

    #[test]
    fn a_line_that_was_altered_is_damage_and_not_skipped() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join(DESTROYED_FILE), "nobody ever\n").unwrap();
        let read = DestroyedList::of(dir.path()).read();
        assert!(matches!(read, Err(VaultError::WrongMaster(_))), "{read:?}");
    }

    #[test]
    fn a_line_cut_anywhere_loses_nothing_before_or_behind_it() {
        let at = Timestamp::from_millis(1_000);
        let dir = tempfile::tempdir().unwrap();
        let list = DestroyedList::of(dir.path());
        list.add(&person(1), at).unwrap();
        let whole = std::fs::read(dir.path().join(DESTROYED_FILE)).unwrap();
        for length in 0..whole.len() {
            let mut text = whole.clone();
            text.extend(&whole[..length]);
            std::fs::write(dir.path().join(DESTROYED_FILE), &text).unwrap();
            list.add(&person(2), at).unwrap();
            let ids: Vec<_> = list.read().unwrap().into_keys().collect();
            assert_eq!(ids, [person(1), person(2)], "cut after {length}");
        }
    }
}
