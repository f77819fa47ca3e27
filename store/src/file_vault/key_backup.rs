//! A backup of the keys, in a file of its own: never in a backup of events, and of use for 30 days.
//!
//! Lines of JSON: a head with the date, one line per wrapped key, one per destroyed one, and a foot with the
//! SHA-256 of all before it. Keys stand in it wrapped, as in `keys.db`; without the master key it opens
//! nothing. A restore leaves out every person that any list of destroyed keys names.

use super::destroyed_list::DestroyedList;
use super::keys::KEYS_FILE;
use super::wrapped::{Wrapped, WrappedInstallation, read_wrapped, write_wrapped};
use crate::data_lock::{create_private_dir, sync_dir};
use crate::sealing::hex;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use domain::customer::KEY_BACKUP_DAYS_MAX;
use domain::ids::CustomerId;
use domain::ports::vault::VaultError;
use domain::time::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// Largest backup that is read: a million keys take about 150 MB.
const BACKUP_BYTES_MAX: u64 = 4 * 1024 * 1024 * 1024;

/// A day: backups age in whole ones.
const DAY_MS: u64 = 24 * 3_600_000;

/// Where a restore makes the key file before it gets its name.
const RESTORING_FILE: &str = "keys.db.restoring";

/// Why a backup of keys was not made or not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyBackupError {
    #[error(
        "the backup of the keys is {days} days old; after {KEY_BACKUP_DAYS_MAX} it may bring back erased persons"
    )]
    TooOld { days: u64 },
    #[error("the backup of the keys is damaged: {0}")]
    Damaged(String),
    #[error("{0}")]
    Misplaced(String),
    #[error("{path}: {why}")]
    Disk { path: PathBuf, why: String },
    #[error(transparent)]
    Vault(#[from] VaultError),
}

/// What a backup holds, or what of it was restored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyBackup {
    pub taken_at: Timestamp,
    pub keys_count: u64,
    /// Persons whose keys are destroyed, by any list at hand.
    pub destroyed_count: u64,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Line {
    Head {
        /// Of this format.
        version: u32,
        taken_at: Timestamp,
        installation: String,
        check_value: String,
        secret: String,
        wrapping: i64,
    },
    Key {
        person: CustomerId,
        wrapped: String,
    },
    Destroyed {
        person: CustomerId,
        at: Timestamp,
    },
    Foot {
        sha256: String,
    },
}

/// Writes a backup of the keys in `dir` to `out`, which must not exist; also while a server runs.
pub fn back_up_keys(dir: &Path, out: &Path, now: Timestamp) -> Result<KeyBackup, KeyBackupError> {
    refuse_place(out)?;
    let Wrapped { installation, keys } = read_wrapped(dir)?;
    let destroyed = DestroyedList::of(dir).read()?;
    let mut text = String::new();
    let head = Line::Head {
        version: 1,
        taken_at: now,
        installation: installation.id,
        check_value: STANDARD.encode(&installation.check_value),
        secret: STANDARD.encode(&installation.secret),
        wrapping: installation.wrapping,
    };
    push(&mut text, &head)?;
    let mut keys_count = 0;
    for (person, wrapped) in keys {
        if destroyed.contains_key(&person) {
            continue;
        }
        keys_count += 1;
        let wrapped = STANDARD.encode(wrapped);
        push(&mut text, &Line::Key { person, wrapped })?;
    }
    for (person, at) in &destroyed {
        let (person, at) = (person.clone(), *at);
        push(&mut text, &Line::Destroyed { person, at })?;
    }
    let sha256 = hex(&Sha256::digest(text.as_bytes()));
    push(&mut text, &Line::Foot { sha256 })?;
    write_new(out, &text).map_err(|error| disk(out, &error))?;
    Ok(KeyBackup {
        taken_at: now,
        keys_count,
        destroyed_count: destroyed.len() as u64,
    })
}

