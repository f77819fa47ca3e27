//! Checks a bundle offline, from its bytes and, if the reader has them, the trusted keys.

use super::archive::{Files, digest_lines, malformed, unpack};
use super::attachments;
use super::index::BundleIndex;
use super::write::{manifest, whole_streams};
use super::{
    BUNDLE_EVENTS_MAX, BUNDLE_FORMAT, CHECKPOINT, EVENTS_LIST, INDEX, KEY, MANIFEST, NAMED, OPTIONAL,
    READING_COPY, STAMP, proof_name, reading_copy, record_name,
};
use crate::proof::checkpoint::{Checkpoint, SignedCheckpoint, SignedText};
use crate::proof::error::ProofError;
use crate::proof::key::VerifierKey;
use crate::proof::leaf::leaf_hash;
use crate::proof::proof_text::InclusionProof;
use crate::proof::time_stamp::TimeStamp;
use domain::stored_event::StoredEvent;
use std::sync::Arc;

/// The keys that the reader trusts.
#[derive(Debug, Clone, Default)]
pub struct TrustedKeys {
    /// The log's key from another source. Without it the key inside the bundle is used.
    pub key: Option<VerifierKey>,
    /// The key of a witness that must have cosigned the checkpoint.
    pub witness: Option<VerifierKey>,
}

/// The result of a successful check.
#[derive(Debug, Clone)]
pub struct BundleReport {
    pub index: BundleIndex,
    pub checkpoint: Checkpoint,
    /// The key that verified the signatures: the reader's, or otherwise the one inside the bundle.
    pub key: VerifierKey,
    /// True if the key came from the bundle, so no other source confirms it.
    pub key_from_bundle: bool,
    /// The time at which the required witness cosigned the checkpoint, in Unix seconds. `None` if no
    /// witness was required.
    pub cosigned_seconds: Option<u64>,
    /// A time stamp over the checkpoint, if the bundle has one. Its hash is compared with the checkpoint; its
    /// signature is not checked here but by `openssl ts -verify`.
    pub stamp: Option<TimeStamp>,
    /// The names of the attached files. They are signed with the rest; each recording has the hash that its
    /// call names.
    pub attached: Vec<String>,
    /// True if the reading copy is exactly what this program writes for these records.
    pub reading_copy_follows: bool,
}

/// Checks the whole bundle: signatures, files, inclusion proofs, attachments. Any altered byte gives an
/// error that names what is wrong. A reading copy that differs from this program's is only reported.
pub fn check_bundle(bytes: &[u8], trust: &TrustedKeys) -> Result<BundleReport, ProofError> {
    let files = unpack(bytes)?;
    let inside: VerifierKey = text(&files, KEY)?.trim_end_matches('\n').parse()?;
    let key = trust.key.clone().unwrap_or_else(|| inside.clone());
    check_manifest(&files, &key)?;
    let signed = SignedCheckpoint::parse_signed(text(&files, CHECKPOINT)?)?;
    let checkpoint = signed.verify(&key)?.clone();
    let cosigned_seconds = match &trust.witness {
        None => None,
        Some(witness) => Some(signed.cosigned_by(witness).ok_or_else(|| ProofError::NotSigned {
            what: "the checkpoint",
            key: witness.to_string(),
        })?),
    };
    let stamp = match files.get(STAMP) {
        None => None,
        Some(answer) => Some(TimeStamp::read(text(&files, CHECKPOINT)?, answer.clone())?),
    };
    let index = read_index(&files, &checkpoint)?;
    let records = check_events(&files, &index, &signed)?;
    let attached = attachments::check(&files, &records)?;
    let records: Vec<&[u8]> = records.iter().map(Vec::as_slice).collect();
    let page = reading_copy::page(&index, &records, &signed, stamp.as_ref(), &inside);
    Ok(BundleReport {
        reading_copy_follows: text(&files, READING_COPY)? == page,
        attached,
        key_from_bundle: trust.key.is_none(),
        cosigned_seconds,
        stamp,
        checkpoint,
        index,
        key,
    })
}

