//! A bundle: one file that proves events to a reader who has neither the log nor this program.
//!
//! It is a tar archive with bytes that depend only on its content (sorted names, fixed headers, no slack):
//! `MANIFEST`, a signed note with the SHA-256 of every other top-level file; `events.sha256`, which lists the
//! files below `events/`; per event its record and its tlog-proof; the checkpoint, its time stamp by an
//! authority (if there is one), the public key, an index, and a reading copy. Files may be attached below
//! `attached/` (a page, recordings): `attached.sha256` lists them, and each recording must have the hash that
//! its call names. `docs/reference/proof.md` describes each file.

mod archive;
mod attachments;
mod check;
mod index;
mod reading_copy;
#[cfg(test)]
mod tests;
mod write;

pub use archive::BUNDLE_BYTES_MAX;
pub use attachments::{Attachments, recording_name};
pub use check::{BundleReport, TrustedKeys, check_bundle};
pub use index::{BundleEvent, BundleIndex, BundleSubject, Reason, WholeStream};
pub use write::{BundleContent, ProvedEvent, write_bundle, write_stamped_bundle};

/// The most events of a bundle: a large campaign's day. More are refused, and proved call by call.
pub const BUNDLE_EVENTS_MAX: usize = 50_000;

/// The first line of a manifest, and the name of the format.
pub(crate) const BUNDLE_FORMAT: &str = "ledgerline-bundle/1";

pub(crate) const MANIFEST: &str = "MANIFEST";
pub(crate) const CHECKPOINT: &str = "checkpoint";
pub(crate) const EVENTS_LIST: &str = "events.sha256";
pub(crate) const INDEX: &str = "index.json";
pub(crate) const KEY: &str = "key.vkey";
pub(crate) const READING_COPY: &str = "index.html";

/// The authority's response over `checkpoint` (RFC 3161), as received.
pub(crate) const STAMP: &str = "checkpoint.tsr";

/// The list of attached files; absent if there are none.
pub(crate) const ATTACHED_LIST: &str = "attached.sha256";

/// The folder of attached files.
pub(crate) const ATTACHED_DIR: &str = "attached/";

/// The top-level files that a manifest names. `STAMP` and `ATTACHED_LIST` may be absent.
pub(crate) const NAMED: [&str; 7] = [
    ATTACHED_LIST,
    CHECKPOINT,
    STAMP,
    EVENTS_LIST,
    READING_COPY,
    INDEX,
    KEY,
];

/// The top-level files that may be absent.
pub(crate) const OPTIONAL: [&str; 2] = [ATTACHED_LIST, STAMP];

pub(crate) fn record_name(index: u64) -> String {
    format!("events/{index:012}.record")
}

pub(crate) fn proof_name(index: u64) -> String {
    format!("events/{index:012}.tlog-proof")
}
