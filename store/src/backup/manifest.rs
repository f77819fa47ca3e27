//! The manifest: the list of a backup's contents. Its JSON is canonical and hashed, so that a change of any
//! byte is detected.

use super::container::MANIFEST_FILE;
use super::error::BackupError;
use super::segment::SEGMENT_EVENTS_MAX;
use crate::proof::TreeHash;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use domain::hex;
use domain::stored_event::Position;
use domain::time::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// The version of the backup format that this build writes, and the newest that it reads.
pub(super) const FORMAT_VERSION: u32 = 1;
const FORMAT: &str = "ledgerline-backup";
/// The most segments of one backup; a manifest with more is refused. With as few as 65 events each, this is
/// more than 65 million events.
const SEGMENTS_MAX: usize = 1_000_000;

/// The manifest of a backup: its origin, size, Merkle root and segments.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    pub format: String,
    pub version: u32,
    pub made_at: Timestamp,
    /// Name and version of the program that made the backup.
    pub made_by: String,
    pub source: Source,
    /// Position of the last event of the backup, as the source log numbers it.
    pub head: Position,
    /// The number of events. The backup numbers them from 1.
    pub size: u64,
    /// `recorded_at` of the last event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_recorded_at: Option<Timestamp>,
    /// Merkle root over all events, base64 (RFC 9162, 2.1.1).
    pub root: String,
    /// The log's latest signed checkpoint when the backup began, if there was one. It covers at most the
    /// backup's events.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checkpoint: Option<String>,
    /// The public key that verifies `checkpoint`. A key that the verifier got from another source proves
    /// more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vkey: Option<String>,
    pub segments: Vec<SegmentFacts>,
}

/// The log of which the backup is a copy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// The kind of store: `sqlite`, `postgres` or `kurrent`. Never a path or an address.
    pub store: String,
    /// True if the positions of the log are 1, 2, 3 … without gaps.
    pub dense: bool,
    /// `real` or `rehearsal`, if known. A restored directory has the same mode.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode: Option<String>,
}

/// A segment's file name, the position of its first event, its size and its hash.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SegmentFacts {
    pub name: String,
    /// Position of the segment's first event in the backup's own numbering, from 1.
    pub first: u64,
    pub count: u32,
    pub bytes: u64,
    /// SHA-256 of the segment's bytes, lower hex, as `sha256sum` prints it.
    pub sha256: String,
}

/// The content of the manifest file: the manifest and a hash over its text.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ManifestFile {
    manifest: Manifest,
    /// SHA-256 of the manifest's compact JSON, lower hex.
    sha256: String,
}

impl Manifest {
    pub(super) fn format_name() -> String {
        FORMAT.to_owned()
    }

    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let sealed = ManifestFile {
            manifest: self.clone(),
            sha256: self.hash(),
        };
        let mut bytes = serde_json::to_vec_pretty(&sealed).expect("texts and numbers become JSON");
        bytes.push(b'\n');
        bytes
    }

    fn hash(&self) -> String {
        let compact = serde_json::to_vec(self).expect("texts and numbers become JSON");
        hex::encode(&Sha256::digest(compact))
    }

    /// Parses a manifest. Fails if any byte differs from what was written, if its segments do not fit
    /// together, or if its format is newer than this build's.
    pub(super) fn parse(bytes: &[u8]) -> Result<Self, BackupError> {
        let altered = |why: &dyn ToString| BackupError::altered(MANIFEST_FILE, None, why.to_string());
        refuse_newer(bytes)?;
        let sealed: ManifestFile = serde_json::from_slice(bytes).map_err(|error| altered(&error))?;
        let manifest = sealed.manifest;
        if manifest.format != FORMAT || sealed.sha256 != manifest.hash() || manifest.to_bytes() != bytes {
            return Err(altered(&"it is not what was written"));
        }
        manifest.check_segments()?;
        Ok(manifest)
    }

    /// Checks that the segments follow one another without a gap and contain `size` events.
    fn check_segments(&self) -> Result<(), BackupError> {
        let wrong = |why: String| Err(BackupError::altered(MANIFEST_FILE, None, why));
        if self.segments.len() > SEGMENTS_MAX {
            return wrong(format!("it names more than {SEGMENTS_MAX} segments"));
        }
        let mut next = 1;
        for (segment, number) in self.segments.iter().zip(1..) {
            let count_fits = (1..=SEGMENT_EVENTS_MAX).contains(&(segment.count as usize));
            if segment.first != next || segment.name != segment_name(number) || !count_fits {
                return wrong(format!("{} is not in its place", segment.name));
            }
            next += u64::from(segment.count);
        }
        if next != self.size + 1 {
            return wrong(format!(
                "its segments hold {} events and not {}",
                next - 1,
                self.size
            ));
        }
        Ok(())
    }

    /// Returns the Merkle root, decoded from base64. Fails if it does not have 32 bytes.
    pub fn root_hash(&self) -> Result<TreeHash, BackupError> {
        let wrong = || BackupError::altered(MANIFEST_FILE, None, "its root is not 32 bytes of base64");
        let bytes = BASE64_STANDARD.decode(&self.root).or(Err(wrong()))?;
        bytes.try_into().or(Err(wrong()))
    }
}

pub(super) fn segment_name(number: usize) -> String {
    format!("{number:06}.events")
}

pub(super) fn base64(hash: &TreeHash) -> String {
    BASE64_STANDARD.encode(hash)
}

/// Returns an error if the format version is newer than this build's; accepts text that is not a manifest.
/// Checked first: a later format may have other members, and their absence would be reported as damage.
fn refuse_newer(bytes: &[u8]) -> Result<(), BackupError> {
    #[derive(Deserialize)]
    struct Version {
        manifest: VersionMember,
    }
    #[derive(Deserialize)]
    struct VersionMember {
        version: u32,
    }
    match serde_json::from_slice::<Version>(bytes) {
        Ok(Version { manifest }) if manifest.version > FORMAT_VERSION => Err(BackupError::NewerFormat {
            found: manifest.version,
            known: FORMAT_VERSION,
        }),
        Ok(_) | Err(_) => Ok(()),
    }
}
