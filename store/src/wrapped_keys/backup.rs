//! A backup of the keys, in a file of its own: never part of a backup of events, and restorable for 30 days.
//!
//! It consists of lines of JSON: a head with the date, one line per wrapped key, one per destroyed key, and a
//! foot with the SHA-256 of all lines before it. The keys in it are wrapped as in their place; without the
//! master key they open nothing. A restore leaves out every person named in any list of destroyed keys. A
//! backup may be restored to another kind of place than its source.

use super::KeyStoreLocation;
use super::rows::{KeyBackupError, KeyCounts, WrappedContent, WrappedInstallation};
use crate::data_lock::sync_dir;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use domain::customer::KEY_BACKUP_DAYS_MAX;
use domain::hex;
use domain::ids::CustomerId;
use domain::time::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, OpenOptions};
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// The most bytes of a key backup; a larger one is refused. A million keys take about 150 MB.
const BACKUP_BYTES_MAX: u64 = 4 * 1024 * 1024 * 1024;

/// The most bytes of the first line that are read. A head has some 400 bytes.
const HEAD_BYTES_MAX: u64 = 4_096;

/// A day, in milliseconds: the age of a backup is counted in whole days.
const DAY_MS: u64 = 24 * 3_600_000;

/// The content of a backup of keys, or the result of its restore.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyBackup {
    pub taken_at: Timestamp,
    pub keys_count: u64,
    /// Number of persons with destroyed keys: those of the backup, and after a restore also those of the
    /// place's list and of the log.
    pub destroyed_count: u64,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Line {
    Head {
        /// The version of the file format.
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

/// Writes a backup of the keys at `place` to the file `out`, which must not exist and not be in a folder
/// with events. Servers may be running.
pub async fn back_up_keys(
    place: &KeyStoreLocation,
    out: &Path,
    now: Timestamp,
) -> Result<KeyBackup, KeyBackupError> {
    refuse_place(out)?;
    let wrapped = place.wrapped().read().await?;
    let made = KeyBackup {
        taken_at: now,
        keys_count: wrapped.keys.len() as u64,
        destroyed_count: wrapped.destroyed.len() as u64,
    };
    let text = text_of(wrapped, now)?;
    write_new(out, &text).map_err(|error| disk(out, &error))?;
    Ok(made)
}

/// Deletes the key backups in a folder that are too old to be restored: they could bring back an erased
/// person. Returns the number deleted. Other files, and files that cannot be read as a key backup, stay.
pub fn remove_old_key_backups(folder: &Path, now: Timestamp) -> Result<u64, KeyBackupError> {
    let mut removed = 0;
    for entry in fs::read_dir(folder).map_err(|error| disk(folder, &error))? {
        let file = entry.map_err(|error| disk(folder, &error))?.path();
        let is_old = taken_at(&file).is_some_and(|taken_at| refuse_old(taken_at, now).is_err());
        if is_old {
            fs::remove_file(&file).map_err(|error| disk(&file, &error))?;
            removed += 1;
        }
    }
    if removed > 0 {
        sync_dir(folder).map_err(|error| disk(folder, &error))?;
    }
    Ok(removed)
}

/// Returns the time of a key backup, from its first line. `None` if that line is not the head of a key
/// backup.
fn taken_at(file: &Path) -> Option<Timestamp> {
    let opened = fs::File::open(file).ok()?;
    let mut head = String::new();
    let mut first = BufReader::new(opened.take(HEAD_BYTES_MAX));
    first.read_line(&mut head).ok()?;
    match serde_json::from_str(&head) {
        Ok(Line::Head { taken_at, .. }) => Some(taken_at),
        Ok(Line::Key { .. } | Line::Destroyed { .. } | Line::Foot { .. }) | Err(_) => None,
    }
}

fn text_of(wrapped: WrappedContent, now: Timestamp) -> Result<String, KeyBackupError> {
    let installation = wrapped.installation;
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
    for (person, wrapped) in wrapped.keys {
        let wrapped = STANDARD.encode(wrapped);
        push(&mut text, &Line::Key { person, wrapped })?;
    }
    for (person, at) in wrapped.destroyed {
        push(&mut text, &Line::Destroyed { person, at })?;
    }
    let sha256 = hex::encode(&Sha256::digest(text.as_bytes()));
    push(&mut text, &Line::Foot { sha256 })?;
    Ok(text)
}

/// Restores the keys of `place` from a backup. Leaves out the keys of all persons that the backup, the
/// place's own list or `erased` (from the log) names as destroyed. Fails if the place has keys, because
/// they are newer, or if the backup is too old.
pub async fn restore_keys(
    backup: &Path,
    place: &KeyStoreLocation,
    erased: &BTreeMap<CustomerId, Timestamp>,
    now: Timestamp,
) -> Result<KeyBackup, KeyBackupError> {
    let keys = place.wrapped();
    keys.refuse_keys().await?;
    let VerifiedKeyBackup {
        taken_at,
        mut wrapped,
    } = read_backup(backup)?;
    refuse_old(taken_at, now)?;
    for (person, at) in erased {
        wrapped.destroyed.entry(person.clone()).or_insert(*at);
    }
    let gone = &wrapped.destroyed;
    wrapped.keys.retain(|person, _| !gone.contains_key(person));
    let KeyCounts {
        keys_count,
        destroyed_count,
    } = keys.write(wrapped).await?;
    Ok(KeyBackup {
        taken_at,
        keys_count,
        destroyed_count,
    })
}

/// Returns the persons in a key backup, those with keys and those with destroyed keys; unwraps nothing. A
/// restore compares them with its log: ids depend on the installation's secret, so two installations have
/// none in common.
pub fn people_of_key_backup(backup: &Path) -> Result<KeyBackupPeople, KeyBackupError> {
    let WrappedContent { keys, destroyed, .. } = read_backup(backup)?.wrapped;
    Ok(KeyBackupPeople {
        keys: keys.into_keys().collect(),
        destroyed: destroyed.into_keys().collect(),
    })
}

/// The persons in a backup of keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyBackupPeople {
    pub keys: BTreeSet<CustomerId>,
    pub destroyed: BTreeSet<CustomerId>,
}

fn refuse_old(taken_at: Timestamp, now: Timestamp) -> Result<(), KeyBackupError> {
    let age_ms = now.ms_since(taken_at);
    if age_ms > u64::from(KEY_BACKUP_DAYS_MAX) * DAY_MS {
        let days = age_ms / DAY_MS;
        return Err(KeyBackupError::TooOld { days });
    }
    Ok(())
}

/// A backup that was read completely and verified.
struct VerifiedKeyBackup {
    taken_at: Timestamp,
    wrapped: WrappedContent,
}

fn read_backup(file: &Path) -> Result<VerifiedKeyBackup, KeyBackupError> {
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
        return Err(damaged("its first line is not a head that this build can read"));
    };
    let mut read = VerifiedKeyBackup {
        taken_at,
        wrapped: WrappedContent {
            installation: WrappedInstallation {
                id: installation,
                check_value: bytes_of(&check_value)?,
                secret: bytes_of(&secret)?,
                wrapping,
            },
            keys: BTreeMap::new(),
            destroyed: BTreeMap::new(),
        },
    };
    for line in lines {
        match line {
            Ok(Line::Key { person, wrapped }) => {
                read.wrapped.keys.insert(person, bytes_of(&wrapped)?);
            }
            Ok(Line::Destroyed { person, at }) => {
                read.wrapped.destroyed.insert(person, at);
            }
            Ok(Line::Head { .. } | Line::Foot { .. }) => {
                return Err(damaged("it has a head or foot line in the wrong place"));
            }
            Err(error) => return Err(damaged(&error.to_string())),
        }
    }
    Ok(read)
}

