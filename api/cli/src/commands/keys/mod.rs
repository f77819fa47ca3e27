//! `ledgerline keys`: rotates the master key, backs up the keys, and restores them without those of erased
//! persons.

mod restore;

use crate::kit::failure::Failure;
use crate::kit::output;
use domain::ports::clock::Clock;
use domain::ports::id_source::IdSource;
use domain::time::Timestamp;
use host::app::{AppError, ReadOnlyLog, lookup_vault};
use host::clock::{SystemClock, SystemIds};
use host::keys_spec::{KeysPlace, KeysSpec, MasterSpec};
use host::store_spec::{LogArgs, StoreSpec};
use serde_json::json;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use store::{DataLock, KeyStoreLocation};

/// Keys of persons: rotate the master key, back up the keys separately from the events, restore them
///
/// Keys are never in a backup of events. A backup of keys can be restored for 30 days. Keys of persons on the
/// list of destroyed keys, or erased according to the log, are not restored.
#[derive(Debug, clap::Args)]
#[command(after_help = crate::kit::failure::EXIT_CODES)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Wrap every key again under another master key; no server may run
    Rotate {
        /// Data directory of the server
        #[arg(long, value_name = "DIR")]
        data: PathBuf,
        #[command(flatten)]
        keys: KeysSpec,
        /// New master key: file:PATH, env:NAME or exec:PROGRAM; default: a new one in the place of the old
        #[arg(long, value_name = "SPEC")]
        new_master_key: Option<MasterSpec>,
    },
    /// Write the wrapped keys to a separate file; a server may be running
    Backup {
        /// Data directory of the server
        #[arg(long, value_name = "DIR")]
        data: Option<PathBuf>,
        /// Key store; default: DATA/keys
        #[arg(long, value_name = "DIR|URL")]
        keys: Option<KeysPlace>,
        /// File to write, or folder (one that exists, or a name ending in /): the file is then named by the
        /// time, and key backups in the folder that are more than 30 days old are deleted; never in the
        /// folder of the events
        #[arg(long, value_name = "FILE|DIR")]
        out: PathBuf,
    },
    /// Restore the keys from a backup that is at most 30 days old, without the keys of erased persons
    Restore {
        /// Backup of keys
        file: PathBuf,
        /// Key store to write to; default: DATA/keys
        #[arg(long, value_name = "DIR|URL")]
        keys: Option<KeysPlace>,
        /// The log that states which persons were erased since the backup
        #[command(flatten)]
        log: LogArgs,
    },
}

pub(crate) async fn run(args: Args) -> Result<(), Failure> {
    match args.action {
        Action::Rotate {
            data,
            keys,
            new_master_key,
        } => rotate(&data, &keys, new_master_key.as_ref()).await,
        Action::Backup { data, keys, out } => back_up(data, keys, &out).await,
        Action::Restore { file, keys, log } => restore::run(&file, keys, &log).await,
    }
}

async fn rotate(data: &Path, keys: &KeysSpec, new: Option<&MasterSpec>) -> Result<(), Failure> {
    let lock = DataLock::acquire(data).map_err(AppError::from)?;
    refuse_foreign(data, keys).await?;
    let dir = keys.directory(data);
    let old = keys.master(&dir)?;
    let new = new.map(|spec| spec.open(&dir)).transpose()?;
    let ids: Arc<dyn IdSource> =
        Arc::new(SystemIds::checked().map_err(|error| AppError::Random(error.to_string()))?);
    let place = keys.place(data);
    let rotated = store::rotate_keys(&place, &old, new.as_ref(), &ids).await;
    let rotated = rotated.map_err(AppError::from)?;
    drop(lock);
    output::json(&json!({ "rotated": true, "keys": rotated.keys_count, "wrapping": rotated.wrapping }))
}

/// Refuses keys that belong to another log. Keys that cannot be decrypted are accepted: an earlier rotation
/// may have been interrupted.
async fn refuse_foreign(data: &Path, keys: &KeysSpec) -> Result<(), Failure> {
    if !has_log(&StoreSpec::Sqlite(data.to_owned())) {
        return Ok(());
    }
    let log = ReadOnlyLog::open(data)?;
    let held = lookup_vault(keys, data, &log).await;
    log.close().await;
    match held {
        Ok((vault, _)) => vault.close().await,
        Err(AppError::NoKeys(_)) => {}
        Err(error) => return Err(error.into()),
    }
    Ok(())
}

async fn back_up(data: Option<PathBuf>, keys: Option<KeysPlace>, out: &Path) -> Result<(), Failure> {
    let place = place(data, keys)?;
    let now = SystemClock::default().now();
    let folder = folder_of(out)?;
    let file = folder.map_or_else(|| out.to_owned(), |folder| folder.join(name_at(now)));
    let made = store::back_up_keys(&place, &file, now).await?;
    let removed = match folder {
        Some(folder) => store::remove_old_key_backups(folder, now)?,
        None => 0,
    };
    output::json(
        &json!({ "file": file, "taken_at": made.taken_at, "keys": made.keys_count,
        "destroyed": made.destroyed_count, "restorable_days": domain::customer::KEY_BACKUP_DAYS_MAX,
        "old_removed": removed }),
    )
}

/// Returns the folder to write to, created if missing; `None` if `out` names a file.
fn folder_of(out: &Path) -> Result<Option<&Path>, Failure> {
    if out.is_dir() {
        return Ok(Some(out));
    }
    if !out.as_os_str().to_string_lossy().ends_with('/') {
        return Ok(None);
    }
    std::fs::create_dir_all(out)?;
    Ok(Some(out))
}

/// Returns the file name of a backup at a time, for example `keys-20261120T184500Z.backup`.
fn name_at(now: Timestamp) -> String {
    let digits: String = now
        .to_string()
        .chars()
        .take_while(|letter| *letter != '.')
        .filter(|letter| !matches!(letter, '-' | ':'))
        .collect();
    format!("keys-{digits}Z.backup")
}

fn place(data: Option<PathBuf>, keys: Option<KeysPlace>) -> Result<KeyStoreLocation, Failure> {
    let spec = KeysSpec {
        keys,
        master_key: None,
    };
    match (&spec.keys, data) {
        (Some(_), data) => Ok(spec.place(&data.unwrap_or_default())),
        (None, Some(data)) => Ok(spec.place(&data)),
        (None, None) => Err(Failure::usage("give --keys DIR|URL or --data DIR")),
    }
}

/// Returns true if the log exists. A data directory may have lost its log together with its keys.
fn has_log(spec: &StoreSpec) -> bool {
    match spec {
        StoreSpec::Sqlite(dir) => dir.join(store::EVENTS_FILE).exists(),
        StoreSpec::Postgres(_) | StoreSpec::Kurrent(_) => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_backup_in_a_folder_is_named_for_its_second() {
        let at: Timestamp = "2026-11-20T18:45:00.250000Z".parse().unwrap();
        assert_eq!(name_at(at), "keys-20261120T184500Z.backup");
    }

    #[test]
    fn keys_are_where_they_are_named_else_below_the_data() {
        let url: KeysPlace = "postgres://db.example.com/keys".parse().unwrap();
        for data in [None, Some(PathBuf::from("d"))] {
            let named = place(data, Some(url.clone())).unwrap();
            assert_eq!(
                named,
                KeyStoreLocation::Database("postgres://db.example.com/keys".to_owned())
            );
        }
        let below = place(Some("d".into()), None).unwrap();
        assert_eq!(below, KeyStoreLocation::Directory("d/keys".into()));
        assert!(place(None, None).is_err());
    }
}
