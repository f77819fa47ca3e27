//! `ledgerline audit checkpoint`: signs the present state of the log, for a recipient who keeps it.

use crate::commands::audit::read_checkpoint;
use crate::kit::failure::Failure;
use crate::kit::output;
use application::format_localized;
use domain::ports::clock::Clock;
use domain::time::Timestamp;
use host::app::{AppError, OpenDataDir, ReadOnlyLog};
use host::clock::{SystemClock, SystemIds};
use host::data_dir::{self, Mode};
use host::keys_spec::KeysSpec;
use host::log_proofs::LogTreeMaintainer;
use host::open_settings::OpenSettings;
use host::outbound::tsa::{self, TsaUrl};
use host::store_spec::LogArgs;
use std::path::{Path, PathBuf};
use store::LockError;
use store::proof::{
    ConsistencyProof, FileCheckpointStore, PROOF_DIR, ProofError, SignedCheckpoint, TileDir, TimeStamp,
    TimeStampStore, leaf_of,
};

/// Longest wait in milliseconds for the next checkpoint of a running server, which signs once a second.
const WAIT_MS: u64 = 10_000;

/// Interval in milliseconds at which the published checkpoint is read again.
const LOOK_MS: u64 = 100;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    log: LogArgs,
    #[command(flatten)]
    keys: KeysSpec,
    /// An earlier signed checkpoint: also prove that the log still begins with it. The output is then the
    /// request text of a witness: `old` and its size, the proof, an empty line, the new checkpoint
    #[arg(long, value_name = "FILE")]
    since: Option<PathBuf>,
    /// Write to this file instead of printing
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Get a time stamp from this authority (RFC 3161). It is stored in DATA/proof/stamps, and beside --out
    /// as FILE.tsr. Check it with: openssl ts -verify -data FILE -in FILE.tsr -CAfile CA
    #[arg(long, value_name = "URL", conflicts_with = "since")]
    tsa: Option<TsaUrl>,
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
        // The clock of a rehearsal continues after the last recorded event.
        rehearse_at: rehearsal.then_some(Timestamp::EPOCH),
    };
    if !data.exists() {
        return Err(Failure::refused(format!("there is no {}", data.display())));
    }
    let signed = match OpenDataDir::open(&settings).await {
        Ok(opened) => {
            let published = match LogTreeMaintainer::new(&opened.environment, &settings, &[]) {
                Ok(proving) => proving.publish_once().await,
                Err(failure) => Err(failure),
            };
            opened.close().await;
            published?.checkpoint
        }
        Err(AppError::Lock(LockError::Held { .. })) => from_server(&args.log, &data).await?,
        Err(error) => return Err(error.into()),
    };
    let stamp = match &args.tsa {
        None => None,
        Some(tsa) => Some(stamped(tsa, &signed, &data).await?),
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
            if let Some(stamp) = &stamp {
                let beside = beside(path);
                std::fs::write(&beside, stamp.der())
                    .map_err(|error| Failure::unavailable(format!("{}: {error}", beside.display())))?;
                output::line(&format_localized!(
                    "时间戳 {}（以时间戳机构的时钟为准），已写入 {}；验证签名：\
                     openssl ts -verify -data {} -in {} -CAfile CA",
                    "time stamp {} by the authority's clock, written to {}; check its signature with: \
                     openssl ts -verify -data {} -in {} -CAfile CA",
                    stamp.at,
                    beside.display(),
                    path.display(),
                    beside.display()
                ))?;
            }
            output::line(&format_localized!(
                "{} 条事件的检查点已写入 {}",
                "checkpoint of {} events written to {}",
                claimed.size,
                path.display()
            ))
        }
    }
}

/// Returns the name of the time stamp's file for a checkpoint's file: `FILE.tsr`.
fn beside(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".tsr");
    name.into()
}

/// Gets a time stamp for the checkpoint, stores it in the proof directory and returns it.
async fn stamped(tsa: &TsaUrl, signed: &SignedCheckpoint, data: &Path) -> Result<TimeStamp, Failure> {
    let ids = SystemIds::checked().map_err(|error| Failure::unavailable(error.to_string()))?;
    let stamp = tsa::stamp(tsa, signed, &SystemClock::default(), &ids).await;
    let stamp = stamp.map_err(|why| Failure::unavailable(format!("{tsa}: {why}")))?;
    TimeStampStore::new(&data.join(PROOF_DIR)).put(signed, &stamp)?;
    Ok(stamp)
}

/// Returns the text of the proof that the newer checkpoint continues the older one, read from the tiles of
/// the Merkle tree.
fn since(data: &Path, older: &SignedCheckpoint, newer: &SignedCheckpoint) -> Result<String, ProofError> {
    let tiles = TileDir::new(&data.join(PROOF_DIR));
    let proof = ConsistencyProof {
        old_size: older.claimed().size,
        hashes: tiles.consistency(older.claimed(), newer.claimed())?,
        checkpoint: newer.clone(),
    };
    Ok(proof.to_text())
}

/// Waits for a checkpoint of the running server that covers every event stored at this moment.
async fn from_server(log: &LogArgs, data: &Path) -> Result<SignedCheckpoint, Failure> {
    let opened = ReadOnlyLog::of(&log.spec()?).await?;
    let head = opened.log.head().await?;
    let dense = opened.log.capabilities().dense;
    opened.close().await;
    let dir = data.join(PROOF_DIR);
    let clock = SystemClock::default();
    let limit = clock.now().plus_ms(WAIT_MS);
    loop {
        let covered = match FileCheckpointStore::new(&dir).read()? {
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
