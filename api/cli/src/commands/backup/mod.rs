//! `ledgerline backup`: creates, verifies and restores backups of a log, and confirms that dialing may
//! resume.

mod confirm;
mod create;
mod recordings;
mod restore;
mod verify;

use crate::kit::failure::Failure;
use crate::kit::progress::Progress;
use application::language::localized;
use host::store_spec::StoreSpec;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use store::backup::VerifyRequirements;
use store::proof::VerifierKey;
use tokio::runtime::Runtime;

/// Back up a log while it is written, verify a backup, restore one
///
/// A backup holds the events as stored, with personal values sealed, and no keys: back those up with
/// `ledgerline keys backup`. Recordings are separate files and are not included: copy DIR/recordings/
/// yourself, delete there what an erasure names, and restore copies with `backup recordings`.
#[derive(Debug, clap::Args)]
#[command(after_help = crate::kit::failure::EXIT_CODES)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Write the log up to its present head; a server may be running
    Create(create::Args),
    /// Check every byte of a backup, and compare it with a checkpoint
    Verify(verify::Args),
    /// Load a backup into an empty directory or database; dialing then waits for `backup confirm`
    Restore(restore::Args),
    /// Restore copied recordings into a restored directory, except those of erased persons
    Recordings(recordings::Args),
    /// Confirm that you have checked the restored log: dialing resumes
    Confirm(confirm::Args),
}

/// Options that say what a backup is compared with.
#[derive(Debug, clap::Args)]
struct BackupCheckArgs {
    /// A signed checkpoint that another party kept, of the backup's size or a smaller one
    #[arg(long, value_name = "FILE")]
    checkpoint: Option<PathBuf>,
    /// Public key of the log (vkey), or a file with it; default: the key named by the backup
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

impl BackupCheckArgs {
    fn demands(&self) -> Result<VerifyRequirements, Failure> {
        let checkpoint = match &self.checkpoint {
            None => None,
            Some(path) => Some(read_text(path)?),
        };
        let key = match &self.key {
            None => None,
            Some(given) => Some(read_key(given)?),
        };
        Ok(VerifyRequirements { checkpoint, key })
    }
}

/// Parses a public key, given as text or as the name of a file that holds it.
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

/// Returns a callback that shows on `progress` how many events are done, of how many.
pub(crate) fn show_events(progress: &Progress) -> impl FnMut(u64, u64) + '_ {
    |done, all| progress.set(done, all)
}

/// Returns the progress of work on the events of a log or of a backup.
pub(crate) fn event_progress() -> Progress {
    Progress::counted(localized("事件", "events"))
}

/// Returns the kind of a store as a word, without path or address.
pub(crate) const fn store_kind(spec: &StoreSpec) -> &'static str {
    match spec {
        StoreSpec::Sqlite(_) => "sqlite",
        StoreSpec::Postgres(_) => "postgres",
        StoreSpec::Kurrent(_) => "kurrent",
    }
}
