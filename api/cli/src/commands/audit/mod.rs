//! `ledgerline audit`: search who did what, check the whole log, prove events to others, check what others
//! were given, witness.

mod check;
mod checkpoint;
mod prove;
mod search;
mod trail;
mod verify;
mod witness;

use crate::kit::failure::Failure;
use host::proving;
use host::store_spec::LogArgs;
use std::path::Path;
use std::sync::Arc;
use store::proof::whole_log::LogReport;
use store::proof::{SignedCheckpoint, VerifierKey};
use tokio::runtime::Runtime;

/// Who did and read what; proofs: verify the log, prove a call or a customer, check a bundle offline, witness
/// another log.
///
/// While a server runs, the log is followed by a Merkle tree in DATA/proof and a checkpoint of it is
/// signed every second. The formats are those of C2SP (tlog-tiles, tlog-checkpoint, tlog-proof,
/// tlog-witness): docs/reference/proof.md. Without a witness that others run, whoever runs this log and
/// holds its key could rewrite it and sign again.
#[derive(Debug, clap::Args)]
#[command(after_help = crate::kit::failure::EXIT_CODES)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Search operations, exports and reads of personal data by time, user and kind
    Trail(trail::Args),
    /// Search the trail by whom or what it is about and by words, with an exact count and its proof
    Search(search::Args),
    /// Check every event of the log against its tree and checkpoints; a server may run
    Verify(verify::Args),
    /// Write a bundle that proves some events to somebody without the log
    Prove(prove::Args),
    /// Check a bundle, offline
    Check(check::Args),
    /// Publish the state of the log now, and print its signed checkpoint
    Checkpoint(checkpoint::Args),
    /// Remember how far another log had come, and cosign its checkpoints
    Witness(witness::Args),
}

impl Args {
    /// Proofs are written, checks go on to their verdict, and a witness serves.
    pub(crate) const fn only_shows(&self) -> bool {
        match self.action {
            Action::Trail(_) | Action::Search(_) => true,
            Action::Verify(_)
            | Action::Prove(_)
            | Action::Check(_)
            | Action::Checkpoint(_)
            | Action::Witness(_) => false,
        }
    }
}

/// As `audit verify --from-start`, without a word: for `doctor --full`.
pub(crate) async fn verify_whole(log: &LogArgs) -> Result<LogReport, Failure> {
    verify::whole(log).await
}

pub(crate) async fn run(args: Args, runtime: Arc<Runtime>) -> Result<(), Failure> {
    match args.action {
        Action::Trail(args) => Box::pin(trail::run(args, runtime)).await,
        Action::Search(args) => Box::pin(search::run(args, runtime)).await,
        Action::Verify(args) => Box::pin(verify::run(args)).await,
        Action::Prove(args) => Box::pin(prove::run(args)).await,
        Action::Check(args) => check::run(&args),
        Action::Checkpoint(args) => Box::pin(checkpoint::run(args)).await,
        Action::Witness(args) => witness::run(args).await,
    }
}

/// Longest file read whole that holds a key or a checkpoint.
const SMALL_FILE_BYTES_MAX: usize = 64 * 1024;

fn read_small(path: &Path) -> Result<String, Failure> {
    let unread = |why: String| Failure::unavailable(format!("{}: {why}", path.display()));
    let text = std::fs::read_to_string(path).map_err(|error| unread(error.to_string()))?;
    if text.len() > SMALL_FILE_BYTES_MAX {
        return Err(unread("it is too long".to_owned()));
    }
    Ok(text)
}

/// A key as text, or the file that holds it.
fn read_key(given: &str) -> Result<VerifierKey, Failure> {
    let named = |error: store::proof::ProofError| Failure::usage(format!("{given}: {error}"));
    match given.parse() {
        Ok(key) => Ok(key),
        Err(_) if Path::new(given).exists() => read_small(Path::new(given))?.trim().parse().map_err(named),
        Err(error) => Err(named(error)),
    }
}

/// The key to hold a directory's log to: the one given, or the one beside its tree. True for the latter.
fn log_key(given: Option<&String>, directory: &Path) -> Result<(VerifierKey, bool), Failure> {
    if let Some(given) = given {
        return Ok((read_key(given)?, false));
    }
    let path = proving::log_key_file(directory);
    if !path.exists() {
        return Err(Failure::refused(format!(
            "no checkpoint was ever signed in {}; a running server or `ledgerline audit checkpoint` signs one",
            directory.display()
        )));
    }
    let key = read_small(&path)?.trim().parse();
    Ok((key.map_err(Failure::from)?, true))
}

fn read_checkpoint(path: &Path) -> Result<SignedCheckpoint, Failure> {
    Ok(SignedCheckpoint::parse_signed(&read_small(path)?)?)
}
