//! The count of recognized texts that are still missing. Engines answer late and may join two speech
//! segments.

use crate::ports::recognizer::UtteranceSegmenter;

/// The number of speech segments for which the recognized text is still missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PendingTextCount(u8);

impl PendingTextCount {
    pub const NOTHING: Self = Self(0);

    pub const fn is_nothing(self) -> bool {
        self.0 == 0
    }

    /// Counts the start of a speech segment. An engine that segments by itself may join it to the previous
    /// one, so at most two are counted.
    #[must_use]
    pub const fn began(self, cuts: UtteranceSegmenter) -> Self {
        match (cuts, self.0) {
            (UtteranceSegmenter::Engines, 0) => Self(1),
            (UtteranceSegmenter::Engines, _) => Self(2),
            (UtteranceSegmenter::Ours, count) => Self(count.saturating_add(1)),
        }
    }

    /// Counts a received text. For an engine that segments by itself, a text after the end of speech
    /// completes all segments; one during speech only the previous one.
    #[must_use]
    pub const fn text(self, cuts: UtteranceSegmenter, speaking: bool) -> Self {
        match (cuts, speaking) {
            (UtteranceSegmenter::Ours, _) | (UtteranceSegmenter::Engines, true) => {
                Self(self.0.saturating_sub(1))
            }
            (UtteranceSegmenter::Engines, false) => Self(0),
        }
    }
}
