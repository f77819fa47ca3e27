//! Requests to the place of a draft: begin one, replace what stands there, clear it.

use super::content::DraftContent;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DraftCommand {
    /// Refused where one stands there already.
    Begin { content: DraftContent },
    /// The whole of it. So already: no event.
    Replace { content: DraftContent },
    /// Nothing there: no event.
    Remove,
}

impl DraftCommand {
    /// Its name, for logs.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Begin { .. } => "draft.begin",
            Self::Replace { .. } => "draft.replace",
            Self::Remove => "draft.remove",
        }
    }
}
