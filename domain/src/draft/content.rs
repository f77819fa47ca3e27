//! What a draft holds: a title, and the members that its author has filled in so far, as the text of a JSON
//! object. What they mean is for whoever wrote them; nothing is decided by them.

/// Longest title: it stands in a line of a list.
pub const TITLE_BYTES_MAX: usize = 128;

/// Largest body: a flow's definition has at most 60,000 bytes, and every save of a draft stands in the log.
pub const BODY_BYTES_MAX: usize = 64_000;

/// A title and a body, as they were typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DraftContent {
    pub title: String,
    /// A JSON object, written by us.
    pub body: String,
}
