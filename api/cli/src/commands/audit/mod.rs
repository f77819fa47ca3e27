//! `ledgerline audit`: searches the audit trail, verifies the log, writes and checks evidence bundles, and
//! runs a witness.

mod check;
mod checkpoint;
mod prove;
mod search;
mod trail;
mod verify;
mod witness;

use crate::kit::failure::Failure;
use host::log_proofs;
use host::store_spec::LogArgs;
use std::path::Path;
use std::sync::Arc;
use store::proof::whole_log::LogReport;
use store::proof::{SignedCheckpoint, VerifierKey};
use tokio::runtime::Runtime;

/// Audit trail and proofs: search who did or read what, verify the log, prove calls or customers, check
/// bundles, run a witness
///
/// A running server maintains a Merkle tree of the log in DATA/proof and signs a checkpoint every second. The
/// formats are those of C2SP (tlog-tiles, tlog-checkpoint, tlog-proof, tlog-witness); see
/// docs/reference/proof.md. Without a witness run by others, the operator of this log, who holds its key,
/// could rewrite it and sign again.
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
    /// Search the audit trail by subject and words; the count is exact, and the result can be proved
    Search(search::Args),
    /// Check every event of the log against its Merkle tree and checkpoints; a server may be running
    Verify(verify::Args),
    /// Write a bundle that proves events to a recipient without access to the log
    Prove(prove::Args),
    /// Check a bundle, offline
    Check(check::Args),
    /// Publish the present state of the log and print its signed checkpoint
    Checkpoint(checkpoint::Args),
    /// Witness other logs: remember their size and cosign their checkpoints
    Witness(witness::Args),
}

impl Args {
    /// Returns true if the command may end when the reader of its output ends: only for the searches. The
    /// others write proofs, finish a check or serve.
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

/// Runs `audit verify --from-start` without output, for `doctor --full`.
pub(crate) async fn verify_whole(log: &LogArgs) -> Result<LogReport, Failure> {
    verify::verify_from_start(log).await
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

/// Largest key or checkpoint file, in bytes.
const SMALL_FILE_BYTES_MAX: usize = 64 * 1024;

fn read_small(path: &Path) -> Result<String, Failure> {
    let unread = |why: String| Failure::unavailable(format!("{}: {why}", path.display()));
    let text = std::fs::read_to_string(path).map_err(|error| unread(error.to_string()))?;
    if text.len() > SMALL_FILE_BYTES_MAX {
        return Err(unread("it is too long".to_owned()));
    }
    Ok(text)
}

/// Parses a public key, given as text or as the name of a file that holds it.
fn read_key(given: &str) -> Result<VerifierKey, Failure> {
    let named = |error: store::proof::ProofError| Failure::usage(format!("{given}: {error}"));
    match given.parse() {
        Ok(key) => Ok(key),
        Err(_) if Path::new(given).exists() => read_small(Path::new(given))?.trim().parse().map_err(named),
        Err(error) => Err(named(error)),
    }
}

/// Returns the public key to check a directory's log with: the given one, else the one stored beside its
/// tree. The flag is true for the latter.
fn log_key(given: Option<&String>, directory: &Path) -> Result<(VerifierKey, bool), Failure> {
    if let Some(given) = given {
        return Ok((read_key(given)?, false));
    }
    let path = log_proofs::log_key_file(directory);
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