/// Checks the manifest's signature, the hashes in it of the top-level files, and the list of event files.
/// Fails if a file is missing, added or altered.
fn check_manifest(files: &Files, key: &VerifierKey) -> Result<(), ProofError> {
    let note = SignedText::parse(text(files, MANIFEST)?)?;
    // Hashes before signatures: mere damage is reported without the costlier step.
    let mut needed = NAMED.iter().filter(|name| !OPTIONAL.contains(name));
    if needed.any(|name| !files.contains_key(*name)) || note.text() != manifest(files) {
        return Err(malformed(&"a file is not the one its manifest names"));
    }
    let below = files
        .iter()
        .filter(|(name, _)| *name != MANIFEST && !NAMED.contains(&name.as_str()))
        .filter(|(name, _)| !attachments::is_attached(name));
    let listed = digest_lines(below.map(|(name, bytes)| (name.as_str(), bytes.as_slice())));
    if text(files, EVENTS_LIST)? != listed {
        return Err(malformed(&"an event's file is not the one events.sha256 names"));
    }
    if note.signature_count() != 1 || note.signed_by(key).is_none() {
        return Err(ProofError::NotSigned {
            what: "the manifest",
            key: key.to_string(),
        });
    }
    Ok(())
}

fn read_index(files: &Files, checkpoint: &Checkpoint) -> Result<BundleIndex, ProofError> {
    let index: BundleIndex = serde_json::from_str(text(files, INDEX)?).map_err(|error| malformed(&error))?;
    if index.format != BUNDLE_FORMAT || index.origin != checkpoint.origin || index.size != checkpoint.size {
        return Err(malformed(&"its index names another format or checkpoint"));
    }
    let in_order = index.events.is_sorted_by(|one, next| one.index < next.index);
    if !in_order || index.events.len() > BUNDLE_EVENTS_MAX {
        return Err(malformed(&"its index does not name each event once, in order"));
    }
    let named = NAMED.iter().filter(|name| files.contains_key(**name)).count();
    let attached = files.keys().filter(|name| attachments::is_attached(name)).count();
    let others = files.len().saturating_sub(named + attached + 1);
    if others != index.events.len() * 2 {
        return Err(malformed(&"it has files that its index does not name"));
    }
    if index.whole_streams != whole_streams(&index.events) {
        return Err(malformed(&"its index calls a stream whole that is not"));
    }
    Ok(index)
}

/// Checks each record against the index and verifies its inclusion proof for the checkpoint. Returns the
/// records, in the index's order.
fn check_events(
    files: &Files,
    index: &BundleIndex,
    signed: &SignedCheckpoint,
) -> Result<Vec<Vec<u8>>, ProofError> {
    let mut records = Vec::with_capacity(index.events.len());
    for event in &index.events {
        let record = bytes(files, &record_name(event.index))?;
        let proof = InclusionProof::parse(text(files, &proof_name(event.index))?)?;
        if proof.index != event.index || proof.checkpoint != *signed {
            return Err(malformed(&format!(
                "the proof of event {} is of another one",
                event.index
            )));
        }
        proof.check(&leaf_hash(event.recorded_at, record))?;
        let stored = StoredEvent::new(event.position, event.recorded_at, Arc::from(record));
        let envelope = stored.envelope().map_err(|error| malformed(&error))?;
        let same = envelope.stream.as_str() == event.stream
            && envelope.stream_version == event.stream_version
            && envelope.kind == event.kind;
        if !same {
            return Err(malformed(&format!(
                "event {} is not what the index says",
                event.index
            )));
        }
        records.push(record.to_vec());
    }
    Ok(records)
}

fn bytes<'a>(files: &'a Files, name: &str) -> Result<&'a [u8], ProofError> {
    let found = files.get(name).map(Vec::as_slice);
    found.ok_or_else(|| malformed(&format!("it has no {name}")))
}

fn text<'a>(files: &'a Files, name: &str) -> Result<&'a str, ProofError> {
    std::str::from_utf8(bytes(files, name)?).map_err(|error| malformed(&format!("{name}: {error}")))
}
