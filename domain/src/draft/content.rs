//! The content of a draft: a title, and the members that its author filled in so far, as a JSON object in
//! text form. Only the author's client interprets the members; no decision uses them.

/// Longest title, in bytes. It must fit into a line of a list.
pub const TITLE_BYTES_MAX: usize = 128;

/// Largest body, in bytes: a flow definition has at most 60,000 bytes. Every save of a draft is stored in the
/// log.
pub const BODY_BYTES_MAX: usize = 64_000;

/// A title and a body as the user entered them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DraftContent {
    pub title: String,
    /// A JSON object, serialized by this server.
    pub body: String,
}
