//! What the events of a place add up to: the draft that stands there, where one does.

use super::content::DraftContent;
use super::event::DraftEvent;
use crate::personal::Personal;
use crate::time::Timestamp;

/// State of one place.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DraftState {
    saved: Option<Saved>,
}

/// A draft that stands there.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Saved {
    at: Timestamp,
    /// Nothing where its key is gone.
    content: Option<DraftContent>,
}

impl DraftState {
    /// Whether one stands here, also one that cannot be read any more.
    pub const fn is_taken(&self) -> bool {
        self.saved.is_some()
    }

    pub fn content(&self) -> Option<&DraftContent> {
        self.saved.as_ref().and_then(|saved| saved.content.as_ref())
    }

    /// When it was saved last.
    pub fn saved_at(&self) -> Option<Timestamp> {
        self.saved.as_ref().map(|saved| saved.at)
    }

    pub(super) fn apply(&mut self, event: &DraftEvent, at: Timestamp) {
        self.saved = match event {
            DraftEvent::Saved { title, body } => Some(Saved {
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
