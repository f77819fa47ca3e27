//! The archive of a bundle: a ustar file with bytes that depend only on the names and contents of its files.

use crate::proof::error::ProofError;
use domain::hex;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::io::Read;

/// The most bytes of a bundle's archive; a larger one is neither written nor read. 50,000 events of average
/// size with their proofs and reading copy fit.
pub const BUNDLE_BYTES_MAX: usize = 256 * 1024 * 1024;

/// The file mode of every file in the archive.
const FILE_MODE: u32 = 0o644;

/// Files by name, sorted, because the archive's bytes depend on their order.
pub(super) type Files = BTreeMap<String, Vec<u8>>;

/// Packs files into a ustar archive: sorted by name, with owner, group and time 0. Fails above 256 MiB.
pub(super) fn pack(files: &Files) -> Result<Vec<u8>, ProofError> {
    let mut archive = tar::Builder::new(Vec::new());
    for (name, bytes) in files {
        let mut header = tar::Header::new_ustar();
        header.set_size(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
        header.set_mode(FILE_MODE);
        header.set_mtime(0);
        header.set_uid(0);
        header.set_gid(0);
        header.set_entry_type(tar::EntryType::Regular);
        archive
            .append_data(&mut header, name, bytes.as_slice())
            .map_err(|error| malformed(&error))?;
    }
    let bytes = archive.into_inner().map_err(|error| malformed(&error))?;
    if bytes.len() > BUNDLE_BYTES_MAX {
        return Err(too_large(bytes.len()));
    }
    Ok(bytes)
}

/// Unpacks an archive. Fails unless packing its files again gives the same bytes, so that an archive has
/// exactly one form.
pub(super) fn unpack(bytes: &[u8]) -> Result<Files, ProofError> {
    if bytes.len() > BUNDLE_BYTES_MAX {
        return Err(too_large(bytes.len()));
    }
    let mut files = Files::new();
    let mut archive = tar::Archive::new(bytes);
    for entry in archive.entries().map_err(|error| malformed(&error))? {
        let mut entry = entry.map_err(|error| malformed(&error))?;
        let name = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        let mut content = Vec::new();
        entry
            .read_to_end(&mut content)
            .map_err(|error| malformed(&error))?;
        files.insert(name, content);
    }
    if pack(&files)? == bytes {
        return Ok(files);
    }
    Err(malformed(
        &"its bytes are not those of its files: it was altered or packed by another program",
    ))
}

/// Returns the SHA-256 of a file, lower hex.
pub(super) fn digest(bytes: &[u8]) -> String {
    hex::encode(&Sha256::digest(bytes))
}

/// Returns `<sha256>  <name>` lines, as `sha256sum -c` reads them.
pub(super) fn digest_lines<'a>(files: impl Iterator<Item = (&'a str, &'a [u8])>) -> String {
    files.fold(String::new(), |mut text, (name, bytes)| {
        text.push_str(&digest(bytes));
        text.push_str("  ");
        text.push_str(name);
        text.push('\n');
        text
    })
}

pub(super) fn malformed(why: &impl ToString) -> ProofError {
    ProofError::malformed("the bundle", why.to_string())
}

fn too_large(bytes: usize) -> ProofError {
    ProofError::TooMany {
        what: "bytes of the bundle",
        count: u64::try_from(bytes).unwrap_or(u64::MAX),
        max: u64::try_from(BUNDLE_BYTES_MAX).unwrap_or(u64::MAX),
    }
}
