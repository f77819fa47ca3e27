//! A bundle: one file that proves some events to somebody who has neither the log nor this program.
//!
//! It is a tar archive whose bytes follow from its content (sorted names, fixed headers, no slack):
//! `MANIFEST`, a signed note naming the SHA-256 of every other file at the top; `events.sha256`, which
//! names those below `events/`; per event its record and its tlog-proof; the checkpoint, the time stamp
//! that an authority gave it (if one did), the public key, an index, and a copy to read. Files may be
//! attached below `attached/` (a page, recordings): `attached.sha256` names them; a recording is the one
//! its call names. `docs/reference/proof.md` describes each.

mod archive;
mod attached;
mod check;
mod index;
mod reading_copy;
#[cfg(test)]
mod tests;
mod write;

pub use archive::BUNDLE_BYTES_MAX;
pub use attached::{Attached, recording_name};
pub use check::{BundleReport, Trust, check_bundle};
pub use index::{BundleEvent, BundleIndex, BundleSubject, Reason, WholeStream};
pub use write::{BundleContent, ProvedEvent, write_bundle, write_stamped_bundle};

/// Most events in a bundle: a large campaign's day; more is refused, and proved call by call.
pub const BUNDLE_EVENTS_MAX: usize = 50_000;

/// The first line of a manifest, and the format's name.
pub(crate) const BUNDLE_FORMAT: &str = "ledgerline-bundle/1";

pub(crate) const MANIFEST: &str = "MANIFEST";
pub(crate) const CHECKPOINT: &str = "checkpoint";
pub(crate) const EVENTS_LIST: &str = "events.sha256";
pub(crate) const INDEX: &str = "index.json";
pub(crate) const KEY: &str = "key.vkey";
pub(crate) const READING_COPY: &str = "index.html";

/// The authority's answer over `checkpoint` (RFC 3161), as it came.
pub(crate) const STAMP: &str = "checkpoint.tsr";

/// The list of what is attached; only where something is.
pub(crate) const ATTACHED_LIST: &str = "attached.sha256";

/// Where attached files stand.
pub(crate) const ATTACHED_DIR: &str = "attached/";

/// The files of the top that a manifest names; `STAMP` and `ATTACHED_LIST` only where there is one.
pub(crate) const NAMED: [&str; 7] = [
    ATTACHED_LIST,
    CHECKPOINT,
    STAMP,
    EVENTS_LIST,
    READING_COPY,
    INDEX,
    KEY,
];

/// Those of them that need not be there.
pub(crate) const OPTIONAL: [&str; 2] = [ATTACHED_LIST, STAMP];

pub(crate) fn record_name(index: u64) -> String {
    format!("events/{index:012}.record")
}

pub(crate) fn proof_name(index: u64) -> String {
    format!("events/{index:012}.tlog-proof")
}
