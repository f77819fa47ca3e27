//! Which texts are still to come for what was said: engines answer late, and may join what a pause parts.

use crate::ports::recognizer::Cuts;

/// Stretches of speech whose texts are awaited.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Awaited(u8);

impl Awaited {
    pub const NOTHING: Self = Self(0);

    pub const fn is_nothing(self) -> bool {
        self.0 == 0
    }

    /// Another stretch begins. An engine that cuts for itself may join it to the one before, so that no more
    /// than the present one and an earlier text can be told apart.
    #[must_use]
    pub const fn began(self, cuts: Cuts) -> Self {
        match (cuts, self.0) {
            (Cuts::Engines, 0) => Self(1),
            (Cuts::Engines, _) => Self(2),
            (Cuts::Ours, count) => Self(count.saturating_add(1)),
        }
    }

    /// A text came. Where the engine cuts, one that comes after they have stopped is the whole rest, and one
    /// that comes while they speak may be that of the stretch before.
    #[must_use]
    pub const fn text(self, cuts: Cuts, speaking: bool) -> Self {
        match (cuts, speaking) {
            (Cuts::Ours, _) | (Cuts::Engines, true) => Self(self.0.saturating_sub(1)),
            (Cuts::Engines, false) => Self(0),
        }
    }
}
