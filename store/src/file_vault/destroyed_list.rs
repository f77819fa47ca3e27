//! `destroyed.list`: the ids of persons with permanently destroyed keys, in a file that only grows.
//!
//! The file is separate from `keys.db`, so that an older copy of `keys.db` cannot bring a key back: each
//! opening of the keys applies the list first. A line has the person's id, a space, and the time of
//! destruction (RFC 3339, UTC). It is durable before the key's row is changed. A line without a line feed was
//! cut by a crash and is ignored.

use crate::data_lock::sync_dir;
use domain::ids::CustomerId;
use domain::ports::vault::VaultError;
use domain::time::Timestamp;
use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Read, Write};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// The name of the list in the keys directory.
pub(super) const DESTROYED_FILE: &str = "destroyed.list";

/// The most bytes of the list that are read: about ten million persons. The rest of a longer list is not
/// read.
const LIST_BYTES_MAX: u64 = 1 << 30;

/// The most bytes of a line: an id of 32 digits and a time.
const LINE_BYTES_MAX: u64 = 128;

/// The list of a keys directory.
pub(super) struct DestroyedList {
    file: PathBuf,
}

impl DestroyedList {
    pub(super) fn of(dir: &Path) -> Self {
        Self {
            file: dir.join(DESTROYED_FILE),
        }
    }

    /// Reads the list. Returns for each person the first time of destruction; empty if there is no file.
    /// Fails if a complete line is damaged.
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
        // Text after the last line feed was cut by a crash and never acknowledged.
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

    /// Appends a person with the time of destruction. The line and the file's name are durable when this
    /// returns. A person may be listed several times.
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

/// Removes an incomplete last line that a crash left, so that the next line is separate.
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

/// Parses a line with its line feed into person and time. Returns `None` for anything else.
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
        std::fs::write(dir.path().join(DESTROYED_FILE), "neither id nor time\n").unwrap();
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
