//! `FileKeyStore`: the keys of a directory as rows, for rotation, backup and restore. `destroyed.list`
//! always stays.

use super::destroyed_list::{DESTROYED_FILE, DestroyedList};
use super::keys::{KEYS_FILE, Keys};
use super::wrapped_rows::{read_rows, write_rows};
use crate::data_lock::{create_private_dir, sync_dir};
use crate::sealing::Secret;
use crate::wrapped_keys::rows::{KeyBackupError, KeyCounts, RotationResult, WrappedContent, WrappedKeys};
use async_trait::async_trait;
use domain::ids::CustomerId;
use domain::ports::id_source::IdSource;
use domain::ports::vault::VaultError;
use domain::time::Timestamp;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The temporary name of the key file that a restore writes.
const RESTORING_FILE: &str = "keys.db.restoring";

/// The wrapped keys in `DIR/keys.db`. Each call blocks until the disk has answered.
pub(crate) struct FileKeyStore {
    dir: PathBuf,
}

impl FileKeyStore {
    pub(crate) fn of(dir: &Path) -> Self {
        Self { dir: dir.to_owned() }
    }

    fn open(&self, master: &Secret, ids: &Arc<dyn IdSource>) -> Result<Keys, VaultError> {
        let file = self.dir.join(KEYS_FILE);
        if !file.exists() {
            let why = format!("{} is missing", file.display());
            return Err(VaultError::WrongMaster(why));
        }
        let (keys, _) = Keys::open(&self.dir, master.clone(), Arc::clone(ids), false)?;
        Ok(keys)
    }

    fn rows(&self) -> Result<WrappedContent, VaultError> {
        let (installation, mut keys) = read_rows(&self.dir)?;
        let destroyed = DestroyedList::of(&self.dir).read()?;
        // The list is written before the row is changed, so it may name persons that still have a row.
        keys.retain(|person, _| !destroyed.contains_key(person));
        Ok(WrappedContent {
            installation,
            keys,
            destroyed,
        })
    }

    /// Replaces the key file by the keys of a backup, without those of destroyed persons. The list of
    /// destroyed persons is written first, so an interruption cannot bring a destroyed key back.
    fn take(&self, mut wrapped: WrappedContent) -> Result<KeyCounts, KeyBackupError> {
        create_private_dir(&self.dir).map_err(|error| disk(&self.dir, &error))?;
        let list = DestroyedList::of(&self.dir);
        let listed = list.read()?;
        for (person, at) in &wrapped.destroyed {
            if !listed.contains_key(person) {
                list.add(person, *at)?;
            }
        }
        let destroyed = list.read()?;
        wrapped.keys.retain(|person, _| !destroyed.contains_key(person));
        let making = self.dir.join(RESTORING_FILE);
        if making.exists() {
            fs::remove_file(&making).map_err(|error| disk(&making, &error))?;
        }
        write_rows(&making, &wrapped)?;
        let named = self.dir.join(KEYS_FILE);
        fs::rename(&making, &named)
            .and_then(|()| sync_dir(&self.dir))
            .map_err(|error| disk(&named, &error))?;
        Ok(KeyCounts {
            keys_count: wrapped.keys.len() as u64,
            destroyed_count: destroyed.len() as u64,
        })
    }
}

#[async_trait]
impl WrappedKeys for FileKeyStore {
    async fn check(&self, master: &Secret, ids: &Arc<dyn IdSource>) -> Result<(), VaultError> {
        self.open(master, ids).map(drop)
    }

    async fn rewrap(
        &self,
        old: &Secret,
        new: &Secret,
        ids: &Arc<dyn IdSource>,
    ) -> Result<RotationResult, VaultError> {
        self.open(old, ids)?.rewrap(new.clone())
    }

    async fn read(&self) -> Result<WrappedContent, VaultError> {
        self.rows()
    }

    async fn destroyed(&self) -> Result<BTreeMap<CustomerId, Timestamp>, VaultError> {
        let listed = [KEYS_FILE, DESTROYED_FILE].map(|name| self.dir.join(name).exists());
        if !listed.contains(&true) {
            let why = format!(
                "{} holds neither keys nor a list of destroyed keys",
                self.dir.display()
            );
            return Err(VaultError::WrongMaster(why));
        }
        DestroyedList::of(&self.dir).read()
    }

    async fn refuse_keys(&self) -> Result<(), KeyBackupError> {
        let file = self.dir.join(KEYS_FILE);
        if file.exists() {
            return Err(KeyBackupError::Misplaced(format!(
                "{} exists; move it away first, and leave destroyed.list in place",
                file.display()
            )));
        }
        Ok(())
    }

    async fn write(&self, wrapped: WrappedContent) -> Result<KeyCounts, KeyBackupError> {
        self.take(wrapped)
    }
}

fn disk(path: &Path, error: &std::io::Error) -> KeyBackupError {
    KeyBackupError::Disk {
        path: path.to_owned(),
        why: error.to_string(),
    }
}