/// Makes `dir/keys.db` from a backup, without the keys of everyone whom the backup, the list in `dir` or
/// `erased` (what the log says) names. A directory that has keys is refused: theirs are newer.
pub fn restore_keys(
    backup: &Path,
    dir: &Path,
    erased: &BTreeMap<CustomerId, Timestamp>,
    now: Timestamp,
) -> Result<KeyBackup, KeyBackupError> {
    let target = dir.join(KEYS_FILE);
    if target.exists() {
        return Err(KeyBackupError::Misplaced(format!(
            "{} is there; move it away first, and leave destroyed.list where it is",
            target.display()
        )));
    }
    let mut read = read_backup(backup)?;
    let days = now.ms_since(read.taken_at) / DAY_MS;
    if now.ms_since(read.taken_at) > u64::from(KEY_BACKUP_DAYS_MAX) * DAY_MS {
        return Err(KeyBackupError::TooOld { days });
    }
    create_private_dir(dir).map_err(|error| disk(dir, &error))?;
    let list = DestroyedList::of(dir);
    let listed = list.read()?;
    for (person, at) in read.destroyed.iter().chain(erased) {
        if !listed.contains_key(person) {
            list.add(person, *at)?;
        }
    }
    let destroyed = list.read()?;
    read.wrapped
        .keys
        .retain(|person, _| !destroyed.contains_key(person));
    let making = dir.join(RESTORING_FILE);
    if making.exists() {
        fs::remove_file(&making).map_err(|error| disk(&making, &error))?;
    }
    write_wrapped(&making, &read.wrapped)?;
    fs::rename(&making, &target)
        .and_then(|()| sync_dir(dir))
        .map_err(|error| disk(&target, &error))?;
    Ok(KeyBackup {
        taken_at: read.taken_at,
        keys_count: read.wrapped.keys.len() as u64,
        destroyed_count: destroyed.len() as u64,
    })
}

/// A backup, read whole and found intact.
struct ReadBackup {
    taken_at: Timestamp,
    wrapped: Wrapped,
    destroyed: BTreeMap<CustomerId, Timestamp>,
}

fn read_backup(file: &Path) -> Result<ReadBackup, KeyBackupError> {
    let length = fs::metadata(file).map_err(|error| disk(file, &error))?.len();
    if length > BACKUP_BYTES_MAX {
        return Err(damaged("it is larger than any backup of keys"));
    }
    let text = fs::read_to_string(file).map_err(|error| disk(file, &error))?;
    let lines = checked(&text)?;
    let mut lines = lines.lines().map(serde_json::from_str::<Line>);
    let Some(Ok(Line::Head {
        version: 1,
        taken_at,
        installation,
        check_value,
        secret,
        wrapping,
    })) = lines.next()
    else {
        return Err(damaged("it begins with no head that this build reads"));
    };
    let mut read = ReadBackup {
        taken_at,
        wrapped: Wrapped {
            installation: WrappedInstallation {
                id: installation,
                check_value: bytes_of(&check_value)?,
                secret: bytes_of(&secret)?,
                wrapping,
            },
            keys: BTreeMap::new(),
        },
        destroyed: BTreeMap::new(),
    };
    for line in lines {
        match line {
            Ok(Line::Key { person, wrapped }) => {
                read.wrapped.keys.insert(person, bytes_of(&wrapped)?);
            }
            Ok(Line::Destroyed { person, at }) => {
                read.destroyed.insert(person, at);
            }
            Ok(Line::Head { .. } | Line::Foot { .. }) => {
                return Err(damaged("a line stands where none belongs"));
            }
            Err(error) => return Err(damaged(&error.to_string())),
        }
    }
    Ok(read)
}

/// The lines before the foot, when its hash is theirs.
fn checked(text: &str) -> Result<&str, KeyBackupError> {
    let body = text.strip_suffix('\n').ok_or_else(|| damaged("it is cut off"))?;
    let (before, foot) = match body.rsplit_once('\n') {
        Some((before, foot)) => (text.get(..=before.len()).unwrap_or(""), foot),
        None => ("", body),
    };
    match serde_json::from_str(foot) {
        Ok(Line::Foot { sha256 }) if sha256 == hex(&Sha256::digest(before.as_bytes())) => Ok(before),
        Ok(Line::Foot { .. }) => Err(damaged("its hash is not that of its lines")),
        Ok(_) | Err(_) => Err(damaged("it is cut off")),
    }
}

fn bytes_of(text: &str) -> Result<Vec<u8>, KeyBackupError> {
    STANDARD.decode(text).map_err(|error| damaged(&error.to_string()))
}

fn push(text: &mut String, line: &Line) -> Result<(), KeyBackupError> {
    text.push_str(&serde_json::to_string(line).map_err(|error| damaged(&error.to_string()))?);
    text.push('\n');
    Ok(())
}

/// Keys and events in one place are what one thief, or one forgotten tape, takes together.
fn refuse_place(out: &Path) -> Result<(), KeyBackupError> {
    let folder = out.parent().unwrap_or(Path::new("."));
    let among = [crate::EVENTS_FILE, crate::backup::MANIFEST_FILE];
    match among.iter().find(|name| folder.join(name).exists()) {
        None => Ok(()),
        Some(name) => Err(KeyBackupError::Misplaced(format!(
            "{} holds {name}: a backup of the keys never stands beside events",
            folder.display()
        ))),
    }
}

