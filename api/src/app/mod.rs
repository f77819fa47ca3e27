//! The composition root: every choice of store, vault, views, lines and speech is made here and nowhere else.

mod closing;
mod driver_lock;
mod kurrent_log;
mod lines;
mod log;
mod opened;
mod questions;
mod rows;
mod shared;
mod vault;

pub(crate) use driver_lock::HeldLock;
pub(crate) use log::{ReadOnly, RecordableLog, WritableLog};
pub(crate) use opened::{OpenSettings, Opened};
pub(crate) use rows::WritableRows;
pub(crate) use vault::{LookupVault, lookup_vault};

use crate::data_dir::DataDirError;
use domain::ports::clock::Clock;
use domain::ports::event_store::StoreError;
use domain::ports::speech::Synthesizer;
use domain::ports::vault::VaultError;
use domain::ports::worklist::Worklist;
use media::error::MediaError;
use media::speech::espeak::EspeakSettings;
use media::speech::synthesizer_of_this_machine;
use projections::{OtherBuild, ProjectionError, Projections, SqlWorklist};
use std::path::PathBuf;
use std::sync::Arc;
use store::{LockError, OpenError};

/// Why a log or directory could not be opened, or the process not started.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AppError {
    #[error(transparent)]
    Lock(#[from] LockError),
    #[error(transparent)]
    DataDir(#[from] DataDirError),
    #[error(transparent)]
    Open(#[from] OpenError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Vault(#[from] VaultError),
    #[error(transparent)]
    Views(#[from] ProjectionError),
    #[error("the operating system gives no random bytes: {0}")]
    Random(String),
    #[error(transparent)]
    Media(#[from] MediaError),
    #[error("trunk {trunk}: {why}")]
    Password { trunk: String, why: String },
    #[error("the log is a {is} log for life and cannot be used for a {asked} run; name another database")]
    OtherMode { is: String, asked: &'static str },
    #[error(
        "`ledgerline {0}` fills this log, or was cut off while it did: nothing is dialed on half of a log"
    )]
    HalfFilled(String),
    #[error("a server dials on this log, or another command fills it: stop that first")]
    Driven,
    #[error(
        "the read database holds the rows of another log: name another --read-db, or drop its schema \
         ledgerline_views (its file views.db)"
    )]
    OtherRows,
    #[error("{0}")]
    OtherBuild(OtherBuild),
    #[error("the log was begun with other keys: every process on it needs the same --keys")]
    OtherKeys,
    #[cfg_attr(feature = "kurrent", expect(dead_code, reason = "this build has every part"))]
    #[error("{0}")]
    NotBuilt(&'static str),
}

/// espeak-ng when it is installed, else the bundled clips.
pub(crate) async fn synthesizer(cache_dir: Option<PathBuf>, clock: Arc<dyn Clock>) -> Arc<dyn Synthesizer> {
    let settings = EspeakSettings {
        cache_dir,
        ..EspeakSettings::default()
    };
    synthesizer_of_this_machine(settings, clock).await
}

/// The worklist over running views.
pub(crate) fn worklist(views: &Projections) -> Arc<dyn Worklist> {
    Arc::new(SqlWorklist::new(views))
}
