//! `ledgerline keys`: rotate the master key, back the keys up apart, restore them without the erased.

use super::failure::Failure;
use super::output;
use crate::app::{AppError, ReadOnly};
use crate::clock::{SystemClock, SystemIds};
use crate::keys_spec::{KeysSpec, MasterSpec};
use crate::store_spec::{LogArgs, StoreSpec};
use domain::event_filter::EventFilter;
use domain::ids::CustomerId;
use domain::ports::clock::Clock;
use domain::ports::event_store::{EventStore, PAGE_EVENTS_MAX};
use domain::ports::id_source::IdSource;
use domain::stored_event::Position;
use domain::time::Timestamp;
use serde_json::json;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use store::{DataLock, KeyBackupError};

/// The keys of persons: rotate what wraps them, back them up apart from the events, restore them.
///
/// Keys are never in a backup of events. A backup of keys may be restored for 30 days, and every person on
/// the list of destroyed keys, or erased by the log, is left out.
#[derive(Debug, clap::Args)]
#[command(after_help = super::failure::EXIT_CODES)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Wrap every key anew under another master key; no server may run
    Rotate {
        /// Data directory of the server
        #[arg(long, value_name = "DIR")]
        data: PathBuf,
        #[command(flatten)]
        keys: KeysSpec,
        /// The new master key: file:PATH, env:NAME or exec:PROGRAM; default: a new one where the old one is
        #[arg(long, value_name = "SPEC")]
        new_master_key: Option<MasterSpec>,
    },
    /// Write the wrapped keys to a file of their own; a server may run
    Backup {
        /// Data directory of the server
        #[arg(long, value_name = "DIR")]
        data: Option<PathBuf>,
        /// Where the keys are; default: DATA/keys
        #[arg(long, value_name = "DIR")]
        keys: Option<PathBuf>,
        /// The file to write; never beside events
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
    /// Make keys.db from a backup of at most 30 days, without the keys of who was erased
    Restore {
        /// The backup of keys
        file: PathBuf,
        /// Where the keys shall be; default: DATA/keys
        #[arg(long, value_name = "DIR")]
        keys: Option<PathBuf>,
        /// The log that says who was erased since
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
        } => rotate(&data, &keys, new_master_key.as_ref()),
        Action::Backup { data, keys, out } => back_up(data, keys, &out),
        Action::Restore { file, keys, log } => restore(&file, keys, &log).await,
    }
}

fn rotate(data: &std::path::Path, keys: &KeysSpec, new: Option<&MasterSpec>) -> Result<(), Failure> {
    if keys.url().is_some() {
        return Err(Failure::usage(
            "keys in a database are not rotated by this command",
        ));
    }
    let lock = DataLock::acquire(data).map_err(AppError::from)?;
    let dir = keys.directory(data);
    let old = keys.master(&dir)?;
    let new = new.map(|spec| spec.open(&dir)).transpose()?;
    let ids: Arc<dyn IdSource> =
        Arc::new(SystemIds::checked().map_err(|error| AppError::Random(error.to_string()))?);
    let rotated = store::rotate_keys(&dir, &old, new.as_ref(), &ids).map_err(AppError::from)?;
    drop(lock);
    output::json(&json!({ "rotated": true, "keys": rotated.keys_count, "wrapping": rotated.wrapping }))
}

fn back_up(data: Option<PathBuf>, keys: Option<PathBuf>, out: &std::path::Path) -> Result<(), Failure> {
    let dir = directory(data, keys)?;
    let made = store::back_up_keys(&dir, out, SystemClock::default().now())?;
    output::json(
        &json!({ "file": out, "taken_at": made.taken_at, "keys": made.keys_count,
        "destroyed": made.destroyed_count, "restorable_days": domain::customer::KEY_BACKUP_DAYS_MAX }),
    )
}

async fn restore(file: &std::path::Path, keys: Option<PathBuf>, log: &LogArgs) -> Result<(), Failure> {
    let now = SystemClock::default().now();
    let erased = match log.spec() {
        Ok(spec) if has_log(&spec) => erased_by(&spec).await?,
        Ok(_) | Err(_) => BTreeMap::new(),
    };
    let dir = directory(log.data.clone(), keys)?;
    let restored = store::restore_keys(file, &dir, &erased, now)?;
    output::json(
        &json!({ "restored": true, "taken_at": restored.taken_at, "keys": restored.keys_count,
        "destroyed": restored.destroyed_count, "erased_by_log": erased.len() }),
    )
}

fn directory(data: Option<PathBuf>, keys: Option<PathBuf>) -> Result<PathBuf, Failure> {
    match (keys, data) {
        (Some(dir), _) => Ok(dir),
        (None, Some(data)) => Ok(KeysSpec::default().directory(&data)),
        (None, None) => Err(Failure::usage("give --keys DIR or --data DIR")),
    }
}

/// A data directory may have lost its log together with its keys.
fn has_log(spec: &StoreSpec) -> bool {
    match spec {
        StoreSpec::Sqlite(dir) => dir.join(store::EVENTS_FILE).exists(),
        StoreSpec::Postgres(_) | StoreSpec::Kurrent(_) => true,
    }
}

/// Who was erased, by the log, and when.
async fn erased_by(spec: &StoreSpec) -> Result<BTreeMap<CustomerId, Timestamp>, Failure> {
    let opened = ReadOnly::of(spec).await?;
    let read = read_erased(opened.store.as_ref()).await;
    opened.close().await;
    read
}

async fn read_erased(store: &dyn EventStore) -> Result<BTreeMap<CustomerId, Timestamp>, Failure> {
    let filter = EventFilter {
        kinds: vec!["customer.erased".to_owned()],
        ..EventFilter::default()
    };
    let mut erased = BTreeMap::new();
    let mut after = Position(0);
    loop {
        let page = store.read_matching(&filter, after, PAGE_EVENTS_MAX).await?;
        for event in &page.events {
            let envelope = event
                .envelope()
                .map_err(|error| Failure::fault(error.to_string()))?;
            if let Ok(person) = envelope.stream.id().parse() {
                erased.insert(person, envelope.at);
            }
        }
        if page.reached == after {
            return Ok(erased);
        }
        after = page.reached;
    }
}

impl From<KeyBackupError> for Failure {
    fn from(error: KeyBackupError) -> Self {
        match error {
            KeyBackupError::TooOld { .. } | KeyBackupError::Damaged(_) | KeyBackupError::Misplaced(_) => {
                Self::refused(error.to_string())
            }
            KeyBackupError::Disk { .. } | KeyBackupError::Vault(_) => Self::unavailable(error.to_string()),
        }
    }
}
