//! The content of a draft: a title, and the members that its author filled in so far, as a JSON object in
//! text form. Only the author's client interprets the members; no decision uses them.

/// Longest title of a draft, in bytes; a longer one is refused. It must fit into a line of a list.
pub const TITLE_BYTES_MAX: usize = 128;

/// Largest body of a draft, in bytes; a larger one is refused. A flow definition has at most 60,000 bytes;
/// every save is stored in the log.
pub const BODY_BYTES_MAX: usize = 64_000;

/// Title and body of a draft, as the user entered them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DraftContent {
    pub title: String,
    /// A JSON object, serialized by this server.
    pub body: String,
}
