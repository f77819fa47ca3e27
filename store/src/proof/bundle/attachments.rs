//! The attached files of a bundle: a page for people, and the recordings of its calls.
//!
//! They are signed with everything else. A recording must have the SHA-256 that its call's record in the
//! bundle names; of other files the bundle proves only that they are the ones that were signed.

use super::archive::{Files, digest, digest_lines, malformed};
use super::{ATTACHED_DIR, ATTACHED_LIST};
use crate::proof::error::ProofError;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// The most attached files of a bundle; more are refused. Enough for the recordings of some hundred calls,
/// and a page.
const ATTACHED_FILES_MAX: usize = 1_024;

/// The folder of attached recordings.
const RECORDINGS: &str = "attached/recordings/";

/// Attached files by name; each name begins with `attached/`.
pub type Attachments = BTreeMap<String, Vec<u8>>;

/// Returns the name under which a call's recording is attached.
pub fn recording_name(call: &str) -> String {
    format!("{RECORDINGS}{call}.wav")
}

/// Adds the attached files and their list to the bundle's files. Fails if a name is not below `attached/` or
/// there are too many.
pub(super) fn add(files: &mut Files, attached: Attachments) -> Result<(), ProofError> {
    if attached.is_empty() {
        return Ok(());
    }
    if attached.len() > ATTACHED_FILES_MAX || attached.keys().any(|name| !name.starts_with(ATTACHED_DIR)) {
        return Err(malformed(
            &"a file cannot be attached under this name, or there are too many",
        ));
    }
    files.insert(ATTACHED_LIST.to_owned(), list(&attached).into_bytes());
    files.extend(attached);
    Ok(())
}

fn list(attached: &Attachments) -> String {
    let lines = attached.iter();
    digest_lines(lines.map(|(name, bytes)| (name.as_str(), bytes.as_slice())))
}

/// Returns true if a bundle's file of this name is an attachment.
pub(super) fn is_attached(name: &str) -> bool {
    name.starts_with(ATTACHED_DIR)
}

/// Checks that the attached files are those of their list, and that each recording has the hash in its
/// call's record. Returns their names; empty if nothing is attached.
pub(super) fn check(files: &Files, records: &[Vec<u8>]) -> Result<Vec<String>, ProofError> {
    let attached: Attachments = files
        .iter()
        .filter(|(name, _)| is_attached(name))
        .map(|(name, bytes)| (name.clone(), bytes.clone()))
        .collect();
    let listed = files.get(ATTACHED_LIST).map(Vec::as_slice);
    let expected = (!attached.is_empty()).then(|| list(&attached).into_bytes());
    if listed != expected.as_deref() || attached.len() > ATTACHED_FILES_MAX {
        return Err(malformed(
            &"an attached file is not the one attached.sha256 names",
        ));
    }
    let recordings = stated_recordings(records);
    for (name, bytes) in &attached {
        let Some(call) = name.strip_prefix(RECORDINGS) else {
            continue;
        };
        let call = call.strip_suffix(".wav").unwrap_or(call).to_owned();
        if !recordings.contains(&(call.clone(), digest(bytes))) {
            return Err(malformed(&format!(
                "the recording of call {call} is not the one that its records name"
            )));
        }
    }
    Ok(attached.into_keys().collect())
}

/// Returns pairs of a call and the SHA-256 of its recording, as the bundle's records of the calls state
/// them.
fn stated_recordings(records: &[Vec<u8>]) -> BTreeSet<(String, String)> {
    let recordings = records.iter().filter_map(|record| {
        let record: Value = serde_json::from_slice(record).ok()?;
        let call = record.get("stream")?.as_str()?.strip_prefix("call-")?;
        let sha256 = record.pointer("/data/recording_sha256")?.as_str()?;
        Some((call.to_owned(), sha256.to_owned()))
    });
    recordings.collect()
}
