//! A witness: an independent record of how far a log had come (C2SP tlog-witness, tlog-cosignature).
//!
//! It cosigns a checkpoint only if a proof shows that it continues the last one seen of the same log, and
//! it stores the checkpoint before it answers. With a witness, the operator of a log cannot rewrite it and
//! sign again.

use super::checkpoint::{Checkpoint, SignedCheckpoint, line_of};
use super::error::ProofError;
use super::key::{KeyKind, SigningKey, VerifierKey};
use super::proof_text::ConsistencyProof;
use super::tile_writer::replace_durably;
use super::tiles::check_consistency;
use crate::data_lock::create_private_dir;
use domain::hex;
use domain::time::Timestamp;
use sha2::{Digest, Sha256};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// The most bytes of a request to the witness; a longer one is refused. 63 hashes and a checkpoint fit.
pub const WITNESS_BODY_BYTES_MAX: usize = 32 * 1024;

/// The reasons why a witness does not cosign. Each has its HTTP status in the protocol.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WitnessRefusal {
    /// Status 400.
    #[error("the request cannot be read: {0}")]
    Malformed(String),
    /// Status 404.
    #[error("this witness does not know the log {0}")]
    UnknownLog(String),
    /// Status 403.
    #[error("the checkpoint is not signed by the log's key")]
    NotSigned,
    /// Status 409, with the size seen last.
    #[error("this witness has last seen size {0}")]
    Stale(u64),
    /// Status 422.
    #[error("the checkpoint is not proved to continue the one of size {0} that was seen last")]
    NotConsistent(u64),
    /// Status 500: nothing was cosigned.
    #[error("the witness cannot store the checkpoint: {0}")]
    Unavailable(String),
}

/// One witness for several logs. Its directory holds the last checkpoint seen of each.
#[derive(Debug)]
pub struct Witness {
    key: SigningKey,
    logs: Vec<VerifierKey>,
    dir: PathBuf,
    /// Held while the last checkpoint is compared and replaced.
    turn: Mutex<()>,
}

impl Witness {
    /// Opens a witness that cosigns for `logs`, and creates its directory if needed. Fails unless `key` is
    /// of the witness type and `logs` are of the log type.
    pub fn open(key: SigningKey, logs: Vec<VerifierKey>, dir: &Path) -> Result<Self, ProofError> {
        if key.kind() != KeyKind::Witness || logs.iter().any(|log| log.kind() != KeyKind::Log) {
            let why = "a witness needs a key of type 4 and logs' keys of type 1";
            return Err(ProofError::malformed("the key", why));
        }
        create_private_dir(dir).map_err(|error| ProofError::disk(dir, &error))?;
        Ok(Self {
            key,
            logs,
            dir: dir.to_owned(),
            turn: Mutex::new(()),
        })
    }

    /// Handles a request `add-checkpoint`. Checks that the checkpoint continues the last one seen of its
    /// log, stores it durably and returns the cosignature's line.
    pub fn add_checkpoint(&self, body: &str, now: Timestamp) -> Result<String, WitnessRefusal> {
        let malformed = |error: ProofError| WitnessRefusal::Malformed(error.to_string());
        if body.len() > WITNESS_BODY_BYTES_MAX {
            return Err(WitnessRefusal::Malformed("it is too long".to_owned()));
        }
        let asked = ConsistencyProof::parse(body).map_err(malformed)?;
        let claimed = asked.checkpoint.claimed();
        let of_origin = |log: &&VerifierKey| log.name() == claimed.origin;
        if !self.logs.iter().any(|log| of_origin(&log)) {
            return Err(WitnessRefusal::UnknownLog(claimed.origin.clone()));
        }
        let mut known = self.logs.iter().filter(of_origin);
        if !known.any(|log| asked.checkpoint.verify(log).is_ok()) {
            return Err(WitnessRefusal::NotSigned);
        }
        if asked.old_size > claimed.size {
            return Err(WitnessRefusal::Malformed(
                "old is above the checkpoint's size".to_owned(),
            ));
        }
        // A poisoned lock protects no data, only the order.
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        let unavailable = |error: ProofError| WitnessRefusal::Unavailable(error.to_string());
        let seen = self.seen(&claimed.origin).map_err(unavailable)?;
        follows(seen.as_ref(), &asked)?;
        let path = self.path(&claimed.origin);
        replace_durably(&path, asked.checkpoint.text().as_bytes())
            .map_err(|error| unavailable(ProofError::disk(&path, &error)))?;
        let seconds = u64::try_from(now.micros() / 1_000_000).unwrap_or(0);
        let signature = self
            .key
            .cosign(asked.checkpoint.signed_text().as_bytes(), seconds)
            .map_err(unavailable)?;
        Ok(line_of(&signature))
    }

    /// Returns the last checkpoint seen of the log `origin`; `None` if none was seen.
    pub fn seen(&self, origin: &str) -> Result<Option<Checkpoint>, ProofError> {
        let path = self.path(origin);
        match fs::read_to_string(&path) {
            Ok(text) => Ok(Some(SignedCheckpoint::parse_signed(&text)?.claimed().clone())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(ProofError::disk(&path, &error)),
        }
    }

    fn path(&self, origin: &str) -> PathBuf {
        self.dir.join(hex::encode(&Sha256::digest(origin.as_bytes())))
    }
}

fn follows(seen: Option<&Checkpoint>, asked: &ConsistencyProof) -> Result<(), WitnessRefusal> {
    let newer = asked.checkpoint.claimed();
    let size = seen.map_or(0, |seen| seen.size);
    if asked.old_size != size {
        return Err(WitnessRefusal::Stale(size));
    }
    let Some(seen) = seen else {
        return if asked.hashes.is_empty() {
            Ok(())
        } else {
            Err(WitnessRefusal::NotConsistent(0))
        };
    };
    if newer.size == seen.size && newer.root != seen.root {
        return Err(WitnessRefusal::Stale(size));
    }
    match check_consistency(&asked.hashes, seen, newer) {
        Ok(()) => Ok(()),
        Err(_) => Err(WitnessRefusal::NotConsistent(size)),
    }
}