/// Returns the lines before the last one. Fails unless the last line has the SHA-256 of these.
fn checked(text: &str) -> Result<&str, KeyBackupError> {
    let body = text.strip_suffix('\n').ok_or_else(|| damaged("it is cut off"))?;
    let (before, foot) = match body.rsplit_once('\n') {
        Some((before, foot)) => (text.get(..=before.len()).unwrap_or(""), foot),
        None => ("", body),
    };
    match serde_json::from_str(foot) {
        Ok(Line::Foot { sha256 }) if sha256 == hex::encode(&Sha256::digest(before.as_bytes())) => Ok(before),
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

/// Returns an error if the folder of `out` holds events or a backup of events: a thief, or the loss of one
/// tape, would expose keys and events together.
fn refuse_place(out: &Path) -> Result<(), KeyBackupError> {
    let folder = out.parent().unwrap_or(Path::new("."));
    let among = [crate::EVENTS_FILE, crate::backup::MANIFEST_FILE];
    match among.iter().find(|name| folder.join(name).exists()) {
        None => Ok(()),
        Some(name) => Err(KeyBackupError::Misplaced(format!(
            "{} holds {name}: a backup of the keys must not be in a folder with events",
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
    use crate::vault_contract::person;

    #[test]
    fn of_the_files_in_a_folder_only_backups_of_keys_past_thirty_days_are_deleted() {
        let now = Timestamp::from_millis(1_800_000_000_000);
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, taken_at: Timestamp| {
            let wrapped = WrappedContent {
                installation: WrappedInstallation {
                    id: "00".repeat(16),
                    check_value: vec![1; 40],
                    secret: vec![2; 60],
                    wrapping: 1,
                },
                keys: BTreeMap::new(),
                destroyed: BTreeMap::new(),
            };
            fs::write(folder.path().join(name), text_of(wrapped, taken_at).unwrap()).unwrap();
        };
        write("last permitted", now);
        write("first forbidden", Timestamp::from_micros(now.micros() - 1_000));
        fs::write(folder.path().join("else"), "{}\n").unwrap();
        fs::create_dir(folder.path().join("folder")).unwrap();
        let then = now.plus_ms(u64::from(KEY_BACKUP_DAYS_MAX) * DAY_MS);
        assert_eq!(remove_old_key_backups(folder.path(), then), Ok(1));
        assert!(!folder.path().join("first forbidden").exists());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 3);
        assert_eq!(remove_old_key_backups(folder.path(), then), Ok(0));
    }

    #[tokio::test]
    async fn a_backup_that_was_cut_or_altered_anywhere_is_refused() {
        let wrapped = WrappedContent {
            installation: WrappedInstallation {
                id: "00".repeat(16),
                check_value: vec![1; 40],
                secret: vec![2; 60],
                wrapping: 1,
            },
            keys: BTreeMap::from([(person(1), vec![3; 60]), (person(2), vec![4; 60])]),
            destroyed: BTreeMap::from([(person(3), Timestamp::from_millis(5))]),
        };
        let now = Timestamp::from_millis(1_800_000_000_000);
        let whole = text_of(wrapped, now).unwrap().into_bytes();
        let folder = tempfile::tempdir().unwrap();
        let (file, dir) = (folder.path().join("keys.backup"), folder.path().join("keys"));
        let place = KeyStoreLocation::Directory(dir);
        for at in 0..whole.len() {
            let mut altered = whole.clone();
            altered[at] ^= 1;
            for bytes in [&whole[..at], &altered] {
                fs::write(&file, bytes).unwrap();
                let restored = restore_keys(&file, &place, &BTreeMap::new(), now).await;
                assert!(restored.is_err(), "at {at}");
            }
        }
        fs::write(&file, &whole).unwrap();
        let restored = restore_keys(&file, &place, &BTreeMap::new(), now).await;
        assert_eq!(restored.map(|restored| restored.keys_count), Ok(2));
    }
}
