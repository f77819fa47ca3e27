//! Writes a bundle: makes and checks the inclusion proofs from the tiles, and lists everything in
//! the manifest.

use super::archive::{Files, digest_lines, malformed, pack};
use super::attachments::{self, Attachments};
use super::index::{BundleEvent, BundleIndex, BundleSubject, Reason, WholeStream};
use super::{
    BUNDLE_EVENTS_MAX, BUNDLE_FORMAT, CHECKPOINT, EVENTS_LIST, INDEX, KEY, MANIFEST, NAMED, READING_COPY,
    STAMP, proof_name, reading_copy, record_name,
};
use crate::proof::checkpoint::{SignedCheckpoint, SignedText};
use crate::proof::error::ProofError;
use crate::proof::key::SigningKey;
use crate::proof::leaf::event_hash;
use crate::proof::proof_text::InclusionProof;
use crate::proof::tiles::TileDir;
use crate::proof::time_stamp::{StampedCheckpoint, TimeStamp};
use domain::stored_event::{StoredEvent, StreamVersion};
use std::collections::BTreeMap;

/// An event to prove, with its leaf's index (from 0) and the reason why it is in the bundle.
#[derive(Debug, Clone)]
pub struct ProvedEvent {
    pub index: u64,
    pub reason: Reason,
    pub event: StoredEvent,
}

/// The content of a bundle that is to be written.
#[derive(Debug, Clone)]
pub struct BundleContent {
    pub subject: BundleSubject,
    /// In any order, each index once.
    pub events: Vec<ProvedEvent>,
    /// The attached files, below `attached/`.
    pub attached: Attachments,
}

/// Returns the bytes of a bundle. Makes the inclusion proofs from the tiles and signs the manifest with
/// `key`, the log's. Fails if the checkpoint does not cover an event or the result is too large.
pub fn write_bundle(
    content: BundleContent,
    tiles: &TileDir,
    checkpoint: &SignedCheckpoint,
    key: &SigningKey,
) -> Result<Vec<u8>, ProofError> {
    write(content, tiles, checkpoint, None, key)
}

/// Like `write_bundle`, with a checkpoint that a time-stamping authority has stamped; the time stamp is
/// included.
pub fn write_stamped_bundle(
    content: BundleContent,
    tiles: &TileDir,
    stamped: &StampedCheckpoint,
    key: &SigningKey,
) -> Result<Vec<u8>, ProofError> {
    write(content, tiles, &stamped.checkpoint, Some(&stamped.stamp), key)
}

fn write(
    content: BundleContent,
    tiles: &TileDir,
    checkpoint: &SignedCheckpoint,
    stamp: Option<&TimeStamp>,
    key: &SigningKey,
) -> Result<Vec<u8>, ProofError> {
    let BundleContent {
        subject,
        mut events,
        attached,
    } = content;
    if events.len() > BUNDLE_EVENTS_MAX {
        return Err(ProofError::TooMany {
            what: "events of the bundle",
            count: u64::try_from(events.len()).unwrap_or(u64::MAX),
            max: u64::try_from(BUNDLE_EVENTS_MAX).unwrap_or(u64::MAX),
        });
    }
    events.sort_by_key(|event| event.index);
    let at = checkpoint.verify(&key.verifier())?;
    let mut files = Files::new();
    let mut rows = Vec::with_capacity(events.len());
    for proved in &events {
        let hashes = tiles.inclusion(at, proved.index, &event_hash(&proved.event))?;
        let proof = InclusionProof {
            index: proved.index,
            hashes,
            checkpoint: checkpoint.clone(),
        };
        files.insert(record_name(proved.index), proved.event.record.to_vec());
        files.insert(proof_name(proved.index), proof.to_text().into_bytes());
        rows.push(row(proved)?);
    }
    let index = BundleIndex {
        format: BUNDLE_FORMAT.to_owned(),
        subject,
        origin: at.origin.clone(),
        size: at.size,
        whole_streams: whole_streams(&rows),
        events: rows,
    };
    let records: Vec<&[u8]> = events.iter().map(|proved| &*proved.event.record).collect();
    // The list of event files contains all files added so far.
    add_top(&mut files, &index, checkpoint, stamp)?;
    attachments::add(&mut files, attached)?;
    let page = reading_copy::page(&index, &records, checkpoint, stamp, &key.verifier());
    files.insert(READING_COPY.to_owned(), page.into_bytes());
    files.insert(KEY.to_owned(), format!("{}\n", key.verifier()).into_bytes());
    let manifest = SignedText::sign(manifest(&files), key)?;
    files.insert(MANIFEST.to_owned(), manifest.to_text().into_bytes());
    pack(&files)
}

fn row(proved: &ProvedEvent) -> Result<BundleEvent, ProofError> {
    let envelope = proved.event.envelope().map_err(|error| malformed(&error))?;
    Ok(BundleEvent {
        index: proved.index,
        position: proved.event.position,
        recorded_at: proved.event.recorded_at,
        stream: envelope.stream.to_string(),
        stream_version: envelope.stream_version,
        kind: envelope.kind,
        reason: proved.reason,
    })
}

/// Returns the streams of which the bundle holds all versions from 1 to its highest one.
pub(super) fn whole_streams(events: &[BundleEvent]) -> Vec<WholeStream> {
    let mut versions: BTreeMap<&str, Vec<u64>> = BTreeMap::new();
    for event in events {
        versions
            .entry(&event.stream)
            .or_default()
            .push(event.stream_version.0);
    }
    versions
        .into_iter()
        .filter(|(_, versions)| {
            (1_u64..)
                .zip(versions)
                .all(|(expected, found)| expected == *found)
        })
        .map(|(stream, versions)| WholeStream {
            stream: stream.to_owned(),
            last_version: StreamVersion(versions.last().copied().unwrap_or(0)),
        })
        .collect()
}

fn add_top(
    files: &mut Files,
    index: &BundleIndex,
    checkpoint: &SignedCheckpoint,
    stamp: Option<&TimeStamp>,
) -> Result<(), ProofError> {
    let list = digest_lines(
        files
            .iter()
            .map(|(name, bytes)| (name.as_str(), bytes.as_slice())),
    );
    let json = serde_json::to_string_pretty(index).map_err(|error| malformed(&error))?;
    files.insert(EVENTS_LIST.to_owned(), list.into_bytes());
    files.insert(INDEX.to_owned(), format!("{json}\n").into_bytes());
    files.insert(CHECKPOINT.to_owned(), checkpoint.text().into_bytes());
    if let Some(stamp) = stamp {
        files.insert(STAMP.to_owned(), stamp.der().to_vec());
    }
    Ok(())
}

/// Returns the text of a bundle's manifest: the format and the SHA-256 of each top-level file. `files`:
/// complete except for the manifest.
pub(super) fn manifest(files: &Files) -> String {
    let named = NAMED
        .iter()
        .filter_map(|name| files.get(*name).map(|bytes| (*name, bytes.as_slice())));
    format!("{BUNDLE_FORMAT}\n{}", digest_lines(named))
}
