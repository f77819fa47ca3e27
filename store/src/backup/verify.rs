//! Verifies a complete backup: every segment, the order and number of events, the root, and checkpoints.

use super::container::MANIFEST_FILE;
use super::error::BackupError;
use super::manifest::base64;
use super::reader::BackupReader;
use crate::proof::{RootFold, SignedCheckpoint, TreeHash, VerifierKey, event_hash};
use std::collections::BTreeMap;

/// What the caller requires in addition to the backup's own checks.
#[derive(Debug, Clone, Default)]
pub struct VerifyRequirements {
    /// The text of a signed checkpoint from outside the backup, for example from an auditor.
    pub checkpoint: Option<String>,
    /// The key that verifies signatures. If absent, the key named in the backup is used.
    pub key: Option<VerifierKey>,
}

/// The result of a successful verification.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifyResult {
    pub size: u64,
    pub root: TreeHash,
    /// Number of events covered by the backup's own checkpoint, if it has one. Its root and signature
    /// are verified.
    pub own_checkpoint: Option<u64>,
    /// Number of events covered by the checkpoint from outside, if one was given. Its root and signature
    /// are verified.
    pub outside_checkpoint: Option<u64>,
    /// True if the signatures were verified with a key from outside the backup.
    pub by_outside_key: bool,
}

/// The size and root of a checkpoint with a verified signature. The root is not yet compared with the
/// backup's events.
struct TrustedCheckpoint {
    size: u64,
    root: TreeHash,
    what: &'static str,
}

/// Reads the whole backup and verifies its events, its Merkle root and the checkpoints. Calls `progress`
/// after each segment with the number of events done and the total. An error names the part and, if known,
/// the position.
pub fn verify(
    reader: &BackupReader,
    demands: &VerifyRequirements,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<VerifyResult, BackupError> {
    let manifest = reader.manifest();
    let own = believe(
        reader,
        manifest.checkpoint.as_deref(),
        demands,
        "the backup's own checkpoint",
    )?;
    let outside = believe(
        reader,
        demands.checkpoint.as_deref(),
        demands,
        "the given checkpoint",
    )?;
    let believed: Vec<&TrustedCheckpoint> = own.iter().chain(&outside).collect();
    let roots = roots_at(reader, believed.iter().map(|one| one.size), progress)?;
    let root = roots.get(&manifest.size).copied().unwrap_or_default();
    if root != manifest.root_hash()? {
        let why = format!(
            "its root is {}, that of its events is {}",
            manifest.root,
            base64(&root)
        );
        return Err(BackupError::altered(MANIFEST_FILE, None, why));
    }
    for one in believed {
        let found = roots.get(&one.size).copied().unwrap_or_default();
        if found != one.root {
            return Err(BackupError::Checkpoint(format!(
                "the first {} events have the root {}, {} says {}",
                one.size,
                base64(&found),
                one.what,
                base64(&one.root)
            )));
        }
    }
    Ok(VerifyResult {
        size: manifest.size,
        root,
        own_checkpoint: own.map(|one| one.size),
        outside_checkpoint: outside.map(|one| one.size),
        by_outside_key: demands.key.is_some(),
    })
}

fn believe(
    reader: &BackupReader,
    text: Option<&str>,
    demands: &VerifyRequirements,
    what: &'static str,
) -> Result<Option<TrustedCheckpoint>, BackupError> {
    let Some(text) = text else { return Ok(None) };
    let wrong = |why: String| BackupError::Checkpoint(format!("{what}: {why}"));
    let signed = SignedCheckpoint::parse_signed(text).map_err(|error| wrong(error.to_string()))?;
    let named = match (&demands.key, &reader.manifest().vkey) {
        (Some(key), _) => key.clone(),
        (None, Some(key)) => key
            .parse::<VerifierKey>()
            .map_err(|error| wrong(format!("the backup's key: {error}")))?,
        (None, None) => return Err(wrong("the backup names no key; give one".to_owned())),
    };
    let checkpoint = signed.verify(&named).map_err(|error| wrong(error.to_string()))?;
    let size = reader.manifest().size;
    if checkpoint.size > size {
        return Err(wrong(format!(
            "it is over {} events and the backup has {size}; one of this size or smaller is required",
            checkpoint.size
        )));
    }
    Ok(Some(TrustedCheckpoint {
        size: checkpoint.size,
        root: checkpoint.root,
        what,
    }))
}

/// Reads all segments. Returns the Merkle root over the first N events for each N of `sizes` and for the
/// total.
fn roots_at(
    reader: &BackupReader,
    sizes: impl Iterator<Item = u64>,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<BTreeMap<u64, TreeHash>, BackupError> {
    let size = reader.manifest().size;
    let mut roots: BTreeMap<u64, TreeHash> = sizes.chain([size]).map(|size| (size, [0; 32])).collect();
    let mut fold = RootFold::new();
    if let Some(root) = roots.get_mut(&0) {
        *root = fold.root();
    }
    for facts in &reader.manifest().segments {
        for event in reader.segment(facts)? {
            fold.push(&event_hash(&event));
            if let Some(root) = roots.get_mut(&fold.size()) {
                *root = fold.root();
            }
        }
        progress(fold.size(), size);
    }
    Ok(roots)
}
