//! Reads a finished backup, part by part. The events it returns have been checked against the manifest.

use super::container::{MANIFEST_FILE, Parts};
use super::error::BackupError;
use super::manifest::{Manifest, SegmentFacts};
use super::segment;
use domain::hex;
use domain::stored_event::StoredEvent;
use sha2::{Digest, Sha256};
use std::path::Path;

/// A finished backup, opened for reading.
#[derive(Debug)]
pub struct BackupReader {
    parts: Parts,
    manifest: Manifest,
}

impl BackupReader {
    /// Opens a tar file or a folder, and checks its manifest and part names. A segment's content is checked
    /// when it is read.
    pub fn open(path: &Path) -> Result<Self, BackupError> {
        let parts = Parts::open(path)?;
        let manifest = Manifest::parse(&parts.read(MANIFEST_FILE)?)?;
        let reader = Self { parts, manifest };
        reader.check_names()?;
        Ok(reader)
    }

    /// Checks that a tar file holds exactly the parts that the manifest names, in its order. A folder may
    /// hold other files.
    fn check_names(&self) -> Result<(), BackupError> {
        let Some(names) = self.parts.names() else {
            return Ok(());
        };
        let wanted = self.manifest.segments.iter().map(|segment| segment.name.as_str());
        let wanted: Vec<&str> = wanted.chain([MANIFEST_FILE]).collect();
        if names == wanted {
            return Ok(());
        }
        let out_of_place = wanted
            .iter()
            .zip(names.iter().map(Some).chain(std::iter::repeat(None)));
        let first = out_of_place
            .filter(|(wanted, found)| Some(*wanted) != *found)
            .map(|(wanted, _)| *wanted)
            .next();
        Err(BackupError::altered(
            first.unwrap_or(MANIFEST_FILE),
            None,
            "it is missing or not in its place",
        ))
    }

    /// Returns the manifest that was read when the backup was opened.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// Reads one segment and checks its SHA-256 and each event. Returns its events, each with its position
    /// in the backup.
    pub fn segment(&self, facts: &SegmentFacts) -> Result<Vec<StoredEvent>, BackupError> {
        let bytes = self.parts.read(&facts.name)?;
        let is_whole =
            bytes.len() as u64 == facts.bytes && hex::encode(&Sha256::digest(&bytes)) == facts.sha256;
        // Decoding comes first: if bytes are wrong, its error names the position.
        let events = segment::decode(&facts.name, &bytes, facts.first, facts.count)?;
        if is_whole {
            return Ok(events);
        }
        Err(BackupError::altered(
            &facts.name,
            None,
            "its SHA-256 is not the manifest's",
        ))
    }
}
