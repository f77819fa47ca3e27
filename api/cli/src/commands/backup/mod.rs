//! `ledgerline backup`: create, verify and restore backups of a log, and confirm that dialing may go on.

mod confirm;
mod create;
mod recordings;
mod restore;
mod verify;

use crate::kit::failure::Failure;
use host::store_spec::StoreSpec;
use indicatif::{ProgressBar, ProgressStyle};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use store::backup::Demands;
use store::proof::VerifierKey;
use tokio::runtime::Runtime;

/// Back up a log while it is written, verify a backup, restore one.
///
/// A backup holds the events as they are stored, sealed, and no key of any kind: keys have a backup of their
/// own. Recordings are plain files of their own and are not in it: copy DIR/recordings/ apart, delete there
/// too what an erasure names, and bring copies back with `backup recordings`.
#[derive(Debug, clap::Args)]
#[command(after_help = crate::kit::failure::EXIT_CODES)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Write the log up to its head now; a server may run
    Create(create::Args),
    /// Check every byte of a backup, and hold it against a checkpoint
    Verify(verify::Args),
    /// Load a backup into an empty directory or database; dialing waits for `backup confirm` afterwards
    Restore(restore::Args),
    /// Bring copied recordings back into a restored directory, without those of erased persons
    Recordings(recordings::Args),
    /// Say that a person has looked at the restored past: dialing goes on
    Confirm(confirm::Args),
}

/// What a backup is held against.
#[derive(Debug, clap::Args)]
struct Against {
    /// A signed checkpoint that somebody else has kept, of the backup's size or a smaller one
    #[arg(long, value_name = "FILE")]
    checkpoint: Option<PathBuf>,
    /// The log's public key (vkey), or a file that holds it; default: the one the backup names
    #[arg(long, value_name = "VKEY")]
    key: Option<String>,
}

pub(crate) async fn run(args: Args, runtime: Arc<Runtime>) -> Result<(), Failure> {
    match args.action {
        Action::Create(args) => create::run(args).await,
        Action::Verify(args) => verify::run(&args),
        Action::Restore(args) => restore::run(args).await,
        Action::Recordings(args) => recordings::run(args).await,
        Action::Confirm(args) => confirm::run(args, runtime).await,
    }
}

impl Against {
    fn demands(&self) -> Result<Demands, Failure> {
        let checkpoint = match &self.checkpoint {
            None => None,
            Some(path) => Some(read_text(path)?),
        };
        let key = match &self.key {
            None => None,
            Some(given) => Some(read_key(given)?),
        };
        Ok(Demands { checkpoint, key })
    }
}

/// A key as text, or the file that holds it.
fn read_key(given: &str) -> Result<VerifierKey, Failure> {
    if let Ok(key) = given.parse() {
        return Ok(key);
    }
    let text = read_text(Path::new(given))?;
    text.trim()
        .parse()
        .map_err(|error: store::proof::ProofError| Failure::usage(format!("--key {given}: {error}")))
}

fn read_text(path: &Path) -> Result<String, Failure> {
    std::fs::read_to_string(path).map_err(|error| Failure::usage(format!("{}: {error}", path.display())))
}

/// A bar on standard error; silent when that is no terminal.
pub(crate) fn bar() -> ProgressBar {
    ProgressBar::new(0).with_style(ProgressStyle::default_bar())
}

/// Moves a bar as far as something has come.
pub(crate) fn moving(bar: &ProgressBar) -> impl FnMut(u64, u64) + '_ {
    |done, all| {
        bar.set_length(all);
        bar.set_position(done);
    }
}

/// The kind of a store, without path or address.
pub(crate) const fn store_kind(spec: &StoreSpec) -> &'static str {
    match spec {
        StoreSpec::Sqlite(_) => "sqlite",
        StoreSpec::Postgres(_) => "postgres",
        StoreSpec::Kurrent(_) => "kurrent",
    }
}
