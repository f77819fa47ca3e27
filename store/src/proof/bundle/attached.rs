//! Files that go along in a bundle: a page for people, the recordings of its calls.
//!
//! They are signed with everything else. A recording is held to the SHA-256 that its call's own record names,
//! which is in the bundle too; of other files only that they are those that were signed is known.

use super::archive::{Files, digest, digest_lines, malformed};
use super::{ATTACHED_DIR, ATTACHED_LIST};
use crate::proof::error::ProofError;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Most attached files: the recordings of some hundred calls, and a page.
const ATTACHED_FILES_MAX: usize = 1_024;

/// Folder of attached recordings.
const RECORDINGS: &str = "attached/recordings/";

/// Files by name, each below `attached/`.
pub type Attached = BTreeMap<String, Vec<u8>>;

/// The name under which a call's recording is attached.
pub fn recording_name(call: &str) -> String {
    format!("{RECORDINGS}{call}.wav")
}

/// Puts what is attached beside the other files, with its list.
pub(super) fn add(files: &mut Files, attached: Attached) -> Result<(), ProofError> {
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

fn list(attached: &Attached) -> String {
    let lines = attached.iter();
    digest_lines(lines.map(|(name, bytes)| (name.as_str(), bytes.as_slice())))
}

/// Whether a file of a bundle is an attached one.
pub(super) fn is_attached(name: &str) -> bool {
    name.starts_with(ATTACHED_DIR)
}

/// The names of what is attached, once the list names all of it as it is and each recording is one that a
/// record in the bundle tells of.
pub(super) fn check(files: &Files, records: &[Vec<u8>]) -> Result<Vec<String>, ProofError> {
    let attached: Attached = files
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
    let told = recordings_told(records);
    for (name, bytes) in &attached {
        let Some(call) = name.strip_prefix(RECORDINGS) else {
            continue;
        };
        let call = call.strip_suffix(".wav").unwrap_or(call).to_owned();
        if !told.contains(&(call.clone(), digest(bytes))) {
            return Err(malformed(&format!(
                "the recording of call {call} is not the one that its records name"
            )));
        }
    }
    Ok(attached.into_keys().collect())
}

/// Each call with the SHA-256 of its recording, as its own record tells.
fn recordings_told(records: &[Vec<u8>]) -> BTreeSet<(String, String)> {
    let told = records.iter().filter_map(|record| {
        let record: Value = serde_json::from_slice(record).ok()?;
        let call = record.get("stream")?.as_str()?.strip_prefix("call-")?;
        let sha256 = record.pointer("/data/recording_sha256")?.as_str()?;
        Some((call.to_owned(), sha256.to_owned()))
    });
    told.collect()
}