fn write_new(out: &Path, text: &str) -> std::io::Result<()> {
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(out)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    match out.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        Some(folder) => sync_dir(folder),
        None => sync_dir(Path::new(".")),
    }
}

fn damaged(why: &str) -> KeyBackupError {
    KeyBackupError::Damaged(why.to_owned())
}

fn disk(path: &Path, error: &std::io::Error) -> KeyBackupError {
    KeyBackupError::Disk {
        path: path.to_owned(),
        why: error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::file_vault::MasterKey;
    use crate::file_vault::keys::Found;
    use crate::file_vault::rotation::open_keys;
    use crate::test_ports::HashIds;
    use crate::vault_contract::person;
    use domain::ports::id_source::IdSource;
    use std::sync::Arc;

    fn day(number: u64) -> Timestamp {
        Timestamp::from_millis(1_800_000_000_000).plus_ms(number * DAY_MS)
    }

    fn find(dir: &Path, number: u32) -> Found {
        let ids: Arc<dyn IdSource> = Arc::new(HashIds::new(1));
        let (keys, _) = open_keys(dir, &MasterKey::in_dir(dir), &ids, true).unwrap();
        keys.find_or_make(&[person(1), person(2), person(3)]).ok();
        keys.find(&person(number)).unwrap()
    }

    /// Keys of three persons in `keys/`, a backup of them, and the same directory without its key file.
    fn lost() -> (tempfile::TempDir, PathBuf, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let (dir, out) = (folder.path().join("keys"), folder.path().join("keys.backup"));
        assert!(matches!(find(&dir, 1), Found::Key(_)));
        let made = back_up_keys(&dir, &out, day(0)).unwrap();
        assert_eq!((made.keys_count, made.destroyed_count), (3, 0));
        fs::remove_file(dir.join(KEYS_FILE)).unwrap();
        (folder, dir, out)
    }

    #[test]
    fn a_backup_brings_keys_back_and_nobody_who_was_erased() {
        let (_folder, dir, out) = lost();
        DestroyedList::of(&dir).add(&person(2), day(1)).unwrap();
        let by_log = BTreeMap::from([(person(3), day(2))]);
        let restored = restore_keys(&out, &dir, &by_log, day(30)).unwrap();
        assert_eq!((restored.keys_count, restored.destroyed_count), (1, 2));
        assert!(matches!(find(&dir, 1), Found::Key(_)));
        assert!(matches!(find(&dir, 2), Found::Destroyed(at) if at == day(1)));
        assert!(matches!(find(&dir, 3), Found::Destroyed(at) if at == day(2)));
        let again = restore_keys(&out, &dir, &by_log, day(30));
        assert!(matches!(again, Err(KeyBackupError::Misplaced(_))), "{again:?}");
    }

    #[test]
    fn a_backup_of_thirty_days_is_taken_and_an_older_one_refused() {
        let (_folder, dir, out) = lost();
        let late = restore_keys(&out, &dir, &BTreeMap::new(), day(30).plus_ms(1));
        assert_eq!(late, Err(KeyBackupError::TooOld { days: 30 }));
        assert!(restore_keys(&out, &dir, &BTreeMap::new(), day(30)).is_ok());
    }

    #[test]
    fn a_backup_that_was_cut_or_altered_anywhere_is_refused() {
        let (_folder, dir, out) = lost();
        let whole = fs::read(&out).unwrap();
        for at in 0..whole.len() {
            let mut altered = whole.clone();
            altered[at] ^= 1;
            for bytes in [&whole[..at], &altered] {
                fs::write(&out, bytes).unwrap();
                assert!(
                    restore_keys(&out, &dir, &BTreeMap::new(), day(1)).is_err(),
                    "at {at}"
                );
            }
        }
    }

    #[test]
    fn keys_are_not_backed_up_beside_events() {
        let (folder, dir, out) = lost();
        restore_keys(&out, &dir, &BTreeMap::new(), day(1)).unwrap();
        for name in [crate::EVENTS_FILE, crate::backup::MANIFEST_FILE] {
            let beside = folder.path().join(format!("with {name}"));
            fs::create_dir(&beside).unwrap();
            fs::write(beside.join(name), "").unwrap();
            let refused = back_up_keys(&dir, &beside.join("keys.backup"), day(1));
            assert!(
                matches!(refused, Err(KeyBackupError::Misplaced(_))),
                "{refused:?}"
            );
        }
    }
}
