//! The state of an inquiry, folded from its events: whether it was recorded, and whether it has ended.

use super::event::InquiryEvent;

/// The state of one inquiry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct InquiryState {
    asked: bool,
    ended: bool,
}

impl InquiryState {
    pub const fn is_asked(&self) -> bool {
        self.asked
    }

    /// Returns true once the inquiry has ended, with an answer or a failure.
    pub const fn has_ended(&self) -> bool {
        self.ended
    }

    pub(super) const fn apply(&mut self, event: &InquiryEvent) {
        match event {
            InquiryEvent::Queried { .. } | InquiryEvent::Exported { .. } | InquiryEvent::Searched { .. } => {
                self.asked = true;
            }
            // These are recorded before they are shown and have no further event.
            InquiryEvent::PersonalDataRead { .. } | InquiryEvent::Compared { .. } => {
                self.asked = true;
                self.ended = true;
            }
            InquiryEvent::Answered { .. } | InquiryEvent::Refused { .. } => self.ended = true,
        }
    }
}
