//! The settings of a command about the directory, the log and the keys that it opens for writing.

use crate::data_dir::Mode;
use crate::keys_spec::{KeysPlace, KeysSpec, KeysUrl, MasterSpec};
use crate::store_spec::StoreSpec;
use domain::time::Timestamp;
use std::path::PathBuf;

/// The directory, log and keys to open, and the start of the clock for a rehearsal.
#[derive(Debug, Clone)]
pub struct OpenSettings {
    /// The data directory: read database, recordings, `server.json` and the lock of this process.
    pub data: PathBuf,
    /// The log. An embedded log must be the one in `data`.
    pub store: StoreSpec,
    /// The directory of keys. Default: `DATA/keys`.
    pub keys: Option<PathBuf>,
    /// A database for the keys, instead of a directory.
    pub keys_url: Option<KeysUrl>,
    /// The source of the master key. Default: the file in the directory of keys.
    pub master_key: Option<MasterSpec>,
    /// The time at which the clock of a rehearsal starts; `None` for a real run.
    pub rehearse_at: Option<Timestamp>,
}

impl OpenSettings {
    /// Returns the settings for a directory with its own log and keys, in real time.
    pub fn of_directory(data: PathBuf) -> Self {
        Self {
            store: StoreSpec::Sqlite(data.clone()),
            data,
            keys: None,
            keys_url: None,
            master_key: None,
            rehearse_at: None,
        }
    }

    /// Returns whether the run is a rehearsal or real. A directory keeps its mode for life.
    pub const fn mode(&self) -> Mode {
        match self.rehearse_at {
            Some(_) => Mode::Rehearsal,
            None => Mode::Real,
        }
    }

    /// Returns where the keys are stored and what wraps them.
    pub fn keys_spec(&self) -> KeysSpec {
        let dir = self.keys.clone().map(KeysPlace::Dir);
        KeysSpec {
            keys: self.keys_url.clone().map(KeysPlace::Postgres).or(dir),
            master_key: self.master_key.clone(),
        }
    }
}
