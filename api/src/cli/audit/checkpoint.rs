//! `ledgerline audit checkpoint`: the state of the log now, signed, for somebody who keeps it.

use super::read_checkpoint;
use crate::app::{AppError, OpenSettings, Opened, ReadOnly};
use crate::cli::failure::Failure;
use crate::cli::output;
use crate::clock::SystemClock;
use crate::data_dir::{self, Mode};
use crate::keys_spec::KeysSpec;
use crate::proving::Proving;
use crate::store_spec::LogArgs;
use domain::ports::clock::Clock;
use domain::time::Timestamp;
use std::path::{Path, PathBuf};
use store::LockError;
use store::proof::{ConsistencyProof, FileShelf, PROOF_DIR, ProofError, SignedCheckpoint, TileDir, leaf_of};

/// Longest wait for the running server's next checkpoint: it signs once a second.
const WAIT_MS: u64 = 10_000;

/// Between two looks at what it published.
const LOOK_MS: u64 = 100;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    log: LogArgs,
    #[command(flatten)]
    keys: KeysSpec,
    /// An earlier signed checkpoint: also prove that the log still begins with it. The answer is then the
    /// text a witness is asked with: `old` and its size, the proof, an empty line, the checkpoint of now
    #[arg(long, value_name = "FILE")]
    since: Option<PathBuf>,
    /// Write it to this file instead of printing it
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

pub(super) async fn run(args: Args) -> Result<(), Failure> {
    let (data, store) = args.log.place()?;
    let rehearsal = data_dir::mode(&data) == Some(Mode::Rehearsal);
    let settings = OpenSettings {
        data: data.clone(),
        store: store.clone(),
        keys: args.keys.dir(),
        keys_url: args.keys.url(),
        master_key: args.keys.master_key.clone(),
        // A rehearsal's clock goes on behind what is recorded.
        rehearse_at: rehearsal.then_some(Timestamp::EPOCH),
    };
    if !data.exists() {
        return Err(Failure::refused(format!("there is no {}", data.display())));
    }
    let signed = match Opened::open(&settings).await {
        Ok(opened) => {
            let published = match Proving::new(&opened.environment, &settings, &[]) {
                Ok(proving) => proving.publish_once().await,
                Err(failure) => Err(failure),
            };
            opened.close().await;
            published?.checkpoint
        }
        Err(AppError::Lock(LockError::Held { .. })) => from_server(&args.log, &data).await?,
        Err(error) => return Err(error.into()),
    };
    let text = match &args.since {
        None => signed.text(),
        Some(earlier) => since(&data, &read_checkpoint(earlier)?, &signed)?,
    };
    match &args.out {
        None => output::line(text.trim_end_matches('\n')),
        Some(path) => {
            std::fs::write(path, &text)
                .map_err(|error| Failure::unavailable(format!("{}: {error}", path.display())))?;
            let claimed = signed.claimed();
            output::line(&format!(
                "checkpoint of {} events written to {}",
                claimed.size,
                path.display()
            ))
        }
    }
}

/// The proof that the log of now continues an earlier checkpoint, from the tree's tiles.
fn since(data: &Path, older: &SignedCheckpoint, newer: &SignedCheckpoint) -> Result<String, ProofError> {
    let tiles = TileDir::new(&data.join(PROOF_DIR));
    let proof = ConsistencyProof {
        old_size: older.claimed().size,
        hashes: tiles.consistency(older.claimed(), newer.claimed())?,
        checkpoint: newer.clone(),
    };
    Ok(proof.to_text())
}

/// The server's next checkpoint that covers everything stored when it was asked for.
async fn from_server(log: &LogArgs, data: &Path) -> Result<SignedCheckpoint, Failure> {
    let opened = ReadOnly::of(&log.spec()?).await?;
    let head = opened.store.head().await?;
    let dense = opened.store.capabilities().dense;
    opened.close().await;
    let dir = data.join(PROOF_DIR);
    let clock = SystemClock::default();
    let limit = clock.now().plus_ms(WAIT_MS);
    loop {
        let covered = match FileShelf::new(&dir).read()? {
            Some(signed) => covers(&dir, signed, (head.0 > 0).then_some(head), dense)?,
            None => None,
        };
        if let Some(signed) = covered {
            return Ok(signed);
        }
        if clock.now() >= limit {
            return Err(Failure::unavailable(
                "the running server published no checkpoint; its log says why",
            ));
        }
        clock.wait_until(clock.now().plus_ms(LOOK_MS)).await;
    }
}

fn covers(
    dir: &Path,
    signed: SignedCheckpoint,
    head: Option<domain::stored_event::Position>,
    dense: bool,
) -> Result<Option<SignedCheckpoint>, ProofError> {
    let Some(head) = head else { return Ok(Some(signed)) };
    let leaf = leaf_of(dir, head, dense)?;
    Ok(leaf
        .is_some_and(|leaf| leaf < signed.claimed().size)
        .then_some(signed))
}
