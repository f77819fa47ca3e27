//! The state of a draft slot, folded from its events: the saved draft, if there is one.

use super::content::DraftContent;
use super::event::DraftEvent;
use crate::personal::Personal;
use crate::time::Timestamp;

/// The state of one draft slot.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DraftState {
    saved: Option<StoredDraft>,
}

/// A saved draft.
#[derive(Debug, Clone, PartialEq, Eq)]
struct StoredDraft {
    at: Timestamp,
    /// `None` if its key was destroyed.
    content: Option<DraftContent>,
}

impl DraftState {
    /// Returns true if the slot holds a draft, also one that can no longer be decrypted.
    pub const fn is_taken(&self) -> bool {
        self.saved.is_some()
    }

    pub fn content(&self) -> Option<&DraftContent> {
        self.saved.as_ref().and_then(|saved| saved.content.as_ref())
    }

    /// Returns when the draft in the slot was last saved; `None` if the slot is empty.
    pub fn saved_at(&self) -> Option<Timestamp> {
        self.saved.as_ref().map(|saved| saved.at)
    }

    pub(super) fn apply(&mut self, event: &DraftEvent, at: Timestamp) {
        self.saved = match event {
            DraftEvent::Saved { title, body } => Some(StoredDraft {
                at,
                content: readable(title, body),
            }),
            DraftEvent::Removed {} => None,
        };
    }
}

fn readable(title: &Personal<String>, body: &Personal<String>) -> Option<DraftContent> {
    Some(DraftContent {
        title: title.value()?.clone(),
        body: body.value()?.clone(),
    })
}
