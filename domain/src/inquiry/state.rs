//! What an inquiry's events add up to: whether it was asked, and whether it has ended.

use super::event::InquiryEvent;

/// State of one inquiry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct InquiryState {
    asked: bool,
    ended: bool,
}

impl InquiryState {
    pub const fn is_asked(&self) -> bool {
        self.asked
    }

    /// Answered or refused.
    pub const fn has_ended(&self) -> bool {
        self.ended
    }

    pub(super) const fn apply(&mut self, event: &InquiryEvent) {
        match event {
            InquiryEvent::Queried { .. } | InquiryEvent::Exported { .. } | InquiryEvent::Searched { .. } => {
                self.asked = true;
            }
            // Shown when it is on record: nothing comes after.
            InquiryEvent::PersonalDataRead { .. } | InquiryEvent::Compared { .. } => {
                self.asked = true;
                self.ended = true;
            }
            InquiryEvent::Answered { .. } | InquiryEvent::Refused { .. } => self.ended = true,
        }
    }
}
