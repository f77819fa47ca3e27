//! What a command says of the directory, the log and the keys that it opens for writing.

use crate::data_dir::Mode;
use crate::keys_spec::{KeysPlace, KeysSpec, KeysUrl, MasterSpec};
use crate::store_spec::StoreSpec;
use domain::time::Timestamp;
use std::path::PathBuf;

/// Which directory and log, and how time runs in them.
#[derive(Debug, Clone)]
pub struct OpenSettings {
    /// Rows, recordings, `server.json` and the lock of this process.
    pub data: PathBuf,
    /// The log; of a directory only the one of `data`.
    pub store: StoreSpec,
    /// Default: `DATA/keys`.
    pub keys: Option<PathBuf>,
    /// Keys in a database instead.
    pub keys_url: Option<KeysUrl>,
    /// Default: the one in the directory of keys.
    pub master_key: Option<MasterSpec>,
    /// Set for a rehearsal: where its clock starts.
    pub rehearse_at: Option<Timestamp>,
}

impl OpenSettings {
    /// A directory with its own log and keys, in real time.
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

    /// Rehearsal or real, for the life of the directory.
    pub const fn mode(&self) -> Mode {
        match self.rehearse_at {
            Some(_) => Mode::Rehearsal,
            None => Mode::Real,
        }
    }

    /// Where the keys are and what wraps them.
    pub fn keys_spec(&self) -> KeysSpec {
        let dir = self.keys.clone().map(KeysPlace::Dir);
        KeysSpec {
            keys: self.keys_url.clone().map(KeysPlace::Postgres).or(dir),
            master_key: self.master_key.clone(),
        }
    }
}
